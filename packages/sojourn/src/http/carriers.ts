import { SojournError } from "../core/errors.ts";
import type { HandBack } from "../core/resumable.ts";
import { beginsParts, joinParts, mostParts, partName, roomOf, splitToken, staleParts } from "./cookie-parts.ts";
import { attributeText, checkCookieName, checkToken, hasCookie, maxCookieAge, maxCookieOctets, readCookie, writeCookie } from "./cookie.ts";
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
  /** The cookie's name: its tokens are bound to it (`Visit.place`). */
  readonly bound?: string;
  /** Most characters of a token that it can hand back. */
  readonly room?: number;
  /** The token in that header's value. */
  read(value: string): string | undefined;
  /**
   * The Set-Cookie value that hands a token back, or takes it away; of a token that needs several cookies, the first of them. Without this the handler gives
   * the token itself (`session.token`).
   * @throws {SojournError} `too_large` for a token beyond its room
   */
  readonly setCookie?: (back: HandBack) => string;
  /**
   * The Set-Cookie values that go with that one: further cookies of a long token, and those that take away what the request brought of a longer one.
   * @param given the request's Cookie header. @throws {SojournError} as `setCookie`
   */
  readonly setParts?: (back: HandBack, given: string | undefined) => readonly string[];
  /**
   * Only of a carrier whose tokens are given out no more ({@link formerCookie}): the Set-Cookie values that take away what the request brought of it.
   * @param given the request's Cookie header.
   */
  readonly takeAway?: (given: string) => readonly string[];
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
   * Most cookies that one token may be split over, 1 to 20: `name`, `name.1`, `name.2` … of 4096 octets each. Default 3. Tokens of a store fit into one and
   * never are; those of sealed sessions may be longer. All of them come with every request in one header, and servers bound that: Node refuses a request's
   * head over 16 kB (431; `maxHeaderSize`), so more than 3 needs that raised; nginx and Apache refuse a header over 8 kB by default (`large_client_header_buffers`,
   * `LimitRequestFieldSize`), which two full cookies are already, and nginx an answer's head over 4 or 8 kB (`proxy_buffer_size`).
   */
  readonly parts?: number;
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
  const { sameSite = "Lax", domain, path = "/", persistent = false, partitioned = false, parts = 3, insecure = false } = options;
  const name = options.name ?? (insecure ? "session" : "__Host-Http-session");
  const attributes = { secure: !insecure, sameSite, domain, path, partitioned };
  checkCookieName(name, attributes);
  if (!Number.isInteger(parts) || parts < 1 || parts > mostParts)
    throw new SojournError("invalid_option", `cookie: parts is ${JSON.stringify(parts)}. Give a whole number from 1 to ${mostParts}.`);
  const tail = attributeText(attributes);
  if (insecure)
    warnOnce(
      "SOJOURN_INSECURE_COOKIE",
      `cookie({ insecure: true }) sends the session's token in clear (no Secure), and other subdomains and plain-http pages can plant a cookie of the name "${name}" (no __Host- prefix). Only for development.`,
    );
  const pair = `${name}=`;
  const ages = (lasts: number | undefined): number | undefined => (persistent ? maxAge(lasts) : undefined);
  return {
    header: "cookie",
    bound: name,
    room: roomOf(name, parts),
    read(value) {
      const token = readCookie(value, pair);
      if (token === undefined || token.length === 0 || token.length > maxCookieOctets) return undefined;
      return beginsParts(name, token) ? joinParts(value, name, token, parts) : token;
    },
    setCookie({ token, lasts }) {
      if (token === undefined) return writeCookie(name, "", tail, 0);
      return writeCookie(name, splitToken(name, token, parts)[0] ?? "", tail, ages(lasts));
    },
    setParts({ token, lasts }, given) {
      const values = token === undefined ? [] : splitToken(name, token, parts);
      const stale = staleParts(given, name, Math.max(1, values.length));
      if (values.length < 2 && stale.length === 0) return stale;
      return [
        ...values.slice(1).map((value, i) => writeCookie(partName(name, i + 1), value, tail, ages(lasts))),
        ...stale.map((each) => writeCookie(each, "", tail, 0)),
      ];
    },
    crossSite: sameSite === "None",
    secure: !insecure,
  };
}

function maxAge(lasts: number | undefined): number {
  if (lasts === undefined) return maxCookieAge;
  return Math.min(maxCookieAge, Math.max(0, Math.floor(lasts / 1000)));
}

/** Settings of {@link formerCookie}. */
export interface FormerCookieOptions {
  /** As the library that was here before named it, such as `"connect.sid"`. Another than that of {@link cookie}. */
  readonly name: string;
  /** Whether a cookie `<name>.sig` goes with it, as those of cookie-session: the token is then both, with "." between them. Default false. */
  readonly signature?: boolean;
  /** That it was set with; without it, it could not be taken away. Default: none, the cookie is for this host. */
  readonly domain?: string;
  /** That it was set with. Default `/`. */
  readonly path?: string;
}

/**
 * The cookie of a library that was here before, for a manager that can read it. It is read and never written: what it brought is handed back by the first
 * {@link cookie} of `carriers`, behind which it stands, and its origin is checked as that one's is.
 *
 * The same answer takes the old cookie away, and so does one that ends the session: left to lapse, it would log its owner in again after every log-out.
 * @throws {SojournError} `invalid_option`
 */
export function formerCookie(options: FormerCookieOptions): HeaderCarrier {
  const { name, signature = false, domain, path = "/" } = options;
  checkToken("formerCookie", name);
  const names = signature ? [name, `${name}.sig`] : [name];
  // Browsers take the removal of a prefixed cookie, too, with Secure only.
  const secure = /^__(?:host|http|secure)-/i.test(name);
  const tail = attributeText({ secure, sameSite: "Lax", domain, path, partitioned: false }, "formerCookie");
  return {
    header: "cookie",
    bound: name,
    read(value) {
      const values = names.map((each) => readWhole(value, each));
      return values.includes(undefined) ? undefined : values.join(".");
    },
    takeAway: (given) => names.filter((each) => hasCookie(given, `${each}=`)).map((each) => writeCookie(each, "", tail, 0)),
  };
}

function readWhole(given: string, name: string): string | undefined {
  const value = readCookie(given, `${name}=`);
  return value === undefined || value.length === 0 || name.length + value.length > maxCookieOctets ? undefined : value;
}

/** Most characters of a header in which a token is looked for: as many as Node takes of a request's whole head. */
const longestHeader = 16_384;

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
      if (value.length <= 7 || value.length > longestHeader || value.charCodeAt(6) !== 0x20 || value.slice(0, 6).toLowerCase() !== "bearer") return undefined;
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
  return { header: lower, read: (value) => (/^[\w.-]{1,16384}$/.test(value) ? value : undefined) };
}
