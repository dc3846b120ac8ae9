import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SojournError } from "../../core/errors.ts";
import type { Store as SojournStore } from "../../core/seam.ts";
import type { Sessions } from "../../core/sessions.ts";
import { deprecate } from "./deprecate.ts";
import type { SessionRequest } from "./request.ts";
import type { CookieOptions } from "./session-cookie.ts";
import type { Secret } from "./signed-id.ts";

/** A function whose parameter may be declared as Express's `Request`. */
type OfRequest<Result> = { of(request: IncomingMessage): Result }["of"];

/** A store made for express-session, whatever types it gives its sessions. */
export interface AnyConnectStore {
  get(...args: never[]): unknown;
  set(...args: never[]): unknown;
  destroy(...args: never[]): unknown;
}

/** A manager, whatever its sessions hold: what is the same for all of them. */
export type AnySessions = Pick<Sessions<never>, "end" | "endAll" | "list" | "info" | "run" | "close">;

/** What `session()` takes: express-session's options, and what Sojourn adds to them. */
export interface SessionOptions {
  /** Signs the cookie; of several the first signs, all are believed. Required, unless `cookie-parser` puts `req.secret` there. */
  secret?: Secret | readonly Secret[] | undefined;
  /** The cookie's name. Default `"connect.sid"`. */
  name?: string | undefined;
  /** As `name`; older. */
  key?: string | undefined;
  /** Default `{ path: "/", httpOnly: true, secure: false, maxAge: null }`. */
  cookie?: CookieOptions | OfRequest<CookieOptions> | undefined;
  /** Makes a session's id. Default: 192 random bits. */
  genid?: OfRequest<string> | undefined;
  /** Whether X-Forwarded-Proto is believed. Default: as Express judges (`trust proxy`). */
  proxy?: boolean | undefined;
  /** Writes sessions that were not changed too; a Sojourn store never needs that. Default true, which is deprecated. */
  resave?: boolean | undefined;
  /** Sends the cookie with every answer. Default false. */
  rolling?: boolean | undefined;
  /** Keeps a session, and sends its cookie, before anything was put in it. Default true, which is deprecated. */
  saveUninitialized?: boolean | undefined;
  /** What becomes of the session when `req.session` is taken away. Default `"keep"`. */
  unset?: "destroy" | "keep" | undefined;
  /** Where sessions rest: a store of Sojourn, or one made for express-session. Default a `MemoryStore`. */
  store?: SojournStore | AnySessions | AnyConnectStore | undefined;
  /** A Sojourn manager, in place of `store`: with its limits, lifetimes and events. */
  sessions?: AnySessions | undefined;
  /** Whose session it is, told from its data, on a Sojourn store: for listings and for "log out everywhere". Default: passport's user, if it is a text, a number, or has an `id`. */
  subject?: ((data: Readonly<Record<string, unknown>>) => string | undefined) | undefined;
  /** A store made for express-session, from which sessions that the Sojourn store does not know are taken over, once each. */
  migrateFrom?: AnyConnectStore | undefined;
  /** When a session cannot be written: 500 in place of the handler's answer (401 when it ended meanwhile). Default false: the answer leaves, without a cookie. */
  strict?: boolean | undefined;
}

/** The options of how requests are treated, with every default filled in. */
export interface Settings {
  readonly name: string;
  readonly secrets: readonly Secret[] | undefined;
  readonly cookie: (request: SessionRequest) => CookieOptions;
  readonly genid: (request: SessionRequest) => string;
  readonly proxy: boolean | undefined;
  readonly resave: boolean;
  readonly rolling: boolean;
  readonly saveUninitialized: boolean;
  readonly unsetDestroy: boolean;
  readonly strict: boolean;
}

/** @throws {SojournError} `invalid_option`, naming the option */
export function settingsOf(options: SessionOptions): Settings {
  const { cookie = {}, genid = newSid, unset, secret } = options;
  if (typeof genid !== "function") throw invalid("genid option must be a function");
  if (Boolean(unset) && unset !== "destroy" && unset !== "keep") throw invalid('unset option must be "destroy" or "keep"');
  if (Array.isArray(secret) && secret.length === 0) throw invalid("secret option array must contain one or more strings");
  if (options.resave === undefined) deprecate("undefined resave option; provide resave option");
  if (options.saveUninitialized === undefined) deprecate("undefined saveUninitialized option; provide saveUninitialized option");
  if (secretsOf(secret) === undefined) deprecate("req.secret; provide secret option");
  return {
    name: given(options.name) ?? given(options.key) ?? "connect.sid",
    secrets: secretsOf(secret),
    cookie: typeof cookie === "function" ? cookie : () => cookie,
    genid,
    proxy: options.proxy,
    resave: options.resave ?? true,
    rolling: Boolean(options.rolling),
    saveUninitialized: options.saveUninitialized ?? true,
    unsetDestroy: unset === "destroy",
    strict: options.strict ?? false,
  };
}

function secretsOf(secret: SessionOptions["secret"]): readonly Secret[] | undefined {
  if (secret === undefined || secret === null || secret === "") return undefined;
  return Array.isArray(secret) ? (secret as readonly Secret[]) : [secret as Secret];
}

function given(name: string | undefined): string | undefined {
  return name === "" ? undefined : name;
}

function newSid(): string {
  return randomBytes(24).toString("base64url");
}

function invalid(message: string): SojournError {
  return new SojournError("invalid_option", message);
}
