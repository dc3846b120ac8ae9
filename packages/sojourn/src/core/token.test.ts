import fc from "fast-check";
import { expect, test } from "vitest";
import { hashOf, idOf, isId, isToken, newId, newSecret, sameText, tokenLength } from "./token.ts";

test("ids and tokens have their shape, and no two are the same", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const id = newId(1_700_000_000_000 + i);
    const secret = newSecret();
    if (!isId(id) || !isToken(`${id}.${secret}`)) throw new Error(`${id}.${secret} has not the shape of a token`);
    seen.add(id).add(secret);
  }
  expect(seen.size).toBe(40_000);
});

test("ids sort by the time of their creation", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }), (a, b) => {
      if (a !== b) expect(newId(a) < newId(b)).toBe(a < b);
    }),
  );
});

test("every random bit of a secret and an id varies", () => {
  const secrets = Array.from({ length: 4_000 }, newSecret);
  for (let place = 0; place < 32; place++) expect(new Set(secrets.map((secret) => secret[place])).size).toBe(64);
  const ids = Array.from({ length: 4_000 }, () => newId(0));
  for (let place = 10; place < 26; place++) expect(new Set(ids.map((id) => id[place])).size).toBe(32);
});

test("anything else than a token is not a token: truncated, extended, foreign, with any character changed to one outside its alphabet", () => {
  const token = `${newId(Date.now())}.${newSecret()}`;
  fc.assert(
    fc.property(fc.nat(tokenLength - 1), fc.constantFrom("\u0000", " ", "/", ".", "ı", "=", "%", "😀", "\u00a0"), (place, character) => {
      if (token[place] !== character) expect(isToken(token.slice(0, place) + character + token.slice(place + 1))).toBe(false);
      expect(isToken(token.slice(0, place))).toBe(false);
      expect(isToken(token + character)).toBe(false);
    }),
  );
  for (const foreign of ["", ".", "__proto__", "../../etc/passwd", "s%3Aabc.def", `${"0".repeat(26)}.`, "a".repeat(1_000_000), token.toUpperCase()]) {
    expect(isToken(foreign)).toBe(false);
  }
});

test("the hash is SHA-256 of the secret alone (FIPS 180-4 test message)", async () => {
  const token = `${newId(0)}.abc`;
  expect(Buffer.from(await hashOf(token), "base64url").toString("hex")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(idOf(token)).toBe(token.slice(0, 26));
});

test("sameText tells texts apart", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(sameText(a, b)).toBe(a === b);
      expect(sameText(a, a)).toBe(true);
    }),
  );
});
