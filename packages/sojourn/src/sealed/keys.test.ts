import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SojournError } from "../core/errors.ts";
import { boxOf } from "./box.ts";
import { keyring, newKey, type Key } from "./keys.ts";

test("a new key is 43 characters of base64url for 32 bytes, another each time, and is taken as text and as bytes", async () => {
  const keys = Array.from({ length: 2_000 }, newKey);
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key).toMatch(/^[\w-]{43}$/);
  const [key = ""] = keys;
  expect(await keyring([Buffer.from(key, "base64url")]).ids).toEqual(await keyring([key]).ids);
  expect(() => keyring(keys)).not.toThrow();
});

test("ids are 16 bytes in base64url, in the order of the keys, and tell nothing of them", async () => {
  const keys = [newKey(), newKey(), newKey()];
  const ring = keyring(keys);
  const ids = await ring.ids;
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  ring.replace([keys[2]!, keys[0]!]);
  expect(await ring.ids).toEqual([ids[2], ids[0]]);
  // HKDF-SHA-256 of a known key, made by another program.
  expect(await keyring([Uint8Array.from({ length: 32 }, (_, i) => i)]).ids).toEqual([knownId]);
});

// openssl kdf -keylen 16 -kdfopt digest:SHA256 -kdfopt hexkey:000102…1f -kdfopt info:"sojourn s1 commit" HKDF
const knownId = "0rPG5y5-G9DY86pCwajemw";

describe("refused, by its place and with the way to a good one", () => {
  const good = newKey();
  const bytes = randomBytes(32);
  const refused: Record<string, [readonly unknown[], string, string]> = {
    "no key": [[], "keys has no key", ""],
    "a number": [[7], "keys[0] is neither", ""],
    nothing: [[good, undefined], "keys[1] is neither", ""],
    "an empty text": [[""], "keys[0] is a text that is not 43", ""],
    "a short password": [[good, "correct horse battery"], "keys[1] is a text that is not 43", "correct"],
    "a key with padding": [[`${good}=`], "keys[0] is a text that is not 43", good],
    "a key with a line end": [[`${good}\n`], "keys[0] is a text that is not 43", good],
    "a key in hexadecimal": [[bytes.toString("hex")], "keys[0] is a text that is not 43", bytes.toString("hex")],
    "base64 that is not base64url": [[`${"+/Aa".repeat(10)}abA`], "keys[0] is not base64url", "+/Aa"],
    "a text with spaces": [["Correct horse battery staple 1234567890 ABC"], "keys[0] is not base64url", "horse"],
    "bits that belong to no byte": [[`${good.slice(0, 42)}B`], "keys[0] is not base64url", good.slice(0, 42)],
    "31 bytes": [[bytes.subarray(1)], "keys[0] is not 32 bytes", ""],
    "33 bytes": [[Buffer.concat([bytes, bytes]).subarray(0, 33)], "keys[0] is not 32 bytes", ""],
    "small letters only": [["correct-horse-battery-staple-correct-horsec"], "keys[0] looks like a password", "horse"],
    "capitals only": [["CORRECT-HORSE-BATTERY-STAPLE-CORRECT-HORSEA"], "keys[0] looks like a password", "HORSE"],
    "a password's bytes": [[Buffer.from("Correct-Horse-Battery-Staple-1234")].map((key) => key.subarray(0, 32)), "keys[0] looks like a password", "Horse"],
    "a password in base64url": [[Buffer.from("Correct-Horse-Battery-Staple-123").toString("base64url")], "keys[0] looks like a password", "Horse"],
    zeros: [[new Uint8Array(32)], "keys[0] was not drawn at random", ""],
    "15 different bytes": [[Uint8Array.from({ length: 32 }, (_, i) => 200 + (i % 15))], "keys[0] was not drawn at random", ""],
    "the same key twice": [[newKey(), good, newKey(), good], "keys[3] is the same key as keys[1]", good],
    "the same key twice, as bytes": [[good, Buffer.from(good, "base64url")], "keys[1] is the same key as keys[0]", good],
  };
  for (const [what, [keys, begins, secret]] of Object.entries(refused)) {
    test(what, async () => {
      const ring = keyring([good]);
      const before = await ring.ids;
      for (const attempt of [() => keyring(keys as Key[]), () => ring.replace(keys as Key[])]) {
        const { code, message } = caught(attempt);
        expect(code).toBe("invalid_option");
        expect(message.startsWith(begins)).toBe(true);
        expect(message).toContain("npx sojournd keys new");
        if (secret !== "") expect(message).not.toContain(secret);
      }
      expect(await ring.ids).toEqual(before);
    });
  }

  test("in words that do not depend on the key: of 2,000 hostile ones there are but a few messages", () => {
    const hostile = fc.oneof(
      fc.string({ maxLength: 60, unit: "binary" }),
      fc.stringMatching(/^[\w-]{43}$/),
      fc.stringMatching(/^[a-z]{43}$/),
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ min: 32, max: 126, minLength: 32, maxLength: 32 }),
    );
    const seen = new Set<string>();
    fc.assert(
      fc.property(hostile, (key) => {
        try {
          keyring([key]);
        } catch (error) {
          seen.add((error as SojournError).message);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(seen.size).toBeGreaterThan(3);
    expect(seen.size).toBeLessThan(8);
  });
});

test("keys of which chance makes few are still taken: one of 16 different bytes, one with one capital", () => {
  expect(() => keyring([Uint8Array.from({ length: 32 }, (_, i) => 200 + (i % 16))])).not.toThrow();
  expect(() => keyring(["x8k2m9q4w7e1r5t3y6u0i_o-p2a4s6d8f1g3h5j7k9A"])).not.toThrow();
});

test("a ring that is printed, serialized or walked through shows no key, and changing the bytes that were given changes nothing", async () => {
  const bytes = randomBytes(32);
  const secrets = [bytes.toString("base64url"), bytes.toString("hex"), bytes.toString("base64"), [...bytes].join(",")];
  const ring = keyring([bytes]);
  const [id] = await ring.ids;
  const shown = [inspect(ring, { depth: 9, showHidden: true, getters: true }), JSON.stringify(ring), JSON.stringify(Reflect.ownKeys(ring).map(String))].join();
  for (const secret of secrets) expect(shown).not.toContain(secret);
  bytes.fill(0);
  expect(await ring.ids).toEqual([id]);
});

test("something else in place of a ring is refused when the box is made", () => {
  expect(caught(() => boxOf({ ids: [], replace: () => undefined }, "session")).message).toContain("keyring([...])");
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
