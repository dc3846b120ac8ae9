import { milliseconds, type Duration } from "../../core/duration.ts";
import { SojournError } from "../../core/errors.ts";
import { fromBase64url } from "../base64url.ts";
import { foreign, jsonObject, longestText } from "../foreign.ts";
import type { SubjectOf, TokenReader } from "../readers.ts";

/** Settings of {@link ironSession}. */
export interface IronSessionOptions {
  /** What iron-session was given: one password, or several under their numbers. At least 32 characters each. */
  readonly password: string | Readonly<Record<string, string>>;
  /**
   * How long seals were made to last, such as `"14d"`, from which it is known when one was made: their end is in them, their beginning is not. A number is
   * ms, and not seconds as there. Default: nothing is said of the beginning.
   */
  readonly ttl?: Duration;
  /** Default: nobody's. */
  readonly subject?: SubjectOf;
}

/** `Fe26.2*password id*salt*iv*ciphertext*end*salt of the MAC*MAC~2`, with the sizes that iron-session gives them. */
const seal = /^(Fe26\.2\*(\w{1,64})\*([0-9a-f]{64})\*([\w-]{22})\*([\w-]{22,})\*(\d{0,15}))\*([0-9a-f]{64})\*([\w-]{43})~2$/;

/**
 * Reads the seals that iron-session 8 and 9 keep in their cookies: `Fe26.2` of iron (AES-256-CBC, HMAC-SHA-256, keys by PBKDF2 with one round), with the
 * version `~2` behind. A seal is over at its end, without the minute that iron adds; one that was made with a `ttl` of 0 has no end.
 * @throws {SojournError} `invalid_option`
 */
export function ironSession(options: IronSessionOptions): TokenReader {
  const passwords = passwordsOf(options.password);
  const ttl = options.ttl === undefined ? undefined : milliseconds(options.ttl, "ttl");
  return {
    async open(text, now) {
      if (text.length > longestText) return undefined;
      const match = seal.exec(text) as string[] | null;
      if (match === null) return undefined;
      const [, signed, id, salt, iv, ciphertext, end, macSalt, mac] = match as [string, string, string, string, string, string, string, string, string];
      const password = passwords.get(id);
      const [macBytes, ivBytes, ciphertextBytes] = [mac, iv, ciphertext].map(fromBase64url);
      if (password === undefined || macBytes === undefined || ivBytes === undefined || ciphertextBytes === undefined) return undefined;
      const expires = end === "" ? undefined : Number(end);
      if (expires !== undefined && expires <= now) return undefined;

      const { subtle } = crypto;
      const macKey = await subtle.importKey("raw", await derived(password, macSalt), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
      if (!(await subtle.verify("HMAC", macKey, macBytes, utf8.encode(signed)))) return undefined;
      const key = await subtle.importKey("raw", await derived(password, salt), "AES-CBC", false, ["decrypt"]);
      const plaintext = await subtle.decrypt({ name: "AES-CBC", iv: ivBytes }, key, ciphertextBytes).catch(() => undefined);
      const data = plaintext && jsonObject(new Uint8Array(plaintext));
      if (data === undefined) return undefined;
      const issued = expires === undefined || ttl === undefined ? undefined : expires - ttl;
      return foreign(data, options.subject, { ...(issued === undefined ? {} : { issued }), ...(expires === undefined ? {} : { expires }) });
    },
  };
}

/** The salt counts as the text that it is, not as the bytes that it tells. */
async function derived(password: Uint8Array<ArrayBuffer>, salt: string): Promise<ArrayBuffer> {
  const base = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  return crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-1", salt: utf8.encode(salt), iterations: 1 }, base, 256);
}

const utf8 = new TextEncoder();

function passwordsOf(given: IronSessionOptions["password"]): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  // A single one goes by this number there.
  const passwords = Object.entries(typeof given === "string" ? { 1: given } : given);
  if (passwords.length === 0) throw new SojournError("invalid_option", "password is empty. Give the password that iron-session had.");
  for (const [id, password] of passwords) {
    if (/^\w{1,64}$/.test(id) && typeof password === "string" && password.length >= 32) continue;
    throw new SojournError("invalid_option", `password ${JSON.stringify(id)} is not a text of at least 32 characters. Give the one that iron-session had.`);
  }
  return new Map(passwords.map(([id, password]) => [id, utf8.encode(password)]));
}
