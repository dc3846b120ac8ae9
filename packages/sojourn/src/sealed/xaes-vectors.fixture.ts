import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** A message of XAES-256-GCM as C2SP writes it down. */
export interface Vector {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly aad: Uint8Array;
}

const ascii = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** The two test vectors of https://c2sp.org/XAES-256-GCM: the first has the highest bit of L clear, the second has it set. */
export const vectors: readonly (Vector & { readonly ciphertext: string })[] = [
  {
    key: new Uint8Array(32).fill(1),
    nonce: ascii("ABCDEFGHIJKLMNOPQRSTUVWX"),
    plaintext: ascii("XAES-256-GCM"),
    aad: ascii(""),
    ciphertext: "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
  },
  {
    key: new Uint8Array(32).fill(3),
    nonce: ascii("ABCDEFGHIJKLMNOPQRSTUVWX"),
    plaintext: ascii("XAES-256-GCM"),
    aad: ascii("c2sp.org/XAES-256-GCM"),
    ciphertext: "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
  },
];

/** What the ciphertexts of the accumulated tests hash to, by their number. */
export const accumulated: Readonly<Record<number, string>> = {
  10_000: "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939",
  1_000_000: "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15",
};

/** The messages of the accumulated tests, drawn from SHAKE-128 of nothing. */
export function* messages(count: number): Generator<Vector> {
  // 58 bytes and two texts of up to 255 each; the last may not need all.
  const stream = createHash("shake128", { outputLength: count * 320 + 100_000 }).digest();
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > stream.length) throw new RangeError("the stream was drawn too short");
    return stream.subarray(at, (at += length));
  };
  for (let i = 0; i < count; i++) {
    const key = take(32);
    const nonce = take(24);
    const plaintext = take(take(1)[0] as number);
    const aad = take(take(1)[0] as number);
    yield { key, nonce, plaintext, aad };
  }
}
