import { Session } from "../core/session.ts";
import { newSecret } from "../core/token.ts";

/** Where the text stands that proves a form to be this site's own. */
export interface CsrfOptions {
  /** The field of forms, urlencoded or multipart. Default `"_csrf"`. */
  readonly field?: string;
  /** The request header, for scripts. Default `"x-csrf-token"`. */
  readonly header?: string;
}

/** Where it is kept in the session: `<epoch ms of the authentication, 0 while there is none>.<secret>`. */
const kept = "$csrf";
const secretLength = 32;

/** As much of a session as is needed. */
type AnySession = Session<never>;

/**
 * The text for a form's hidden field, or a page's script: 192 random bits of this session's own, masked anew at each call, so that pages that are
 * compressed tell nothing of it (BREACH). It is good for as long as the session is the same visitor's: a log-in makes another one, and with the
 * session it is gone. The first call writes to the session, and so begins one for a visitor who has none: a log-in form needs that.
 * @throws {SojournError} `response_started`
 */
export function csrfToken<Data>(session: Session<Data>): string {
  const any = session as unknown as AnySession;
  let secret = secretOf(any);
  if (secret === undefined) {
    secret = newSecret();
    Session.own(any, kept, `${session.authenticatedAt ?? 0}.${secret}`);
  }
  const mask = newSecret();
  return mask + combined(mask, secret);
}

/** Whether a text is one that {@link csrfToken} gave for this session, compared in constant time. */
export function checkCsrf<Data>(session: Session<Data>, given: unknown): boolean {
  const secret = secretOf(session as unknown as AnySession);
  if (secret === undefined || typeof given !== "string" || given.length !== 2 * secretLength) return false;
  const wanted = combined(given.slice(0, secretLength), secret);
  let difference = 0;
  for (let i = 0; i < secretLength; i++) difference |= wanted.charCodeAt(i) ^ given.charCodeAt(i + secretLength);
  return difference === 0;
}

function secretOf(session: AnySession): string | undefined {
  const text = Session.own(session, kept);
  const since = `${session.authenticatedAt ?? 0}.`;
  return text?.startsWith(since) === true && text.length === since.length + secretLength ? text.slice(since.length) : undefined;
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Two texts of base64url, each digit by each. A character that is none counts as the first. */
function combined(a: string, b: string): string {
  let text = "";
  for (let i = 0; i < secretLength; i++) text += digits.charAt((valueOf(a, i) ^ valueOf(b, i)) & 63);
  return text;
}

function valueOf(text: string, i: number): number {
  return Math.max(0, digits.indexOf(text.charAt(i)));
}
