import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { MaybePromise } from "../../core/seam.ts";
import { mix, tagLength, templateOf, type Xaes } from "../xaes.ts";

const empty = new Uint8Array(0);

/** HKDF-SHA-256 (RFC 5869) without salt: `length` bytes for what `info` names. */
export function hkdf(key: Uint8Array, info: string, length: number): MaybePromise<Uint8Array> {
  return new Uint8Array(hkdfSync("sha256", key, empty, info, length));
}

/** XAES-256-GCM under a key of 32 bytes. Synchronous on Node, Bun and Deno. */
export function xaes(key: Uint8Array): MaybePromise<Xaes> {
  // ECB has no state between blocks, so one cipher serves all tokens; making one costs more than a token does.
  const ecb = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  const template = templateOf(ecb.update(new Uint8Array(16)));
  const blocks = new Uint8Array(32);
  const subkey = (sealed: Uint8Array, from: number): Uint8Array => {
    mix(blocks, template, sealed, from);
    return ecb.update(blocks);
  };
  return {
    seal(front, head, body, aad) {
      const start = front.length;
      const end = start + head.length + Buffer.byteLength(body);
      const out = Buffer.allocUnsafe(end + tagLength);
      out.set(front);
      out.set(head, start);
      out.write(body, start + head.length);
      const cipher = createCipheriv("aes-256-gcm", subkey(front, start - 24), front.subarray(start - 12));
      cipher.setAAD(aad);
      out.set(cipher.update(out.subarray(start, end)), start);
      cipher.final();
      out.set(cipher.getAuthTag(), end);
      return out.toString("base64url");
    },
    open(sealed, from, aad) {
      const end = sealed.length - tagLength;
      const decipher = createDecipheriv("aes-256-gcm", subkey(sealed, from), sealed.subarray(from + 12, from + 24));
      decipher.setAAD(aad);
      decipher.setAuthTag(sealed.subarray(end));
      const bytes = decipher.update(sealed.subarray(from + 24, end));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return bytes;
    },
  };
}

/** base64url (RFC 4648 section 5) without padding. */
export function base64url(bytes: Uint8Array): string {
  return buffer(bytes).toString("base64url");
}

/** The bytes of a base64url text, `undefined` unless it is exactly what {@link base64url} writes for them. */
export function bytesOf(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** The text whose UTF-8 bytes begin at `from`. */
export function utf8(bytes: Uint8Array, from: number): string {
  return buffer(bytes).toString("utf8", from);
}

/** Whether {@link deflate} and {@link inflate} take a dictionary: Deno's zlib has the option, and passes it over. */
export function takesDictionary(): boolean {
  const dictionary = new Uint8Array(64).map((_, i) => i * i);
  return deflateRawSync(dictionary, { dictionary }).length < 16;
}

/** Raw DEFLATE (RFC 1951). */
export function deflate(bytes: Uint8Array, dictionary?: Uint8Array): MaybePromise<Uint8Array> {
  return deflateRawSync(bytes, { level: 9, ...(dictionary !== undefined && { dictionary }) });
}

/** What was deflated; `undefined` when that is more than `most` bytes, or these bytes are not exactly one raw DEFLATE stream. */
export function inflate(bytes: Uint8Array, most: number, dictionary?: Uint8Array): MaybePromise<Uint8Array | undefined> {
  try {
    const options = { maxOutputLength: most, info: true, ...(dictionary !== undefined && { dictionary }) };
    const { buffer: inflated, engine } = inflateRawSync(bytes, options) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return engine.bytesWritten === bytes.length ? inflated : undefined;
  } catch {
    return undefined;
  }
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** HMAC-SHA-256 (RFC 2104) of the text's UTF-8 bytes, base64url. */
export function hmacSha256(key: Uint8Array, text: string): MaybePromise<string> {
  return createHmac("sha256", key).update(text).digest("base64url");
}
