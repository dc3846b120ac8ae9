import { SojournError } from "../core/errors.ts";
import type { HandBack } from "../core/resumable.ts";
import { attributeText, checkCookieName, maxCookieAge, maxCookieOctets, readCookie, writeCookie } from "./cookie.ts";
import type { ParameterCarrier } from "./parameters.ts";
import { warnOnce } from "./warn.ts";

/** How a token travels in a message. It takes a token from its own place only; whether the token is any good is the manager's to say. */
export type Carrier = HeaderCarrier | ParameterCarrier;

/** A carrier whose token stands in a header of the request. */
export interface HeaderCarrier {
  /** Where it looks; without it, in its header. */
  readonly place?: undefined;
  /** The request header in which it looks, lower case; answers vary on it. */
  readonly header: string;
  /** The token in that header's value. */
  read(value: string): string | undefined;
  /** The Set-Cookie value that hands a token back, or takes it away. Without this the handler gives the token itself (`session.token`). */
  readonly setCookie?: (back: HandBack) => string;
  /** Whether browsers send it with requests of other sites too (SameSite=None). */
  readonly crossSite?: boolean;
  /** Whether it is lost over plain http. */
  readonly secure?: boolean;
  /** The WWW-Authenticate value that goes with 401. */
  readonly challenge?: string;
}

/** Settings of {@link cookie}. */
export interface CookieOptions {
  /** Default `__Host-Http-session`; with `insecure`, `session`. A prefix whose conditions the other settings do not meet is refused. */
  readonly name?: string;
  /** Default `"Lax"`. `"None"` lets other sites embed this one; unsafe requests that say nothing of where they come from are then refused. */
  readonly sameSite?: "Strict" | "Lax" | "None";
  /** Shares the cookie with the subdomains of this host. Needs a name without `__Host-`, such as `__Http-session`. */
  readonly domain?: string;
  /** Default `/`. Another path is no protection: pages of one origin can read each other. */
  readonly path?: string;
  /** Whether it outlives the browser, until the absolute deadline and at most 400 days. Default false. The deadlines hold either way. */
  readonly persistent?: boolean;
  /** One cookie per top-level site (CHIPS), for `sameSite: "None"`. Default false. */
  readonly partitioned?: boolean;
  /**
   * For development over plain http where the browser takes no Secure cookies from it: on other hosts than this machine, and in browsers that make no
   * exception for this machine.
   * Gives up Secure and the name's prefix, and says so in a warning. Default false.
   */
  readonly insecure?: boolean;
}

/**
 * The token in a cookie: `__Host-Http-session`, Secure, HttpOnly, SameSite=Lax, Path=/ and no Domain unless told otherwise (RFC 6265bis; layered-cookies draft).
 * @throws {SojournError} `invalid_option`, naming the setting, for what browsers would drop.
 */
export function cookie(options: CookieOptions = {}): HeaderCarrier {
  const { sameSite = "Lax", domain, path = "/", persistent = false, partitioned = false, insecure = false } = options;
  const name = options.name ?? (insecure ? "session" : "__Host-Http-session");
  const attributes = { secure: !insecure, sameSite, domain, path, partitioned };
  checkCookieName(name, attributes);
  const tail = attributeText(attributes);
  if (insecure)
    warnOnce(
      "SOJOURN_INSECURE_COOKIE",
      `cookie({ insecure: true }) sends the session's token in clear (no Secure), and other subdomains and plain-http pages can plant a cookie of the name "${name}" (no __Host- prefix). Only for development.`,
    );
  const pair = `${name}=`;
  return {
    header: "cookie",
    read(value) {
      const token = readCookie(value, pair);
      return token === undefined || token.length === 0 || token.length > maxCookieOctets ? undefined : token;
    },
    setCookie(back) {
      if (back.token === undefined) return writeCookie(name, "", tail, 0);
      return writeCookie(name, back.token, tail, persistent ? maxAge(back.lasts) : undefined);
    },
    crossSite: sameSite === "None",
    secure: !insecure,
  };
}

function maxAge(lasts: number | undefined): number {
  if (lasts === undefined) return maxCookieAge;
  return Math.min(maxCookieAge, Math.max(0, Math.floor(lasts / 1000)));
}

/** Settings of {@link bearer}. */
export interface BearerOptions {
  /** Named in the challenge that goes with 401. Default: none. */
  readonly realm?: string;
}

/**
 * The token in `Authorization: Bearer` (RFC 6750 §2.1; the scheme in any case, RFC 9110 §11.1), for programs. It hands nothing back and does not rotate by itself:
 * the handler that logs a client in gives it `session.token`.
 * @throws {SojournError} `invalid_option`
 */
export function bearer(options: BearerOptions = {}): HeaderCarrier {
  const { realm } = options;
  if (realm !== undefined && !/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(realm))
    throw new SojournError(
      "invalid_option",
      `bearer: realm is ${JSON.stringify(realm)}. Give at most 256 printable ASCII characters without quotes and backslashes.`,
    );
  return {
    header: "authorization",
    read(value) {
      if (value.length <= 7 || value.length > maxCookieOctets || value.charCodeAt(6) !== 0x20 || value.slice(0, 6).toLowerCase() !== "bearer") return undefined;
      const token = value.slice(7);
      return /^[A-Za-z0-9\-._~+/]+=*$/.test(token) ? token : undefined;
    },
    challenge: realm === undefined ? "Bearer" : `Bearer realm="${realm}"`,
  };
}

/** Settings of {@link header}. */
export interface HeaderOptions {
  /** The field's name, such as `"x-session"`. */
  readonly name: string;
}

/** Fields with a meaning of their own, and those that proxies and browsers write. */
const taken: ReadonlySet<string> = new Set(
  "authorization connection content-length content-type cookie cookie2 date expect forwarded host keep-alive origin proxy-authorization referer set-cookie te trailer transfer-encoding upgrade user-agent via".split(
    " ",
  ),
);

/**
 * The token, as it is, in a header of the application's own (RFC 9110 §5.1), for programs whose Authorization is taken. Like {@link bearer} it hands nothing back
 * and does not rotate by itself: the handler gives the client `session.token`. Browsers send no such header by themselves, so it is not checked for its origin.
 * @throws {SojournError} `invalid_option`
 */
export function header(options: HeaderOptions): HeaderCarrier {
  const { name } = options;
  const lower = typeof name === "string" ? name.toLowerCase() : "";
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]{1,256}$/.test(lower) || taken.has(lower) || lower.startsWith("sec-") || lower.startsWith("x-forwarded-"))
    throw new SojournError("invalid_option", `header: name is ${JSON.stringify(name)}. Give the name of a header of your own, such as "x-session".`);
  return { header: lower, read: (value) => (/^[\w.-]{1,4096}$/.test(value) ? value : undefined) };
}
