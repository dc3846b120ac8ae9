import { SojournError } from "../../core/errors.ts";
import { fromBase64, fromBase64url } from "../base64url.ts";
import { foreign, jsonObject, longestText } from "../foreign.ts";
import type { SubjectOf, TokenReader } from "../readers.ts";

/** Settings of {@link cookieSession}. */
export interface CookieSessionOptions {
  /** Its `keys`, or its `secret` as the only one. */
  readonly keys: readonly string[];
  /** The cookie's name there, which is signed too. Its default was `"session"`. */
  readonly name: string;
  /** Default: nobody's. */
  readonly subject?: SubjectOf;
}

/**
 * Reads the cookies of cookie-session that were signed in its usual way, HMAC-SHA-1 by keygrip: the value of `name`, a full stop, and the value of `name.sig`.
 * Such a cookie says neither when it was made nor until when it is good: a copy is good for as long as it is read. Everybody could read it, too.
 * @throws {SojournError} `invalid_option`
 */
export function cookieSession(options: CookieSessionOptions): TokenReader {
  const { name, subject } = options;
  if (typeof name !== "string" || !/^[!#$%&'*+.^`|~\w-]{1,256}$/.test(name)) {
    throw new SojournError("invalid_option", `name is ${JSON.stringify(name)}. Give the cookie's name, such as "session".`);
  }
  if (options.keys.length === 0) throw new SojournError("invalid_option", "keys is an empty list. Give the keys that cookie-session had.");
  options.keys.forEach((key, i) => {
    if (typeof key !== "string" || key === "") throw new SojournError("invalid_option", `keys[${i}] is no text. Give the keys that cookie-session had.`);
  });
  const secrets = options.keys.map((key) => utf8.encode(key));
  // Kept are keys and no promises of them: on Workers, no request may wait for what another one has begun.
  let keys: Awaited<ReturnType<typeof hmacKey>>[] | undefined;

  return {
    async open(text, _now) {
      const stop = text.indexOf(".");
      if (stop < 1 || text.length > longestText) return undefined;
      const value = text.slice(0, stop);
      const signature = fromBase64url(text.slice(stop + 1));
      const json = fromBase64(value);
      if (signature?.length !== 20 || json === undefined) return undefined;
      keys ??= await Promise.all(secrets.map(hmacKey));
      const signed = utf8.encode(`${name}=${value}`);
      for (const key of keys) {
        if (!(await crypto.subtle.verify("HMAC", key, signature, signed))) continue;
        const data = jsonObject(json);
        return data && foreign(data, subject);
      }
      return undefined;
    },
  };
}

const utf8 = new TextEncoder();

function hmacKey(bytes: Uint8Array<ArrayBuffer>) {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-1" }, false, ["verify"]);
}
