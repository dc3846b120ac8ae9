import { hkdf, hmacSha256 } from "#sealing";
import { clockCache } from "../../core/clock-cache.ts";
import { SojournError } from "../../core/errors.ts";
import { andThen } from "../../core/maybe.ts";
import type { MaybePromise } from "../../core/seam.ts";
import { heldBy, keyring, type Key } from "../../sealed/keys.ts";

/** What subjects and aliases are called in the store: the same name each time, which tells nothing without the key. */
export interface SealedNames {
  subject(subject: string): MaybePromise<string>;
  alias(alias: string): MaybePromise<string>;
}

/** Names remembered, in this process's memory only. */
const remembered = 10_000;

/** HMAC-SHA-256 under a subkey of its own for each of the two. @throws {SojournError} `invalid_option`, naming `names` */
export function namesOf(key: Key): SealedNames {
  const bytes = checked(key);
  return { subject: namer(bytes, "subject"), alias: namer(bytes, "alias") };
}

function namer(key: Uint8Array, of: "subject" | "alias"): (text: string) => MaybePromise<string> {
  const known = clockCache<string>(remembered);
  let subkey: Uint8Array | undefined;
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    return andThen<Uint8Array, string>(subkey ?? hkdf(key, `sojourn s1 names ${of}`, 32), (made) => {
      subkey = made;
      return andThen<string, string>(hmacSha256(made, text), (name) => {
        known.set(text, name);
        return name;
      });
    });
  };
}

function checked(key: Key): Uint8Array {
  try {
    return heldBy(keyring([key])).keys[0] as Uint8Array;
  } catch (error) {
    if (error instanceof SojournError) throw new SojournError("invalid_option", error.message.replace("keys[0]", "names"), { cause: error });
    throw error;
  }
}
