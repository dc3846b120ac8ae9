import type { MaybePromise } from "../core/seam.ts";

/** Bytes of a nonce of XAES-256-GCM: 192 random bits, of which 2^80 may be drawn under one key. */
export const nonceLength: number = 24;

/** Bytes of an authentication tag. */
export const tagLength: number = 16;

/** XAES-256-GCM (https://c2sp.org/XAES-256-GCM) under one key. */
export interface Xaes {
  /**
   * What stands in front, then what was sealed, then the tag: base64url without padding. `front` ends with the nonce, which must never have been used under
   * this key; it is read before this returns. The plaintext is `head` and then the UTF-8 bytes of `body`.
   */
  seal(front: Uint8Array, head: Uint8Array, body: string, aad: Uint8Array): MaybePromise<string>;
  /** The plaintext of what begins with its nonce at `from` and ends with its tag; `undefined` when anything was changed. The caller has checked that both are there. */
  open(sealed: Uint8Array, from: number, aad: Uint8Array): MaybePromise<Uint8Array | undefined>;
}

const block = 16;

/**
 * Steps 1 to 4 of the derivation but for the nonce: M1 and M2, each combined with K1, which is made from L (the encrypted block of zeros).
 * The nonce's first 12 bytes are mixed in for each token.
 */
export function templateOf(l: Uint8Array): Uint8Array {
  const template = new Uint8Array(2 * block);
  let carry = 0;
  for (let i = block - 1; i >= 0; i--) {
    const byte = l[i] as number;
    template[i] = ((byte << 1) | carry) & 255;
    carry = byte >> 7;
  }
  template[block - 1] = (template[block - 1] as number) ^ (carry * 0x87);
  template.copyWithin(block, 0, block);
  for (const [at, byte] of [1, 0x58].entries()) template[1 + at] = (template[1 + at] as number) ^ byte;
  for (const [at, byte] of [2, 0x58].entries()) template[block + 1 + at] = (template[block + 1 + at] as number) ^ byte;
  return template;
}

/** Writes into `blocks` the two blocks that, encrypted one by one under the key, are the key for the nonce that begins at `from`. */
export function mix(blocks: Uint8Array, template: Uint8Array, sealed: Uint8Array, from: number): void {
  blocks.set(template);
  for (let i = 0; i < 12; i++) {
    const byte = sealed[from + i] as number;
    blocks[4 + i] = (template[4 + i] as number) ^ byte;
    blocks[20 + i] = (template[20 + i] as number) ^ byte;
  }
}
