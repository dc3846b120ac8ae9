import { randomFill, sha256 } from "#platform";
import { andThen } from "./maybe.ts";
import type { MaybePromise, SessionId } from "./seam.ts";

/** What a client presents to resume: `<id>.<secret>`, 59 characters that every carrier takes unescaped. */
export type Token = string;

const idLength = 26;
const secretLength = 32;
/** Characters in a token. */
export const tokenLength: number = idLength + 1 + secretLength;

// Crockford's base 32: sorts like the number it writes, and no two characters look alike.
const base32 = "0123456789abcdefghjkmnpqrstvwxyz";
const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const inId = alphabet(base32);
const inSecret = alphabet(base64url);

function alphabet(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

// One call for many: asking the platform for 40 bytes costs as much as asking for 4,000.
const pool = new Uint8Array(4_000);
let drawn = pool.length;

function random(bytes: number): Uint8Array {
  if (drawn + bytes > pool.length) {
    randomFill(pool);
    drawn = 0;
  }
  drawn += bytes;
  const taken = pool.slice(drawn - bytes, drawn);
  pool.fill(0, drawn - bytes, drawn);
  return taken;
}

/** A new id: the time (48 bits, ms) and 80 random bits. Ids sort by the clock of their creator; nothing may be decided by that order. */
export function newId(now: number): SessionId {
  let id = "";
  for (let rest = Math.floor(now), i = 0; i < 10; i++, rest = Math.floor(rest / 32)) id = base32.charAt(rest % 32) + id;
  for (const byte of random(16)) id += base32.charAt(byte & 31);
  return id as SessionId;
}

/** A new secret: 192 random bits. */
export function newSecret(): string {
  let secret = "";
  const bytes = random(24);
  for (let i = 0; i < 24; i += 3) {
    const bits = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    secret += base64url.charAt(bits >> 18) + base64url.charAt((bits >> 12) & 63) + base64url.charAt((bits >> 6) & 63) + base64url.charAt(bits & 63);
  }
  return secret;
}

/** Whether the text has the shape of an id. */
export function isId(text: string): text is SessionId {
  return text.length === idLength && consistsOf(inId, text, 0, idLength);
}

/** Whether the text has the shape of a token. Anything else is nobody's and must cause no store call. */
export function isToken(text: string): boolean {
  return (
    text.length === tokenLength &&
    text.charCodeAt(idLength) === 46 &&
    consistsOf(inId, text, 0, idLength) &&
    consistsOf(inSecret, text, idLength + 1, tokenLength)
  );
}

function consistsOf(table: Uint8Array, text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code > 127 || table[code] === 0) return false;
  }
  return true;
}

/** The id in a token that {@link isToken}. */
export function idOf(token: Token): SessionId {
  return token.slice(0, idLength) as SessionId;
}

/** The SHA-256 of a token's secret: all that a store ever learns of it. */
export function hashOf(token: Token): MaybePromise<string> {
  return sha256(token.slice(idLength + 1));
}

/** Compares in a time that depends on the lengths only. */
export function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

/** A short, even digest of a text for use inside a key: 120 bits, base64url. */
export function digestOf(text: string): MaybePromise<string> {
  return andThen<string, string>(sha256(text), (digest) => digest.slice(0, 20));
}
