import type { Duration } from "../core/duration.ts";
import { SojournError } from "../core/errors.ts";
import type { Client, HandBack, Resumable } from "../core/resumable.ts";
import type { SessionId } from "../core/seam.ts";

/** As much of a web adapter as is needed: those of `sojourn/http/…` are such, and so is `{ manager: sessions, carriers: [cookie()] }`. */
export interface SignInWeb<Data> {
  readonly manager: Resumable<Data>;
  readonly carriers: readonly SignInCarrier[];
}

/** As much of a carrier of `sojourn/http` as is needed. */
export interface SignInCarrier {
  /** The request header in which it looks for a token; without it, the URL or a form. */
  readonly header?: string | undefined;
  /** The place to which its tokens are bound, and how long they may be. */
  readonly bound?: string | undefined;
  readonly room?: number | undefined;
  read(value: string): string | undefined;
  readonly setCookie?: ((back: HandBack) => string) | undefined;
  /** Further cookies of a long token. */
  readonly setParts?: ((back: HandBack, given: string | undefined) => readonly string[]) | undefined;
}

/** How the subject logged in, and what the session holds. */
export interface SignInOptions<Data> {
  /** Authentication method references (RFC 8176). Default none. */
  readonly methods?: readonly string[];
  /** Levels that it has reached, each for 10 minutes. Default none. */
  readonly levels?: readonly string[];
  readonly data?: Partial<Data>;
  readonly client?: Client;
  /** Default: the manager's. */
  readonly idle?: Duration;
  /** Default: the manager's. */
  readonly absolute?: Duration;
}

/** A client that is logged in. */
export interface SignedIn {
  readonly id: SessionId;
  readonly token: string;
  /** To be sent with each request: `cookie`, or whatever the carrier looks at. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A client that is logged in, without the application's own log-in: a session is begun, authenticated and settled as a request would. It is handed
 * its token as a new visitor is, by the first carrier that sets a cookie, else by the first of all.
 * @throws {SojournError} `limit_reached`, `invalid_field`, …; `invalid_option` for a carrier into which no token can be put
 */
export async function signedIn<Data>(web: SignInWeb<Data>, subject: string, options: SignInOptions<Data> = {}): Promise<SignedIn> {
  const { methods, levels = [], data, client, idle, absolute } = options;
  const { bound: place, room } = handing(web.carriers) ?? {};
  const session = await web.manager.visit({ client, place, room });
  await session.authenticate(subject, {
    ...(methods && { methods }),
    ...(idle !== undefined && { idle }),
    ...(absolute !== undefined && { absolute }),
  });
  for (const level of levels) await session.elevate(level);
  for (const name of Object.keys(data ?? {}) as (keyof Data & string)[]) session.set(name, data?.[name] as Data[typeof name]);
  const back = await web.manager.settle(session);
  if (back?.token === undefined || session.id === undefined) throw new SojournError("session_missing", "The manager handed back no token after a log-in.");
  return { id: session.id, token: back.token, headers: headersFor(web.carriers, back) };
}

function handing(carriers: readonly SignInCarrier[]): SignInCarrier | undefined {
  return carriers.find(({ setCookie }) => setCookie !== undefined) ?? carriers.find(({ header }) => header !== undefined);
}

function headersFor(carriers: readonly SignInCarrier[], back: HandBack): Readonly<Record<string, string>> {
  const carrier = handing(carriers);
  const first = carrier?.setCookie?.(back);
  const lines = first === undefined ? [] : [first, ...(carrier?.setParts?.(back, undefined) ?? [])];
  const pairs = first === undefined ? undefined : lines.map((line) => line.split(";", 1)[0]).join("; ");
  const value = [pairs, `Bearer ${back.token}`, back.token].find((text) => text !== undefined && carrier?.read(text) === back.token);
  if (carrier?.header !== undefined && value !== undefined) return { [carrier.header]: value };
  throw new SojournError(
    "invalid_option",
    "carriers: none of them takes a token as a cookie, as Bearer, or as it is in a header. Build the headers from the token, or the URL.",
  );
}
