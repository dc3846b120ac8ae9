import { bytesOf, hkdf, utf8, xaes } from "#sealing";
import { SojournError } from "../core/errors.ts";
import { andThen, isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/seam.ts";
import { all } from "./all.ts";
import { heldBy, kidLength, kidOf, type Keyring } from "./keys.ts";
import { drawNonce } from "./nonce.ts";
import { nonceLength, tagLength, type Xaes } from "./xaes.ts";

export { utf8 } from "#sealing";

/** Seals texts for one purpose, and opens them. Format `s1`: base64url of version 1, the key's id (16 bytes), nonce (24), ciphertext, tag (16). */
export interface Box {
  /**
   * Seals `head` and the UTF-8 bytes of `body` under the first key: XAES-256-GCM with a random nonce. It opens with the same `context` only, which the text
   * does not hold. Lone surrogates of `body` become U+FFFD.
   * @throws {SojournError} `too_large` beyond {@link textBound} characters, `invalid_option` for a context with a lone surrogate
   */
  seal(head: Uint8Array, body: string, context: string): MaybePromise<string>;
  /**
   * What was sealed; `undefined` for everything else, whatever is wrong with it. The key's id is public, and so is how far a text with a foreign one comes:
   * nothing that is secret decides how long an answer takes.
   */
  open(text: string, context: string): MaybePromise<Opened | undefined>;
}

export interface Opened {
  /** The head, and then the UTF-8 bytes of the body. */
  readonly bytes: Uint8Array;
  /** Whether the first key sealed it. If not, seal it again when it is next written. */
  readonly current: boolean;
}

/** The most characters of a sealed text: longer ones are neither made nor looked at. */
export const textBound: number = 65_536;

const version = 1;
const noncePlace = 1 + kidLength;
const frontLength = noncePlace + nonceLength;
/** Characters of a text with nothing in it. */
const least = Math.ceil(((frontLength + tagLength) * 4) / 3);
/** Contexts whose bytes are remembered for a key. There is one for each cookie of each tenant and kind. */
const contextBound = 256;

/** What one key seals with for one purpose. */
interface Sealer {
  readonly cipher: Xaes;
  /** Version, the key's id and the nonce of the text that is being sealed. */
  readonly front: Uint8Array;
  readonly aads: Map<string, Uint8Array>;
}

/** Purposes have keys of their own, so nothing that was sealed for one opens for another. @throws {SojournError} `invalid_option` */
export function boxOf(ring: Keyring, purpose: string): Box {
  // "commit" makes the ids of keys, which are public.
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(purpose) || purpose === "commit") {
    throw new SojournError("invalid_option", `The purpose ${JSON.stringify(purpose)} cannot be used. Use small letters, digits and hyphens, and not "commit".`);
  }
  const held = heldBy(ring);
  let made: { readonly keys: readonly Uint8Array[]; readonly sealers: readonly Sealer[] } | undefined;

  // What is remembered is the result, never a promise: on Workers one that a request began may end with it.
  function sealersNow(): MaybePromise<readonly Sealer[]> {
    const { keys } = held;
    if (made?.keys === keys) return made.sealers;
    return andThen<readonly Sealer[], readonly Sealer[]>(all(keys.map((key) => sealerOf(key, purpose))), (ready) => {
      made = { keys, sealers: ready };
      return ready;
    });
  }

  /** Does it with the keys of now. If these were replaced before a promise was kept, it counts for nothing. */
  function withSealers<T>(act: (sealers: readonly Sealer[]) => MaybePromise<T>): MaybePromise<T> {
    const { keys } = held;
    const answer = andThen(sealersNow(), act);
    return isPromise(answer) ? answer.then((value) => (held.keys === keys ? value : withSealers(act))) : answer;
  }

  return {
    seal: (head, body, context) => withSealers((sealers) => andThen(sealedBy(sealers[0] as Sealer, head, body, context), fitting)),
    open(text, context) {
      if (typeof text !== "string" || text.length < least || text.length > textBound) return undefined;
      const sealed = bytesOf(text);
      if (sealed === undefined || sealed[0] !== version) return undefined;
      return withSealers((sealers) => openedBy(sealers, sealed, context));
    },
  };
}

function sealerOf(key: Uint8Array, purpose: string): MaybePromise<Sealer> {
  return andThen(kidOf(key), (kid) =>
    andThen(hkdf(key, `sojourn s1 ${purpose}`, 32), (subkey) =>
      andThen(xaes(subkey), (cipher) => {
        const front = new Uint8Array(frontLength);
        front[0] = version;
        front.set(kid, 1);
        return { cipher, front, aads: new Map() };
      }),
    ),
  );
}

function sealedBy(sealer: Sealer, head: Uint8Array, body: string, context: string): MaybePromise<string> {
  const aad = aadOf(sealer, context);
  if (aad === undefined) throw new SojournError("invalid_option", "The context has half of a surrogate pair. Use well-formed text.");
  drawNonce(sealer.front, noncePlace);
  return sealer.cipher.seal(sealer.front, head, body, aad);
}

function fitting(text: string): string {
  if (text.length <= textBound) return text;
  throw new SojournError(
    "too_large",
    `What is to be sealed makes ${text.length} characters; ${textBound} is the most. Keep less of it, or keep it in a store.`,
  );
}

function openedBy(sealers: readonly Sealer[], sealed: Uint8Array, context: string): MaybePromise<Opened | undefined> {
  const sealer = sealers.find(({ front }) => sameKid(front, sealed));
  const aad = sealer && aadOf(sealer, context);
  if (sealer === undefined || aad === undefined) return undefined;
  const current = sealer === sealers[0];
  return andThen(sealer.cipher.open(sealed, noncePlace, aad), (bytes) => bytes && { bytes, current });
}

/** All bytes are compared, though an id is public and a guess at one gains nothing: the tag decides. */
function sameKid(front: Uint8Array, sealed: Uint8Array): boolean {
  let difference = 0;
  for (let i = 1; i < noncePlace; i++) difference |= (front[i] as number) ^ (sealed[i] as number);
  return difference === 0;
}

/** Version, the key's id, the context: the first two have one length, so no two contexts give the same bytes. */
function aadOf({ front, aads }: Sealer, context: string): Uint8Array | undefined {
  const known = aads.get(context);
  if (known !== undefined) return known;
  const text = new TextEncoder().encode(context);
  if (utf8(text, 0) !== context) return undefined;
  const aad = new Uint8Array(noncePlace + text.length);
  aad.set(front.subarray(0, noncePlace));
  aad.set(text, noncePlace);
  if (aads.size >= contextBound) aads.clear();
  aads.set(context, aad);
  return aad;
}
