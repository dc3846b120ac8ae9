import fc from "fast-check";
import { CompactEncrypt, EncryptJWT, compactDecrypt, decodeProtectedHeader, jwtDecrypt } from "jose";
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { SojournError } from "../core/errors.ts";
import { a256cbcHs512 } from "./a256cbc-hs512.ts";
import { jwe } from "./jwe.ts";
import { anyData, cleaned, describeHostileInput, nested, poisoned } from "./readers/hostile-input.fixture.ts";

const key = Uint8Array.from(randomBytes(64));
const ours = jwe({ key });
const now = Date.now();
const second = Math.floor(now / 1_000) * 1_000;
const header = { alg: "dir", enc: "A256CBC-HS512" };
const utf8 = new TextEncoder();

describeHostileInput(async () => ({
  open: (text) => ours.open(text, now),
  texts: [await ours.seal({ cart: ["pear"] }, { subject: "ada", expires: now + 60_000 }), await ours.seal({ theme: "dark", n: 12 })],
  large: async (data) => sealed(header, JSON.stringify(data)),
}));

describe("with jose", () => {
  test("what is sealed here is opened there", async () => {
    await fc.assert(
      fc.asyncProperty(anyData, async (claims) => {
        const { plaintext, protectedHeader } = await compactDecrypt(await ours.seal(claims), key);
        expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual(claims);
        expect(protectedHeader).toEqual(header);
      }),
      { numRuns: 50 },
    );
    const named = jwe({ key: Buffer.from(key).toString("base64url"), kid: "2026-11" });
    const text = await named.seal({ theme: "dark", aud: "shop" }, { subject: "ada", issued: now, expires: now + 60_000 });
    expect(decodeProtectedHeader(text)).toEqual({ ...header, kid: "2026-11" });
    const { payload } = await jwtDecrypt(text, key, { audience: "shop", subject: "ada", maxTokenAge: "10m" });
    expect(payload).toEqual({ theme: "dark", aud: "shop", sub: "ada", iat: second / 1_000, exp: second / 1_000 + 60 });
    await expect(jwtDecrypt(text, key, { currentDate: new Date(second + 60_000) })).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" });
    expect(await ours.open(text, second + 59_999)).toBeDefined();
    expect(await ours.open(text, second + 60_000)).toBeUndefined();
  });

  test("what is sealed there is opened here", async () => {
    await fc.assert(
      fc.asyncProperty(anyData, async (claims) => {
        const text = await new CompactEncrypt(utf8.encode(JSON.stringify(claims))).setProtectedHeader(header).encrypt(key);
        expect(await ours.open(text, now)).toEqual({ data: claims });
      }),
      { numRuns: 50 },
    );
    const text = await new EncryptJWT({ theme: "dark", iss: "billing" })
      .setProtectedHeader({ ...header, kid: "another name", typ: "JWT" })
      .setSubject("ada")
      .setIssuedAt(second / 1_000)
      .setNotBefore(second / 1_000 + 1)
      .setExpirationTime(second / 1_000 + 60)
      .encrypt(key);
    const foreign = { data: { theme: "dark", iss: "billing", nbf: second / 1_000 + 1 }, subject: "ada", issued: second, expires: second + 60_000 };
    expect(await ours.open(text, second)).toBeUndefined();
    expect(await ours.open(text, second + 1_000)).toEqual(foreign);
    expect(await ours.open(text, second + 59_999)).toEqual(foreign);
    expect(await ours.open(text, second + 60_000)).toBeUndefined();
    expect(await jwe({ key: Uint8Array.from(randomBytes(64)) }).open(text, second + 1_000)).toBeUndefined();
  });

  test("what is sealed with another algorithm is not opened", async () => {
    for (const [alg, enc, part] of [
      ["dir", "A128CBC-HS256", key.slice(0, 32)],
      ["dir", "A192CBC-HS384", key.slice(0, 48)],
      ["dir", "A256GCM", key.slice(0, 32)],
      ["A256KW", "A256CBC-HS512", key.slice(0, 32)],
      ["A256GCMKW", "A256CBC-HS512", key.slice(32)],
      ["PBES2-HS512+A256KW", "A256CBC-HS512", key],
    ] as const) {
      const text = await new CompactEncrypt(utf8.encode("{}")).setProtectedHeader({ alg, enc }).encrypt(part);
      expect(await ours.open(text, now)).toBeUndefined();
    }
  });
});

/** Sealed under the key, as only who has it can. */
async function sealed(protectedHeader: unknown, plaintext: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const head = Buffer.from(typeof protectedHeader === "string" ? protectedHeader : JSON.stringify(protectedHeader)).toString("base64url");
  const body = typeof plaintext === "string" ? utf8.encode(plaintext) : plaintext;
  const { iv, ciphertext, tag } = await a256cbcHs512(key).encrypt(body, utf8.encode(head));
  return [head, "", ...[iv, ciphertext, tag].map((part) => Buffer.from(part).toString("base64url"))].join(".");
}

describe("what the key sealed and nobody could have meant", () => {
  test.each([
    ["none", { ...header, alg: "none" }],
    ["no alg", { enc: "A256CBC-HS512" }],
    ["alg in other letters", { ...header, alg: "DIR" }],
    ["enc none", { ...header, enc: "none" }],
    ["enc of another cipher", { ...header, enc: "A256GCM" }],
    ["no enc", { alg: "dir" }],
    ["enc as a list", { ...header, enc: ["A256CBC-HS512"] }],
    ["zip", { ...header, zip: "DEF" }],
    ["zip none", { ...header, zip: null }],
    ["crit", { ...header, crit: ["b64"], b64: false }],
    ["an array", [header]],
    ["a text", '"dir"'],
    ["no JSON", "{alg:dir}"],
    ["alg by inheritance", '{"__proto__":{"alg":"dir","enc":"A256CBC-HS512"}}'],
    ["too deep", { ...header, ...nested(65) }],
  ])("a header with %s is refused", async (_, wrong) => {
    expect(await ours.open(await sealed(header, '{"n":1}'), now)).toEqual({ data: { n: 1 } });
    expect(await ours.open(await sealed(wrong, '{"n":1}'), now)).toBeUndefined();
  });

  test("an encrypted key beside a shared one is refused", async () => {
    const text = await sealed(header, "{}");
    expect(await ours.open(text.replace("..", ".AAAA."), now)).toBeUndefined();
  });

  test("data that could change other objects lose it", async () => {
    expect(JSON.stringify((await ours.open(await sealed(header, JSON.stringify(poisoned())), now))?.data)).toBe(JSON.stringify(cleaned));
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("what is no JSON object, too deep, no UTF-8 or of no time is refused", async () => {
    expect((await ours.open(await sealed(header, JSON.stringify(nested(64))), now))?.data).toEqual(nested(64));
    const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
    for (const plaintext of [
      JSON.stringify(nested(65)),
      deep,
      `{"a":${deep}}`,
      "[]",
      "1",
      "null",
      '"a"',
      "",
      "{",
      "\ufeff{}",
      '{"exp":"1"}',
      '{"iat":true}',
      '{"exp":1e999}',
      '{"n":[-1e999]}',
    ]) {
      expect(await ours.open(await sealed(header, plaintext), now)).toBeUndefined();
    }
    expect(await ours.open(await sealed(header, Buffer.from('{"a":"\xff"}', "latin1")), now)).toBeUndefined();
  });
});

describe("sealing", () => {
  test("gives what opening gives back", async () => {
    const text = await ours.seal({ a: [1, "ü", null], none: undefined }, { subject: "ada", issued: now, expires: now + 1_000 });
    expect(await ours.open(text, now)).toEqual({ data: { a: [1, "ü", null] }, subject: "ada", issued: second, expires: second + 1_000 });
    expect(text).not.toBe(await ours.seal({ a: [1, "ü", null] }, { subject: "ada", issued: now, expires: now + 1_000 }));
  });

  test.each<[string, Record<string, unknown>, object, string]>([
    ["a Date", { at: new Date(0) }, {}, "claims.at"],
    ["__proto__", JSON.parse('{"a":{"__proto__":1}}') as Record<string, unknown>, {}, "__proto__"],
    ["constructor", { a: { constructor: 1 } }, {}, "constructor"],
    ["65 levels", nested(65), {}, "deep"],
    ["exp twice", { exp: 1 }, { expires: now }, "exp"],
    ["sub twice", { sub: "a" }, { subject: "a" }, "sub"],
    ["exp as a text", { exp: "tomorrow" }, {}, "exp"],
    ["expires without a number", {}, { expires: Number.NaN }, "expires"],
    ["an empty subject", {}, { subject: "" }, "subject"],
  ])("%s is refused by name", async (_, claims, options, what) => {
    await expect(ours.seal(claims, options)).rejects.toThrow(
      expect.objectContaining({ code: "invalid_field", message: expect.stringContaining(what) as string }),
    );
  });

  test("what would be refused for its length is not made", async () => {
    const longest = "x".repeat(12_155);
    const text = await ours.seal({ a: longest });
    expect(text.length).toBeLessThanOrEqual(16_384);
    expect((await ours.open(text, now))?.data).toEqual({ a: longest });
    for (const length of [12_300, 20_000, 1_000_000]) await expect(ours.seal({ a: "x".repeat(length) })).rejects.toMatchObject({ code: "too_large" });
  });
});

describe("a key", () => {
  const random = Buffer.from(key).toString("base64url");
  test.each<[string, Uint8Array | string]>([
    ["63 bytes", key.slice(1)],
    ["65 bytes", new Uint8Array([...key, 1])],
    ["32 bytes", key.slice(32)],
    ["nothing", ""],
    ["a password", "correct horse battery staple, correct horse battery staple, correct horse battery staple"],
    ["padding", Buffer.from(key).toString("base64")],
    ["85 characters", random.slice(1)],
    ["zeros", new Uint8Array(64)],
    ["a passphrase's bytes", utf8.encode("Do not hang 14 old red-hot pans; BUY twelve quick jam-fixers: Zo")],
    ["base64 taken for bytes", utf8.encode("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/")],
    ["two hundred and fifty-six", "abcd".repeat(21) + "ab"],
    ["no bytes", null as never],
  ])("%s is none, and it is not told", (_, wrong) => {
    let error: unknown;
    try {
      jwe({ key: wrong });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SojournError);
    expect(error).toMatchObject({ code: "invalid_option" });
    const { message } = error as Error;
    expect(message).toMatch(/^key /);
    if (typeof wrong === "string" && wrong !== "") expect(message).not.toContain(wrong.slice(0, 20));
  });

  test("of random bytes is taken, and a copy of it", async () => {
    for (let i = 0; i < 500; i++) jwe({ key: Uint8Array.from(randomBytes(64)) });
    const bytes = Uint8Array.from(randomBytes(64));
    const kept = jwe({ key: bytes });
    const same = jwe({ key: Buffer.from(bytes).toString("base64url") });
    bytes.fill(0);
    expect(await same.open(await kept.seal({ n: 1 }), now)).toEqual({ data: { n: 1 } });
  });

  test.each(["", "a b", "ü", "a\n", "x".repeat(129)])("%j does not name one", (kid) => {
    expect(() => jwe({ key, kid })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});
