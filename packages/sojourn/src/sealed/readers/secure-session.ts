import { milliseconds, type Duration } from "../../core/duration.ts";
import { SojournError } from "../../core/errors.ts";
import { fromBase64 } from "../base64url.ts";
import { foreign, longestText, plainObject } from "../foreign.ts";
import type { SubjectOf, TokenReader } from "../readers.ts";

/** Settings of {@link secureSession}. */
export interface SecureSessionOptions {
  /** The data of a text of the form `ciphertext;nonce`, both in base64; `undefined` for what is not genuine. One that throws has not opened it. */
  readonly open: (text: string) => object | undefined;
  /** Its `expiry`, counted from when the session was last written. A number is ms, and not seconds as there. Default: a day. */
  readonly expiry?: Duration;
  /** Default: nobody's. */
  readonly subject?: SubjectOf;
}

/** Ciphertext of at least the authenticator's 16 bytes, 24 bytes of nonce. */
const form = /^([A-Za-z0-9+/=]{24,});([A-Za-z0-9+/]{32})$/;

/**
 * Reads the cookies of @fastify/secure-session, given a function that opens them with libsodium, which this library has not. The text is taken as it stands
 * in the cookie, with its percent signs, or decoded. Cookies that were signed besides are not read.
 *
 * ```ts
 * import sodium from "sodium-native"; // it came with @fastify/secure-session
 *
 * function open(text: string): object | undefined {
 *   const [box, nonce] = text.split(";").map((part) => Buffer.from(part, "base64")) as [Buffer, Buffer];
 *   const message = Buffer.alloc(box.length - sodium.crypto_secretbox_MACBYTES);
 *   return sodium.crypto_secretbox_open_easy(message, box, nonce, key) ? JSON.parse(message.toString()) : undefined; // key: the 32 bytes that the plugin had
 * }
 * ```
 * @throws {SojournError} `invalid_option`
 */
export function secureSession(options: SecureSessionOptions): TokenReader {
  const expiry = milliseconds(options.expiry ?? "1d", "expiry");
  if (typeof options.open !== "function") {
    throw new SojournError("invalid_option", "open is no function. Give one that opens a secretbox of libsodium, as in the documentation of secureSession.");
  }
  return {
    async open(text, now) {
      const cookie = text.length > longestText ? undefined : decoded(text);
      const match = cookie === undefined ? null : form.exec(cookie);
      // Where a text has several spellings, one that was changed would be let through.
      if (cookie === undefined || match === null || !match.slice(1).every((part) => fromBase64(part) !== undefined)) return undefined;
      const all = opened(options.open, cookie);
      if (all === undefined) return undefined;
      // When it was written, in seconds. Older releases did not write it down, and took such cookies at any time.
      const { __ts: written, ...data } = all;
      if (written === undefined) return foreign(data, options.subject);
      if (typeof written !== "number") return undefined;
      const issued = written * 1_000;
      const expires = issued + expiry;
      return expires <= now ? undefined : foreign(data, options.subject, { issued, expires });
    },
  };
}

function opened(open: SecureSessionOptions["open"], text: string): Record<string, unknown> | undefined {
  try {
    return plainObject(open(text));
  } catch {
    // libsodium throws for what it finds too short.
    return undefined;
  }
}

/** @fastify/cookie writes values with encodeURIComponent. */
function decoded(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    const value = decodeURIComponent(text);
    return encodeURIComponent(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
