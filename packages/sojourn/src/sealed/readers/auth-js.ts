import { SojournError } from "../../core/errors.ts";
import { a256cbcHs512, type A256cbcHs512 } from "../a256cbc-hs512.ts";
import { foreignOfClaims } from "../claims.ts";
import { parseJwe, type CompactJwe } from "../compact-jwe.ts";
import { jsonObject } from "../foreign.ts";
import type { SubjectOf, TokenReader } from "../readers.ts";

/** Settings of {@link authJs}. */
export interface AuthJsOptions {
  /** `AUTH_SECRET`, or `NEXTAUTH_SECRET`; the newest and the older ones. */
  readonly secret: string | readonly string[];
  /** The name of the session's cookie, such as `"__Secure-authjs.session-token"`, which Auth.js mixes into the key. next-auth 4 does not. */
  readonly salt: string;
  /** Default: the claim `sub`, when it is a text of 1 to 512 characters. */
  readonly subject?: SubjectOf;
}

/**
 * Reads the session tokens of Auth.js (`@auth/core`, next-auth 5) and of next-auth 4, where sessions are JWTs. These are JWEs under a key that is made of the
 * secret with HKDF-SHA-256 (RFC 5869): `dir` with `A256CBC-HS512`, and with `A256GCM` in next-auth 4 and in Auth.js before that. `exp` and `nbf` are obeyed to
 * the millisecond. A token that was split over several cookies is given in one piece. Tokens of applications that replaced `encode` are not read.
 * @throws {SojournError} `invalid_option`
 */
export function authJs(options: AuthJsOptions): TokenReader {
  const { salt, subject } = options;
  const secrets = typeof options.secret === "string" ? [options.secret] : options.secret;
  secrets.forEach((secret, i) => {
    if (typeof secret !== "string" || secret === "") throw new SojournError("invalid_option", `secret[${i}] is no text. Give what AUTH_SECRET was.`);
  });
  if (secrets.length === 0) throw new SojournError("invalid_option", "secret is an empty list. Give what AUTH_SECRET was.");
  if (typeof salt !== "string" || salt === "") {
    throw new SojournError("invalid_option", 'salt is no text. Give the name of the cookie, such as "__Secure-authjs.session-token".');
  }
  // Kept are keys and no promises of them: on Workers, no request may wait for what another one has begun.
  let keys: Keys | undefined;

  return {
    async open(text, now) {
      const jwe = parseJwe(text);
      if (jwe?.enc !== "A256CBC-HS512" && jwe?.enc !== "A256GCM") return undefined;
      keys ??= await keysOf(secrets, salt);
      // The header's kid is a digest of the key, which says nothing that the tag does not say.
      const plaintext = jwe.enc === "A256GCM" ? await decryptGcm(keys.gcm, jwe) : await decryptCbc(keys.cbc, jwe);
      const claims = plaintext && jsonObject(plaintext);
      return claims && foreignOfClaims(claims, now, subject);
    },
  };
}

interface Keys {
  readonly cbc: readonly A256cbcHs512[];
  readonly gcm: readonly Awaited<ReturnType<typeof gcmKey>>[];
}

async function keysOf(secrets: readonly string[], salt: string): Promise<Keys> {
  const info = `Auth.js Generated Encryption Key (${salt})`;
  const cbc = await Promise.all(secrets.map((secret) => derived(secret, salt, info, 64)));
  const gcm = await Promise.all(
    secrets.flatMap((secret) => [derived(secret, "", "NextAuth.js Generated Encryption Key", 32), derived(secret, salt, info, 32)]),
  );
  return { cbc: cbc.map(a256cbcHs512), gcm: await Promise.all(gcm.map(gcmKey)) };
}

async function derived(secret: string, salt: string, info: string, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const base = await crypto.subtle.importKey("raw", utf8.encode(secret), "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: utf8.encode(salt), info: utf8.encode(info) }, base, bytes * 8));
}

const utf8 = new TextEncoder();

function gcmKey(bytes: Uint8Array<ArrayBuffer>) {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["decrypt"]);
}

async function decryptCbc(ciphers: Keys["cbc"], jwe: CompactJwe): Promise<Uint8Array | undefined> {
  for (const cipher of ciphers) {
    const plaintext = await cipher.decrypt(jwe, jwe.aad);
    if (plaintext !== undefined) return plaintext;
  }
  return undefined;
}

/** `A256GCM` (RFC 7518 section 5.3): 12 bytes of nonce, 16 of tag. WebCrypto takes shorter tags too, which are guessed. */
async function decryptGcm(keys: Keys["gcm"], { iv, ciphertext, tag, aad }: CompactJwe): Promise<Uint8Array | undefined> {
  if (iv.length !== 12 || tag.length !== 16) return undefined;
  const sealed = new Uint8Array([...ciphertext, ...tag]);
  for (const key of keys) {
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: aad, tagLength: 128 }, key, sealed));
    } catch {
      // It is of another key, or was changed.
    }
  }
  return undefined;
}
