import { pairsOf } from "./parameters.ts";

/** What stands in the links of one page. */
export interface LinkToken {
  /** Of the URL's parameter. */
  readonly name: string;
  readonly token: string;
  /** Where the page is. Only links to its origin are given the token. */
  readonly page: URL;
}

/** Decodes the name in one pair of a query as a form would (WHATWG URL, application/x-www-form-urlencoded). */
function isNamed(pair: string, name: string): boolean {
  if (!pair.startsWith(name) && !/[%+]/.test(pair)) return false;
  return pairsOf(pair).has(name);
}

/**
 * The reference with the token in its query, in place of what was there under that name; `undefined` when it must not, or need not, have one. The WHATWG
 * URL parser says where it leads, before and after: nothing is given to another origin, to what is not http, or to a place in the page itself.
 * The text stays as it is beside the query, relative references relative.
 *
 * @param base what the reference is resolved against: the page, or the `<base>` of the same origin that it names.
 */
export function linkWith(reference: string, base: URL, { name, token, page }: LinkToken): string | undefined {
  const target = parsed(reference, base);
  if (target === undefined || target.origin !== page.origin || !isHttp(target) || target.username !== "" || target.password !== "") return undefined;
  const text = trimmed(reference);
  const hashAt = text.indexOf("#");
  const fragment = hashAt === -1 ? "" : text.slice(hashAt);
  if (fragment !== "" && withoutHash(target) === withoutHash(page)) return undefined;
  const before = hashAt === -1 ? text : text.slice(0, hashAt);
  const queryAt = before.indexOf("?");
  const path = queryAt === -1 ? before : before.slice(0, queryAt);
  // A reference that names no path leads to the base with its query.
  const query = queryAt === -1 ? target.search.slice(1) : before.slice(queryAt + 1);
  const pairs = query.split("&").filter((pair) => pair !== "" && !isNamed(pair, name));
  const link = `${path}?${[...pairs, `${name}=${token}`].join("&")}${fragment}`;
  const check = parsed(link, base);
  const same = check !== undefined && check.origin === target.origin && check.pathname === target.pathname && check.hash === target.hash;
  return same && isSole(check.searchParams.getAll(name), token) ? link : undefined;
}

function isSole(values: readonly string[], token: string): boolean {
  return values.length === 1 && values[0] === token;
}

function parsed(reference: string, base: URL): URL | undefined {
  try {
    return new URL(reference, base);
  } catch {
    return undefined;
  }
}

function isHttp({ protocol }: URL): boolean {
  return protocol === "https:" || protocol === "http:";
}

/** As the URL parser does first: C0 controls and spaces at the ends go, tabs and line ends go everywhere. */
function trimmed(reference: string): string {
  return reference.replace(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, "").replace(/[\t\n\r]/g, "");
}

function withoutHash(url: URL): string {
  return url.hash === "" ? (url.href.endsWith("#") ? url.href.slice(0, -1) : url.href) : url.href.slice(0, -url.hash.length);
}
