import { SojournError } from "../core/errors.ts";
import { checkSubject } from "../core/names.ts";
import { textOf } from "../core/values.ts";
import { a256cbcHs512 } from "./a256cbc-hs512.ts";
import { base64url, fromBase64url } from "./base64url.ts";
import { foreignOfClaims } from "./claims.ts";
import { parseJwe } from "./compact-jwe.ts";
import { jsonObject, longestText } from "./foreign.ts";
import type { Foreign } from "./readers.ts";

/** Settings of {@link jwe}. */
export interface JweOptions {
  /** 64 random bytes, or their 86 characters of base64url, which both services have: `node -p "crypto.randomBytes(64).toString('base64url')"`. */
  readonly key: Uint8Array | string;
  /** Names the key in the header of what is sealed, for readers that have several: 1 to 128 printable ASCII characters. Not looked at when opening. */
  readonly kid?: string;
}

/** What stands beside the claims. */
export interface JweTimes {
  /** Whose claims they are: `sub`. */
  readonly subject?: string;
  /** Epoch ms, in the token as whole seconds, rounded down: `iat`. */
  readonly issued?: number;
  /** Epoch ms, in the token as whole seconds, rounded down: `exp`. Without it the token is good for ever. */
  readonly expires?: number;
}

/** Seals claims for another service, and opens its. */
export interface Jwe {
  /**
   * The claims in compact form, at most 16,384 characters.
   * @throws {SojournError} `invalid_field` for what JSON does not give back as it was, names such as `__proto__`, a claim given twice or a time that is
   * none; `too_large`
   */
  seal(claims: Readonly<Record<string, unknown>>, options?: JweTimes): Promise<string>;
  /**
   * The claims of a text that was sealed under this key, by `seal` or by any JOSE library; `undefined` for anything else: changed, expired, not yet begun
   * (`nbf`), with another algorithm, with `zip` or `crit`, not a JSON object, over 16,384 characters. `sub`, `iat` and `exp` are given as `subject`, `issued`
   * and `expires`, the other claims as `data`. Whom they are meant for (`aud`) and who made them (`iss`) is for the caller to judge. `now` is epoch ms.
   */
  open(text: string, now: number): Promise<Foreign | undefined>;
}

/**
 * Encrypted JSON Web Tokens with a shared key: JWE in compact form (RFC 7516), `dir` with `A256CBC-HS512` (RFC 7518 sections 4.5 and 5.2.5).
 *
 * It is for handing a session's claims to another service, and for reading what such a service hands over. It is no format for sessions: these are sealed
 * as `s1`, which is shorter and names the place a token belongs to. A token made here cannot be ended before it expires.
 * @throws {SojournError} `invalid_option` when the key is not 64 random bytes, or `kid` cannot stand in a header
 */
export function jwe(options: JweOptions): Jwe {
  const cipher = a256cbcHs512(keyOf(options.key));
  const header = headerOf(options.kid);
  const aad = utf8.encode(header);
  return {
    async seal(claims, { subject, issued, expires } = {}) {
      const all: Record<string, unknown> = { ...claims };
      if (subject !== undefined) put(all, "sub", checkSubject(subject));
      if (issued !== undefined) put(all, "iat", secondsOf("issued", issued));
      if (expires !== undefined) put(all, "exp", secondsOf("expires", expires));
      const plaintext = utf8.encode(textOfClaims(all));
      const { iv, ciphertext, tag } = await cipher.encrypt(plaintext, aad);
      const text = `${header}..${base64url(iv)}.${base64url(ciphertext)}.${base64url(tag)}`;
      if (text.length <= longestText) return text;
      throw new SojournError("too_large", `The claims take ${text.length} characters when sealed; the bound is ${longestText}. Hand over less.`);
    },
    async open(text, now) {
      const parsed = parseJwe(text);
      if (parsed?.enc !== "A256CBC-HS512") return undefined;
      const plaintext = await cipher.decrypt(parsed, parsed.aad);
      const claims = plaintext && jsonObject(plaintext);
      return claims && foreignOfClaims(claims, now);
    },
  };
}

const utf8 = new TextEncoder();

/** Larger claims do not fit into the text anyway. */
const bounds = { field: longestText, record: longestText, aliases: 0 };

function textOfClaims(claims: Record<string, unknown>): string {
  for (const name of ["iat", "exp", "nbf"]) {
    if (claims[name] === undefined || Number.isFinite(claims[name])) continue;
    throw new SojournError("invalid_field", `The claim ${name} is no number. Give seconds since 1970 (RFC 7519 section 2), or epoch ms in the options.`);
  }
  const text = textOf("claims", claims, bounds);
  if (JSON.stringify(jsonObject(utf8.encode(text))) === text) return text;
  throw new SojournError("invalid_field", 'The claims have a property called "constructor" or "prototype" somewhere. Leave it out, or call it something else.');
}

function put(claims: Record<string, unknown>, name: string, value: unknown): void {
  if (claims[name] !== undefined)
    throw new SojournError("invalid_field", `The claim ${name} is given twice: among the claims and in the options. Give it once.`);
  claims[name] = value;
}

function secondsOf(setting: string, at: number): number {
  if (Number.isFinite(at)) return Math.floor(at / 1_000);
  throw new SojournError("invalid_field", `${setting} is ${String(at)}. Give epoch milliseconds.`);
}

function headerOf(kid: string | undefined): string {
  if (kid !== undefined && !(typeof kid === "string" && /^[\x21-\x7e]{1,128}$/.test(kid))) {
    throw new SojournError("invalid_option", "kid is not a text of 1 to 128 printable ASCII characters. Give a name that tells the key from others.");
  }
  return base64url(utf8.encode(JSON.stringify({ alg: "dir", enc: "A256CBC-HS512", ...(kid === undefined ? {} : { kid }) })));
}

/** Sixty-four random bytes have 57 different ones, and fewer than 32 once in far more tries than there will be. All printable: once in 2^91. */
function keyOf(key: Uint8Array | string): Uint8Array {
  const bytes = typeof key === "string" ? fromBase64url(key) : key;
  if (bytes instanceof Uint8Array && bytes.length === 64 && new Set(bytes).size >= 32 && !bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) {
    return Uint8Array.from(bytes);
  }
  throw new SojournError(
    "invalid_option",
    `key is not 64 random bytes or their 86 characters of base64url; a password is no key. Make one: node -p "crypto.randomBytes(64).toString('base64url')"`,
  );
}
