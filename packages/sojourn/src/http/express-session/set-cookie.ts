/** What a Set-Cookie field says of a cookie, as express-session 1.19 takes it. */
export interface CookieAttributes {
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
  readonly expires?: unknown;
  readonly httpOnly?: boolean | undefined;
  readonly secure?: unknown;
  readonly partitioned?: boolean | undefined;
  /** `"low"`, `"medium"` or `"high"`, in any case. */
  readonly priority?: unknown;
  /** `true` is Strict; `"lax"`, `"strict"`, `"none"`, in any case. */
  readonly sameSite?: unknown;
}

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const domains = new RegExp(String.raw`^\.?${label}(?:\.${label})*$`, "i");

/**
 * One Set-Cookie field value (RFC 6265, section 4.1), its value percent-encoded, its attributes in the order in which express-session writes them.
 * @throws {TypeError} naming what no cookie can carry, in the words that express-session's users know: `option expires is invalid`
 */
export function setCookieText(name: string, value: string, attributes: CookieAttributes): string {
  const { domain, path, expires, httpOnly, secure, partitioned, priority, sameSite } = attributes;
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw invalid("argument name");
  let text = `${name}=${encodeURIComponent(value)}`;
  if (given(domain)) text += `; Domain=${checked(domain, domains, "domain")}`;
  if (given(path)) text += `; Path=${checked(path, /^[\x20-\x3a\x3d-\x7e]*$/, "path")}`;
  if (given(expires)) text += `; Expires=${dateText(expires)}`;
  if (httpOnly === true || given(httpOnly)) text += "; HttpOnly";
  if (given(secure)) text += "; Secure";
  if (given(partitioned)) text += "; Partitioned";
  if (given(priority)) text += `; Priority=${oneOf(priority, ["Low", "Medium", "High"], "priority")}`;
  if (given(sameSite)) text += `; SameSite=${sameSite === true ? "Strict" : oneOf(sameSite, ["Lax", "Strict", "None"], "sameSite")}`;
  return text;
}

/** Any value that JavaScript takes for true: the settings come from plain JavaScript. */
function given(value: unknown): boolean {
  return Boolean(value);
}

function checked(value: unknown, pattern: RegExp, option: string): string {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw invalid(`option ${option}`);
}

function dateText(value: unknown): string {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toUTCString();
  throw invalid("option expires");
}

function oneOf(value: unknown, names: readonly string[], option: string): string {
  const found = names.find((each) => typeof value === "string" && each.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw invalid(`option ${option}`);
  return found;
}

function invalid(what: string): TypeError {
  return new TypeError(`${what} is invalid`);
}
