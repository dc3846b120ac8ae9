import { randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SojournError } from "../core/errors.ts";
import { boxOf } from "./box.ts";
import { compression, type Compression, type CompressionOptions } from "./compression.ts";
import { keyring, newKey } from "./keys.ts";

// On node:zlib all of it answers at once.
const packIn = (by: Compression, text: string): Uint8Array => by.pack(text) as Uint8Array;
const unpackIn = (by: Compression, bytes: Uint8Array): string | undefined => by.unpack(bytes) as string | undefined;
const plain = compression({ fields: ["page"] });
const dictionary = Buffer.from('{"sku":"A-","n":1,"theme":"dark","locale":"en-GB"}');
const withDictionary = compression({ fields: ["page"], dictionary });

describe.each([
  { name: "plain", by: plain, bucket: 64 },
  { name: "with a dictionary", by: withDictionary, bucket: 64 },
  { name: "in buckets of 100", by: compression({ fields: ["page"], bucket: 100 }), bucket: 100 },
])("$name", ({ by, bucket }) => {
  test("any text comes back, from a length that is a multiple of the bucket, whatever the bucket is by then", () => {
    const other = compression({ fields: ["page"], bucket: 1_024, ...(by === withDictionary && { dictionary }) });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 3_000 }), fc.json()), (text) => {
        const packed = packIn(by, text);
        expect(packed.length % bucket).toBe(0);
        expect(unpackIn(by, packed)).toBe(text);
        expect(unpackIn(other, packed)).toBe(text);
        expect(unpackIn(by, packIn(other, text))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test("every prefix, anything behind, a length that is another: undefined", () => {
    const packed = packIn(by, "a text, and again a text");
    for (let i = 0; i < packed.length; i++) {
      const prefix = packed.subarray(0, i);
      // Without the last zeros it says the same.
      if (packed.subarray(i).some((byte) => byte !== 0)) expect(unpackIn(by, prefix)).toBeUndefined();
    }
    expect(unpackIn(by, Buffer.concat([packed, Buffer.of(1)]))).toBeUndefined();
    expect(unpackIn(by, Buffer.concat([packed, new Uint8Array(1_024)]))).toBeUndefined();
    for (let length = 0; length < 128; length++) {
      if (length !== packed[0]) expect(unpackIn(by, Buffer.concat([Buffer.of(length), packed.subarray(1)]))).toBeUndefined();
    }
    for (const length of [[255], [255, 255, 255, 255, 255, 255, 255, 255, 255], [128], [255, 255, 255, 255, 255, 255, 255, 15]]) {
      expect(unpackIn(by, Buffer.from([...length, ...packed.subarray(1)]))).toBeUndefined();
    }
  });

  test("a length that reaches behind the end, though all of the data is there: undefined", () => {
    const packed = packIn(by, "a text, and again a text");
    const length = packed[0]!;
    expect(unpackIn(by, packed.subarray(0, 1 + length))).toBe("a text, and again a text");
    for (let more = 1; length + more < 128; more++) {
      expect(unpackIn(by, Buffer.concat([Buffer.of(length + more), packed.subarray(1, 1 + length)]))).toBeUndefined();
    }
  });

  test("rubbish is no text, and no error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, framed) => {
        const segment = framed ? Buffer.concat([Buffer.of(bytes.length & 127), bytes]) : bytes;
        const found = unpackIn(by, segment);
        // What happens to be one unfolds to little.
        if (found !== undefined) expect(found.length).toBeLessThan(262_145);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("unfolding is bounded:", () => {
  const framed = (deflated: Uint8Array): Uint8Array => {
    const length = [(deflated.length & 127) | 128, ((deflated.length >> 7) & 127) | 128, deflated.length >> 14];
    return Buffer.from([...length, ...deflated]);
  };

  test("a bomb of 50 kB that would be 50 MB", () => {
    const bomb = framed(deflateRawSync(Buffer.alloc(50_000_000), { level: 9 }));
    expect(bomb.length).toBeLessThan(51_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(unpackIn(plain, bomb)).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  });

  test("to most, exactly, both ways", () => {
    const by = compression({ fields: ["page"], most: 2_000 });
    expect(unpackIn(by, packIn(by, "€".repeat(666)))).toBe("€".repeat(666));
    expect(caught(() => packIn(by, "€".repeat(667)))).toMatchObject({ code: "too_large", message: expect.stringContaining("compression.most") as string });
    expect(unpackIn(by, packIn(plain, "x".repeat(2_000)))).toBe("x".repeat(2_000));
    expect(unpackIn(by, packIn(plain, "x".repeat(2_001)))).toBeUndefined();
  });

  test("bytes that are no UTF-8", () => {
    expect(unpackIn(plain, framed(deflateRawSync(Buffer.of(0xc3, 0x28))))).toBeUndefined();
    expect(unpackIn(plain, framed(deflateRawSync(Buffer.from("\ufeffa"))))).toBe("\ufeffa");
  });
});

describe("a dictionary", () => {
  const text = '{"sku":"A-1001","n":1,"theme":"dark","locale":"en-GB"}';
  test("makes it shorter", () => {
    const fine = { fields: ["page"], bucket: 16 };
    expect(packIn(compression({ ...fine, dictionary }), text).length).toBeLessThan(packIn(compression(fine), text).length);
  });

  test("that is another, or missing, or new: undefined, and never a wrong text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.string({ maxLength: 200 }), (bytes, what) => {
        const other = compression({ fields: ["page"], dictionary: bytes });
        expect(unpackIn(other, packIn(withDictionary, what))).toBeUndefined();
        expect(unpackIn(plain, packIn(other, what))).toBeUndefined();
        expect(unpackIn(other, packIn(plain, what))).toBeUndefined();
        expect(unpackIn(other, packIn(other, what))).toBe(what);
      }),
      { numRuns: 500 },
    );
  });

  test("is copied: changing it later changes nothing", () => {
    const bytes = Buffer.from(dictionary);
    const by = compression({ fields: ["page"], dictionary: bytes });
    bytes.fill(0);
    expect(unpackIn(by, packIn(withDictionary, text))).toBe(text);
  });
});

test("wrong settings are refused by name", () => {
  const wrong: [string, unknown][] = [
    ["compression.fields", { fields: [] }],
    ["compression.fields", {}],
    ["compression.fields[1]", { fields: ["a", ""] }],
    ["compression.fields[0]", { fields: ["$secret"] }],
    ["compression.fields[0]", { fields: [7] }],
    ...[0, 15, 1_025, 64.5, Number.NaN, "64"].map((bucket): [string, unknown] => ["compression.bucket", { fields: ["a"], bucket }]),
    ...[0, 1_023, 16_777_217, Number.POSITIVE_INFINITY].map((most): [string, unknown] => ["compression.most", { fields: ["a"], most }]),
    ...[new Uint8Array(0), new Uint8Array(32_769), "text"].map((given): [string, unknown] => ["compression.dictionary", { fields: ["a"], dictionary: given }]),
  ];
  for (const [setting, options] of wrong) {
    const { code, message } = caught(() => compression(options as CompressionOptions));
    expect(code).toBe("invalid_option");
    expect(message.startsWith(`${setting} `)).toBe(true);
  }
  expect([...compression({ fields: ["a", "b", "a"] }).fields]).toEqual(["a", "b"]);
});

/** What an attacker does who may write a public field and see how long the token is: he guesses at a secret beside it (CRIME, BREACH). */
describe("the length of a token", () => {
  const secrets = Array.from({ length: 8 }, () => randomBytes(16).toString("hex"));
  const box = boxOf(keyring([newKey()]), "session");
  const publicField = (guess: string, filler: string): string => JSON.stringify({ search: `${filler}csrf":"${guess}` });
  const privateField = (secret: string): string => JSON.stringify({ csrf: secret });
  const sealedLength = (segment: Uint8Array, rest: string): number => (box.seal(segment, rest, "") as string).length;
  // Filler that does not repeat brings each length to the edge of a bucket sooner or later.
  const fillers = Array.from({ length: 22 }, (_, i) =>
    randomBytes(48)
      .toString("base64url")
      .slice(0, 3 * i),
  );

  /** For how many of all guesses and fillers the length tells whether the guess is right. */
  function told(lengthOf: (secret: string, guess: string, filler: string) => number): number {
    let tells = 0;
    for (const filler of fillers) {
      for (const guess of secrets) {
        // The same guess is right for one secret and wrong for seven: the text that the attacker wrote is no reason for a difference.
        const lengths = new Set(secrets.map((secret) => lengthOf(secret, guess, filler)));
        if (lengths.size > 1) tells++;
      }
    }
    return tells;
  }

  test("never differs because a guess is right, when the secret is in another segment", () => {
    expect(told((secret, guess, filler) => sealedLength(packIn(plain, publicField(guess, filler)), privateField(secret)))).toBe(0);
  });

  test("would differ with both in one segment, padded or not: this measurement can fail", () => {
    const whole = fillers.length * secrets.length;
    const bare = told((secret, guess, filler) => sealedLength(deflateRawSync(publicField(guess, filler) + privateField(secret), { level: 9 }), ""));
    expect(bare).toBeGreaterThan(whole * 0.9);
    const padded = told((secret, guess, filler) => sealedLength(packIn(plain, publicField(guess, filler) + privateField(secret)), ""));
    expect(padded).toBeGreaterThan(whole * 0.1);
  });
});

function caught(action: () => unknown): SojournError {
  try {
    action();
  } catch (error) {
    if (error instanceof SojournError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
