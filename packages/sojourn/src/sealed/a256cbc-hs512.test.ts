import { expect, test } from "vitest";
import { a256cbcHs512 } from "./a256cbc-hs512.ts";

const key = Uint8Array.from({ length: 64 }, (_, i) => i);
const utf8 = new TextEncoder();

/** RFC 7518, appendix B.3. */
const vector = {
  plaintext: "A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience",
  aad: "The second principle of Auguste Kerckhoffs",
  iv: "1af38c2dc2b96ffdd86694092341bc04",
  ciphertext:
    "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b" +
    "36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950b" +
    "be2638d09dd7a4930930806d0703b1f6",
  tag: "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5",
};
const bytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, "hex"));
const encrypted = { iv: bytes(vector.iv), ciphertext: bytes(vector.ciphertext), tag: bytes(vector.tag) };

test("the example of RFC 7518 is decrypted, and nothing near it", async () => {
  const cipher = a256cbcHs512(key);
  const aad = utf8.encode(vector.aad);
  expect(new TextDecoder().decode(await cipher.decrypt(encrypted, aad))).toBe(vector.plaintext);
  for (const part of ["iv", "ciphertext", "tag"] as const) {
    for (let i = 0; i < encrypted[part].length; i++) {
      for (const mask of [1, 128]) {
        const changed = encrypted[part].slice();
        changed[i]! ^= mask;
        expect(await cipher.decrypt({ ...encrypted, [part]: changed }, aad)).toBeUndefined();
      }
    }
    for (const length of [0, 1, encrypted[part].length - 1]) {
      expect(await cipher.decrypt({ ...encrypted, [part]: encrypted[part].slice(0, length) }, aad)).toBeUndefined();
    }
    expect(await cipher.decrypt({ ...encrypted, [part]: new Uint8Array([...encrypted[part], 0]) }, aad)).toBeUndefined();
  }
  expect(await cipher.decrypt(encrypted, utf8.encode(`${vector.aad}.`))).toBeUndefined();
  // The first half authenticates and the second one encrypts: each of them counts.
  for (const i of [0, 31, 32, 63]) {
    const other = key.slice();
    other[i]! ^= 1;
    const plaintext = await a256cbcHs512(other).decrypt(encrypted, aad);
    expect(plaintext === undefined || new TextDecoder().decode(plaintext) !== vector.plaintext).toBe(true);
  }
});

test("what was encrypted is decrypted, with another iv each time", async () => {
  const cipher = a256cbcHs512(key);
  const seen = new Set<string>();
  for (let length = 0; length < 50; length++) {
    const plaintext = new Uint8Array(length).fill(length);
    const made = await cipher.encrypt(plaintext, utf8.encode("aad"));
    expect(await cipher.decrypt(made, utf8.encode("aad"))).toEqual(plaintext);
    expect(await cipher.decrypt(made, utf8.encode("add"))).toBeUndefined();
    seen.add(Buffer.from(made.iv).toString("hex"));
  }
  expect(seen.size).toBe(50);
});
