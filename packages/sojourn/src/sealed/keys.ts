import { randomFill } from "#platform";
import { base64url, bytesOf, hkdf } from "#sealing";
import { SojournError } from "../core/errors.ts";
import { andThen } from "../core/maybe.ts";
import type { MaybePromise } from "../core/seam.ts";
import { all } from "./all.ts";

/** A key: 32 random bytes, or the 43 characters of base64url (RFC 4648 section 5, no padding) that write them. Never a password. */
export type Key = string | Uint8Array;

/** The keys of what is sealed. The first seals; all open. What it holds cannot be read from it, printed or serialized. */
export interface Keyring {
  /** The public ids of the keys, base64url, the sealing one first. A promise on runtimes that have WebCrypto alone. */
  readonly ids: MaybePromise<readonly string[]>;
  /**
   * Puts other keys in place, at once and as a whole: the first seals from now on, and a key that is no longer among them opens nothing.
   * @throws {SojournError} `invalid_option`, naming the key by its place; the keys stay as they were.
   */
  replace(keys: readonly Key[]): void;
}

/** What a ring holds now: another array after each {@link Keyring.replace}. */
export interface Held {
  readonly keys: readonly Uint8Array[];
}

const keyLength = 32;
/** Bytes of a key's id. */
export const kidLength: number = 16;

// Beside the ring, not in it: what prints or serializes a ring finds no key.
const rings = new WeakMap<Keyring, Held>();

/** A new key, 43 characters: 256 random bits in base64url. */
export function newKey(): string {
  const bytes = new Uint8Array(keyLength);
  // Once in some billions chance makes a key that looks like a password.
  do randomFill(bytes);
  while (fault(bytes) !== undefined || fault(base64url(bytes)) !== undefined);
  return base64url(bytes);
}

/** @throws {SojournError} `invalid_option` for no keys, a key that is not 32 bytes, one that looks like a password, and one given twice; names it by its place. */
export function keyring(keys: readonly Key[]): Keyring {
  const held: { keys: readonly Uint8Array[] } = { keys: checked(keys) };
  const ring: Keyring = {
    get ids() {
      return all(held.keys.map((key) => andThen(kidOf(key), base64url)));
    },
    replace(next) {
      held.keys = checked(next);
    },
  };
  rings.set(ring, held);
  return ring;
}

/** What a ring holds, for those who seal. @throws {SojournError} `invalid_option` */
export function heldBy(ring: Keyring): Held {
  const held = rings.get(ring);
  if (held === undefined) throw new SojournError("invalid_option", "keys is no keyring. Make one with keyring([...]).");
  return held;
}

/**
 * The public id of a key, which also commits to it: to find two keys with one id takes 2^64 tries, and none of them would be in the ring.
 * So no token opens under two keys.
 */
export function kidOf(key: Uint8Array): MaybePromise<Uint8Array> {
  return hkdf(key, "sojourn s1 commit", kidLength);
}

function checked(keys: readonly Key[]): readonly Uint8Array[] {
  if (!Array.isArray(keys) || keys.length === 0) throw refused("keys", "has no key");
  const texts = new Map<string, number>();
  return keys.map((key: Key, i) => {
    const what = fault(key);
    if (what !== undefined) throw refused(`keys[${i}]`, what);
    // A copy: nobody else can change it.
    const bytes = new Uint8Array(typeof key === "string" ? (bytesOf(key) as Uint8Array) : key);
    const text = base64url(bytes);
    if (texts.has(text)) throw refused(`keys[${i}]`, `is the same key as keys[${texts.get(text)}]`);
    texts.set(text, i);
    return bytes;
  });
}

function refused(what: string, why: string): SojournError {
  return new SojournError(
    "invalid_option",
    `${what} ${why}. A key is 32 random bytes, or the 43 characters of base64url for them: npx sojournd keys new --sealing`,
  );
}

/** What is wrong with a key, in words that tell nothing of it. */
function fault(key: unknown): string | undefined {
  if (typeof key !== "string" && !(key instanceof Uint8Array)) return "is neither a text nor bytes";
  if (typeof key === "string" && key.length !== 43) return "is a text that is not 43 characters long";
  const bytes = typeof key === "string" ? bytesOf(key) : key;
  if (bytes === undefined) return "is not base64url";
  if (bytes.length !== keyLength) return "is not 32 bytes long";
  if (typeof key === "string" && (!/[a-z]/.test(key) || !/[A-Z]/.test(key))) return "looks like a password: it has letters of one case only";
  if (bytes.every((byte) => byte >= 32 && byte < 127)) return "looks like a password: all its bytes are printable characters";
  if (new Set(bytes).size < 16) return "was not drawn at random: its bytes repeat";
  return undefined;
}
