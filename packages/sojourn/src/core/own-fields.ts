import type { Client } from "./resumable.ts";
import type { Secrets } from "./secrets.ts";

/*
 * The texts of the manager's own fields. A record may come from anywhere: a newer release, a hand at the database, a disk that forgets. Each of these
 * either gives what its type says or throws, so that one bad record is one unreadable session and nothing more.
 */

/** How long a session lives; the text of `$life`. Policies and not deadlines, so that a late touch cannot bring back an older policy. */
export interface Life {
  /** Epoch ms. */
  readonly created: number;
  /** ms without activity. */
  readonly idle: number;
  /** Epoch ms; moved by nothing but a new authentication. */
  readonly absolute: number;
  /** ms from the last authentication, or the creation, to that. */
  readonly lifetime: number;
  /** ms for which the ended record is kept. */
  readonly retention: number;
}

/** Who the subject proved to be, when, and how far; the text of `$auth`. */
export interface Authentication {
  /** Epoch ms of the last authentication. */
  readonly at: number;
  /** How, as authentication method references (RFC 8176): `pwd`, `otp`, `hwk` … */
  readonly methods: readonly string[];
  /** Levels beyond the log-in: epoch ms at which each was reached and at which it lapses. */
  readonly levels: Readonly<Record<string, { readonly at: number; readonly until: number }>>;
}

/** @throws SyntaxError */
export function lifeOf(text: string | undefined): Life {
  const life = objectOf(text);
  for (const name of ["created", "idle", "absolute", "lifetime", "retention"]) number(life[name]);
  return life as unknown as Life;
}

/** @throws SyntaxError */
export function seenOf(text: string | undefined): number {
  return number(Number(text));
}

/** Nothing is due when it cannot be read: a session is not lost for it. */
export function dueOf(text: string | undefined): number | undefined {
  const due = text === undefined ? NaN : Number(text);
  return Number.isSafeInteger(due) ? due : undefined;
}

/** @throws SyntaxError */
export function secretsOf(text: string | undefined): Secrets {
  const secrets = objectOf(text);
  for (const name of ["seen", "since", "issued", "severed"]) number(secrets[name]);
  for (const hash of array(secrets["hashes"])) string(hash);
  return secrets as unknown as Secrets;
}

/** @throws SyntaxError */
export function authenticationOf(text: string | undefined): Authentication | undefined {
  if (text === undefined) return undefined;
  const auth = objectOf(text);
  number(auth["at"]);
  for (const method of array(auth["methods"])) string(method);
  for (const level of Object.values(object(auth["levels"]))) {
    const { at, until } = object(level);
    number(at);
    number(until);
  }
  return auth as unknown as Authentication;
}

/** Who the client was last seen to be; nobody in particular, when that cannot be read. */
export function clientOf(text: string | undefined): Client {
  if (text === undefined) return {};
  try {
    const { address, agent } = objectOf(text);
    return { ...(typeof address === "string" ? { address } : undefined), ...(typeof agent === "string" ? { agent } : undefined) };
  } catch {
    return {};
  }
}

/** @throws SyntaxError unless the text is that of an object */
export function objectOf(text: string | undefined): Readonly<Record<string, unknown>> {
  return object(JSON.parse(text ?? ""));
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SyntaxError("not an object");
  return value as Readonly<Record<string, unknown>>;
}

function array(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new SyntaxError("not an array");
  return value;
}

function number(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new SyntaxError("not a number");
  return value;
}

function string(value: unknown): string {
  if (typeof value !== "string") throw new SyntaxError("not a text");
  return value;
}
