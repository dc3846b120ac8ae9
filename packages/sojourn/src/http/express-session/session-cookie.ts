/* oxlint-disable no-underscore-dangle -- the name is express-session's, and stores that copy cookies know it */
import { deprecate } from "./deprecate.ts";
import { setCookieText, type CookieAttributes } from "./set-cookie.ts";

/** Settings of the session cookie, as express-session has them. */
export interface CookieOptions {
  /** ms until the cookie, and the session with it, runs out without activity. Default none: the cookie goes with the browser. */
  maxAge?: number | null | undefined;
  expires?: Date | boolean | null | undefined;
  /** Default true. */
  httpOnly?: boolean | undefined;
  /** Default `"/"`. Requests for other paths have no session. */
  path?: string | undefined;
  domain?: string | undefined;
  /** `"auto"`: as the connection is. Default false. */
  secure?: boolean | "auto" | undefined;
  /** `"auto"`: None on a secure connection, else Lax. Default: not said. */
  sameSite?: boolean | "lax" | "strict" | "none" | "auto" | undefined;
  partitioned?: boolean | undefined;
  priority?: "low" | "medium" | "high" | undefined;
  /** What `maxAge` goes back to with each request. */
  originalMaxAge?: number | null | undefined;
}

/** What is kept of a cookie with its session, in the order in which express-session writes it down. */
export interface CookieData extends CookieAttributes {
  readonly originalMaxAge: unknown;
}

/**
 * The cookie of a session: `req.session.cookie`. Setting `maxAge` (ms) or `expires` also sets `originalMaxAge`, to which each later request goes back.
 * @throws {TypeError} when maxAge is neither a number nor a Date, or options is no object
 */
export class Cookie {
  path: string | undefined = "/";
  // Not a `#` field: express-session's own has it as a plain property too, and stores copy cookies property by property.
  declare _expires: unknown;
  declare originalMaxAge: unknown;
  httpOnly: boolean | undefined = true;
  declare domain: string | undefined;
  declare secure: boolean | "auto" | undefined;
  declare sameSite: CookieOptions["sameSite"];
  declare partitioned: boolean | undefined;
  declare priority: CookieOptions["priority"];

  constructor(options?: CookieOptions | object | null) {
    this.maxAge = null;
    if (options !== undefined && options !== null) {
      if (typeof options !== "object") throw new TypeError("argument options must be a object");
      for (const name in options) if (name !== "data") (this as Record<string, unknown>)[name] = (options as Record<string, unknown>)[name];
    }
    this.originalMaxAge ??= this.maxAge;
  }

  get expires(): unknown {
    return this._expires;
  }

  set expires(date: unknown) {
    this._expires = date;
    this.originalMaxAge = this.maxAge;
  }

  /** ms that are left; what was set, when it is no date. */
  get maxAge(): unknown {
    return this._expires instanceof Date ? this._expires.getTime() - Date.now() : this._expires;
  }

  set maxAge(ms: unknown) {
    if (Boolean(ms) && typeof ms !== "number" && !(ms instanceof Date)) throw new TypeError("maxAge must be a number or Date");
    if (ms instanceof Date) deprecate("maxAge as Date; pass number of milliseconds instead");
    this.expires = typeof ms === "number" ? new Date(Date.now() + ms) : ms;
  }

  get data(): CookieData {
    const { originalMaxAge, partitioned, priority, _expires: expires, secure, httpOnly, domain, path, sameSite } = this;
    return { originalMaxAge, partitioned, priority, expires, secure, httpOnly, domain, path, sameSite };
  }

  /** A Set-Cookie field value. @throws {TypeError} when an attribute is invalid */
  serialize(name: string, value: string): string {
    return setCookieText(name, value, this.data);
  }

  toJSON(): CookieData {
    return this.data;
  }
}

/** The cookie that was kept as this: its `expires` may have become a text. */
export function cookieOf(kept: unknown): Cookie {
  const { expires, originalMaxAge } = kept as { readonly expires?: unknown; readonly originalMaxAge?: unknown };
  const cookie = new Cookie(kept as object);
  if (typeof expires === "string") cookie.expires = new Date(expires);
  cookie.originalMaxAge = originalMaxAge;
  return cookie;
}

/** What is known of a cookie but for the moment at which it runs out, which every request moves: a change of it is a change by the application. */
export function shapeOf(cookie: unknown): string {
  const { originalMaxAge, partitioned, priority, secure, httpOnly, domain, path, sameSite } = (cookie ?? {}) as Partial<CookieData>;
  return JSON.stringify({ originalMaxAge, partitioned, priority, secure, httpOnly, domain, path, sameSite });
}
