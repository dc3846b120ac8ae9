import { SojournError } from "../core/errors.ts";

/** What a browser is told to do with a cookie. HttpOnly is always among it: no script has business with a session's token. */
export interface CookieAttributes {
  /** Sends it over TLS only. */
  readonly secure: boolean;
  readonly sameSite: "Strict" | "Lax" | "None";
  /** Also for subdomains of this host; without it for the one host only. */
  readonly domain?: string | undefined;
  readonly path: string;
  /** Keeps one per top-level site (CHIPS). */
  readonly partitioned: boolean;
}

/** Browsers drop a cookie whose name and value have more octets (RFC 6265bis, "Storage Model"), silently. */
export const maxCookieOctets = 4096;
/** Browsers cap a cookie's life at 400 days (RFC 6265bis, "Cookie Lifetime Limits"); seconds. */
export const maxCookieAge = 34_560_000;

/** The Set-Cookie values of an answer: mostly one. */
export type SetCookies = string | readonly string[];

const none: readonly string[] = Object.freeze([]);

/** The same as a list. */
export function linesOf(cookies: SetCookies | undefined): readonly string[] {
  if (cookies === undefined) return none;
  return typeof cookies === "string" ? [cookies] : cookies;
}

const semicolon = 0x3b;
const space = 0x20;
const tab = 0x09;

/**
 * The value of one cookie in a Cookie header, as browsers build it (RFC 6265bis, "The Cookie Header Field"): pairs between semicolons, names compared
 * octet by octet, nothing trimmed but space and tab, nothing decoded, quotes part of the value. One pass, whatever the header's length.
 *
 * `undefined` when there is none, and when two cookies of that name differ: a browser that keeps the rules of `__Host-` has one at most, so the second was
 * planted (cookie tossing), and which of them stands first is the planter's choice.
 *
 * @param pair the name and `=`.
 */
export function readCookie(header: string, pair: string): string | undefined {
  let value: string | undefined;
  for (let at = header.indexOf(pair); at !== -1; at = header.indexOf(pair, at + pair.length)) {
    if (!beginsPair(header, at)) continue;
    const found = valueAt(header, at + pair.length);
    if (value !== undefined && value !== found) return undefined;
    value = found;
  }
  return value;
}

/** Whether a Cookie header has a cookie of that name, whatever its value and however often. @param pair the name and `=`. */
export function hasCookie(header: string, pair: string): boolean {
  for (let at = header.indexOf(pair); at !== -1; at = header.indexOf(pair, at + pair.length)) if (beginsPair(header, at)) return true;
  return false;
}

function beginsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before -= 1;
  return before < 0 || header.charCodeAt(before) === semicolon;
}

function valueAt(header: string, from: number): string {
  let end = header.indexOf(";", from);
  if (end === -1) end = header.length;
  let start = from;
  while (start < end && isBlank(header.charCodeAt(start))) start += 1;
  while (end > start && isBlank(header.charCodeAt(end - 1))) end -= 1;
  return header.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}

/**
 * What follows `name=value` and, if there is one, Max-Age.
 * @param by whose settings these are, for the error. @throws {SojournError} `invalid_option`, naming the attribute.
 */
export function attributeText(attributes: CookieAttributes, by: string = "cookie"): string {
  const refused = (setting: string, value: unknown, fix: string): SojournError => invalidSetting(by, setting, value, fix);
  const { secure, sameSite, domain, path, partitioned } = attributes;
  if (!/^\/[\x20-\x3a\x3c-\x7e]*$/.test(path) || path.length > 1024)
    throw refused("path", path, 'Give an absolute path of at most 1024 printable ASCII characters without ";", such as "/" or "/app".');
  if (domain !== undefined && (!/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(domain) || domain.length > 253))
    throw refused("domain", domain, 'Give a host name without a leading dot, such as "example.com".');
  if (domain !== undefined && !domain.includes("."))
    throw refused(
      "domain",
      domain,
      'Browsers drop a cookie for all hosts of a top-level domain, and for a host without a dot: give a name such as "example.com", or leave domain out.',
    );
  if (domain !== undefined && /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(domain))
    throw refused("domain", domain, "Browsers take no Domain that is an IP address: leave domain out, and the cookie is for this host.");
  if (!["Strict", "Lax", "None"].includes(sameSite)) throw refused("sameSite", sameSite, 'Give "Strict", "Lax" or "None".');
  if (sameSite === "None" && !secure) throw refused("sameSite", sameSite, "Browsers take SameSite=None with Secure only: leave insecure out.");
  if (partitioned && !secure) throw refused("partitioned", partitioned, "Browsers take Partitioned with Secure only: leave insecure out.");
  const host = domain === undefined ? "" : `; Domain=${domain}`;
  return `; Path=${path}${host}${secure ? "; Secure" : ""}; HttpOnly; SameSite=${sameSite}${partitioned ? "; Partitioned" : ""}`;
}

/**
 * Refuses a name that a browser would drop, or take for less than it says: not an HTTP token, a prefix whose conditions (layered-cookies draft,
 * "Cookie Name Prefixes") the attributes do not meet, a misspelt prefix. @throws {SojournError} `invalid_option`
 */
export function checkCookieName(name: string, { secure, domain, path }: CookieAttributes): void {
  checkToken("cookie", name);
  const prefix = /^__(?:host-http|host|http|secure)-/i.exec(name)?.[0].toLowerCase();
  if (prefix === undefined) {
    if (/^(?:(?:host|http|secure)__|_(?:host|http|secure)-|__(?:host|http|secure)_)/i.test(name))
      throw invalid("name", name, 'Browsers know the prefixes "__Host-Http-", "__Host-", "__Http-" and "__Secure-" only.');
    return;
  }
  if (!secure)
    throw invalid("name", name, `Browsers drop a "${prefix}" cookie without Secure: with insecure, give a name without a prefix, such as "session".`);
  if (!prefix.startsWith("__host-")) return;
  if (domain !== undefined)
    throw invalid("domain", domain, `Browsers drop "${name}" with a Domain: give a name such as "__Http-session", or leave domain out.`);
  if (path !== "/") throw invalid("path", path, `Browsers drop "${name}" with another Path than "/": give a name such as "__Http-session", or leave path out.`);
}

/**
 * One Set-Cookie field value (RFC 6265bis, "The Set-Cookie Header Field").
 * @param tail from {@link attributeText}. @param maxAge seconds; without it the cookie goes with the browser, 0 removes it.
 * @throws {SojournError} `invalid_field` when the value has an octet that a cookie cannot carry, `too_large` when a browser would drop the cookie.
 */
export function writeCookie(name: string, value: string, tail: string, maxAge?: number): string {
  if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value))
    throw new SojournError(
      "invalid_field",
      `The value for the cookie ${name} has a character that no cookie can carry. Tokens are base64url text; encode other values first.`,
    );
  if (name.length + value.length > maxCookieOctets)
    throw new SojournError(
      "too_large",
      `The cookie ${name} would have ${name.length + value.length} octets; browsers drop those over ${maxCookieOctets}. Keep less in the session.`,
    );
  return maxAge === undefined ? `${name}=${value}${tail}` : `${name}=${value}; Max-Age=${maxAge}${tail}`;
}

/** Refuses a name that is no HTTP token (RFC 9110 §5.6.2), as every cookie's must be. @throws {SojournError} `invalid_option` */
export function checkToken(by: string, name: string): void {
  if (typeof name === "string" && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/.test(name)) return;
  throw invalidSetting(by, "name", name, "Give letters, digits and -_.!#$%&'*+^`|~ only, at most 256.");
}

function invalid(setting: string, value: unknown, fix: string): SojournError {
  return invalidSetting("cookie", setting, value, fix);
}

function invalidSetting(by: string, setting: string, value: unknown, fix: string): SojournError {
  return new SojournError("invalid_option", `${by}: ${setting} is ${JSON.stringify(value)}. ${fix}`);
}
