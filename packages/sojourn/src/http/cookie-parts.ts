import { SojournError } from "../core/errors.ts";
import { hasCookie, maxCookieOctets, readCookie } from "./cookie.ts";

/** Most cookies over which a token may be split. Browsers keep 50 of a site at least (RFC 6265bis, "Limits"), and some are the application's. */
export const mostParts: number = 20;

const none: readonly string[] = Object.freeze([]);
const tilde = 0x7e;
const zero = 0x30;

/** The name of a token's cookie: the first has the name itself, the others have `.1`, `.2` … after it. */
export function partName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`;
}

/**
 * The most characters of a token that fit into so many cookies: each may have 4096 octets, its name among them (RFC 6265bis, "Storage Model"), and the first
 * of several says how many they are.
 */
export function roomOf(name: string, parts: number): number {
  let room = parts === 1 ? 0 : -`${parts}~`.length;
  for (let i = 0; i < parts; i++) room += maxCookieOctets - partName(name, i).length;
  return room;
}

/**
 * What stands in the cookies of a token, in their order: the token itself where it fits into one, else `<how many>~<first part>` and the other parts.
 * As few cookies as will do.
 * @throws {SojournError} `too_large` when it needs more than `parts`; `invalid_field` when it begins as the first of several does
 */
export function splitToken(name: string, token: string, parts: number): readonly string[] {
  if (beginsParts(name, token))
    throw new SojournError("invalid_field", `The token for the cookie ${name} begins with a number and "~", as the first of several cookies does.`);
  if (name.length + token.length <= maxCookieOctets) return [token];
  const needed = partsNeeded(name, token.length);
  if (needed > parts) throw tooLarge(name, token.length, parts, needed);
  const values: string[] = [];
  for (let i = 0, from = 0; i < needed; i++) {
    const mark = i === 0 ? `${needed}~` : "";
    const to = from + maxCookieOctets - partName(name, i).length - mark.length;
    values.push(mark + token.slice(from, to));
    from = to;
  }
  return values;
}

function partsNeeded(name: string, length: number): number {
  let needed = 2;
  while (needed <= mostParts && roomOf(name, needed) < length) needed += 1;
  return needed;
}

function tooLarge(name: string, length: number, parts: number, needed: number): SojournError {
  const more = needed > mostParts ? "" : `, allow more cookies with cookie({ parts: ${needed} })`;
  return new SojournError(
    "too_large",
    `The token for the cookie ${name} has ${length} characters; ${parts === 1 ? "one cookie takes" : `${parts} cookies take`} ${roomOf(name, parts)}. ` +
      `Keep less in the session${more}, or let what no longer fits move to a store (overflow).`,
  );
}

/**
 * Whether a value is the first of several: it fills its cookie, and begins with digits and `~`, which tokens do not. The length first, for that is all that
 * most requests need; a shorter value that begins so was never written here and is a token that the manager will not know.
 */
export function beginsParts(name: string, value: string): boolean {
  if (name.length + value.length !== maxCookieOctets) return false;
  let at = 0;
  while (isDigit(value.charCodeAt(at))) at += 1;
  return at > 0 && value.charCodeAt(at) === tilde;
}

function isDigit(code: number): boolean {
  return code >= zero && code < zero + 10;
}

/**
 * The token whose first cookie is given. `undefined` when it says that it is one of none, of one, or of more than `parts`, and when another is missing, there
 * twice with different values, empty, or not as long as {@link splitToken} makes it. Whether the parts belong together is for the token's own seal to say.
 * @param header the Cookie header. @param first a value that {@link beginsParts}
 */
export function joinParts(header: string, name: string, first: string, parts: number): string | undefined {
  const mark = first.indexOf("~");
  const count = Number(first.slice(0, mark));
  // "02" and "1e1" are numbers, and nothing that was written here.
  if (!(count >= 2 && count <= parts) || String(count) !== first.slice(0, mark)) return undefined;
  let token = first.slice(mark + 1);
  for (let i = 1; i < count; i++) {
    const own = partName(name, i);
    const value = readCookie(header, `${own}=`);
    const octets = own.length + (value?.length ?? 0);
    if (value === undefined || value.length === 0 || octets > maxCookieOctets || (octets < maxCookieOctets && i < count - 1)) return undefined;
    token += value;
  }
  return token;
}

/**
 * The names of further cookies that a request brought of a token that now has only `count`. All that there can be are looked for, whatever is allowed today:
 * the bound may have been lowered since.
 * @param header the Cookie header.
 */
export function staleParts(header: string | undefined, name: string, count: number): readonly string[] {
  // One look for the many that never had a long token.
  if (header === undefined || !header.includes(`${name}.`)) return none;
  const stale: string[] = [];
  for (let i = count; i < mostParts; i++) {
    const own = partName(name, i);
    if (hasCookie(header, `${own}=`)) stale.push(own);
  }
  return stale;
}
