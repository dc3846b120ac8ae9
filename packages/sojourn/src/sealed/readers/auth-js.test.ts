import fc from "fast-check";
import { CompactEncrypt, EncryptJWT } from "jose";
import { hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { a256cbcHs512 } from "../a256cbc-hs512.ts";
import { authJs } from "./auth-js.ts";
import { anyData, cleaned, describeHostileInput, nested, poisoned } from "./hostile-input.fixture.ts";

// Imported so that nobody reads its types: they bring those of browsers with them, for every file of this package.
const { encode } = (await import(import.meta.resolve("@auth/core/jwt"))) as {
  encode(params: { token: Record<string, unknown>; secret: string; salt: string; maxAge?: number }): Promise<string>;
};

const secret = "a secret from openssl rand -base64 33";
const salt = "__Secure-authjs.session-token";
const reader = authJs({ secret, salt });

/** The key as next-auth 4 and as Auth.js make it. */
function derived(info: string, bytes: number, saltOf: string = salt, from: string = secret): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", from, saltOf, info, bytes));
}
const v4Key = (): Uint8Array => derived("NextAuth.js Generated Encryption Key", 32, "");
const v5Key = (bytes: number): Uint8Array => derived(`Auth.js Generated Encryption Key (${salt})`, bytes);

describe("A256CBC-HS512", () => {
  describeHostileInput(async () => ({
    open: (text) => reader.open(text, Date.now()),
    texts: [await encode({ token: { sub: "ada" }, secret, salt }), await encode({ token: { sub: "bob", name: "Bob" }, secret, salt })],
    large: (data) => encode({ token: data, secret, salt }),
  }));
});

describe("A256GCM", () => {
  const token = (claims: Record<string, unknown>): Promise<string> =>
    new EncryptJWT(claims).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(v4Key());
  describeHostileInput(async () => ({
    open: (text) => reader.open(text, Date.now()),
    texts: [await token({ sub: "ada" }), await token({ sub: "bob", name: "Bob" })],
    large: token,
  }));

  test("the tag is as long as it must be, wherever the full stop stands", async () => {
    const [head, , iv, ciphertext = "", tag = ""] = (await token({ sub: "ada", fill: "12" })).split(".");
    const bytes = Buffer.concat([Buffer.from(ciphertext, "base64url"), Buffer.from(tag, "base64url")]);
    for (let length = 0; length <= 32; length++) {
      const parts = [bytes.subarray(0, bytes.length - length), bytes.subarray(bytes.length - length)].map((part) => part.toString("base64url"));
      const foreign = await reader.open([head, "", iv, ...parts].join("."), Date.now());
      if (length === 16) expect(foreign?.subject).toBe("ada");
      else expect(foreign).toBeUndefined();
    }
  });

  test("of next-auth 4 is read: what 4.24.15 made in November 2026", async () => {
    const text =
      "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..Sj6svJNqaNYKwZbq.1E1DcmU5lRBZdM-WVEaZbUtItAhAi_HOtXXRo6_C3k0a0NVZVhaRslTZB6XsAhgFuiTqrOmZ" +
      "-6kikH-FJXALTlzq9_09c9Ege3xkpYSIMvdmvCAourLgDlgU9DkZendgIBqn8CTS2dXj5UwcZBCg1AQJCmekzpJ3wKA9sNBJe0VIMA.gFxnfpsJ1ToWm19zfxaiVA";
    const [issued, expires] = [1_795_390_793_000, 1_797_982_793_000];
    const data = { name: "Ada", email: "ada@example.com", jti: "788a30a7-0d19-47ec-86ef-7f8532fc138c" };
    expect(await reader.open(text, issued)).toEqual({ data, subject: "42", issued, expires });
    expect(await reader.open(text, expires)).toBeUndefined();
  });

  test("of next-auth 4 is read, and of Auth.js before it changed", async () => {
    for (const [key, from] of [
      [v4Key(), secret],
      [v5Key(32), secret],
      [derived("NextAuth.js Generated Encryption Key", 32, "", "an older secret"), "an older secret"],
    ] as const) {
      const text = await new EncryptJWT({ sub: "42", name: "Ada" }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).setExpirationTime("1h").encrypt(key);
      const foreign = await authJs({ secret: ["a newer secret", from], salt }).open(text, Date.now());
      expect(foreign).toMatchObject({ subject: "42", data: { name: "Ada" } });
      expect(await reader.open(text, Date.now() + 3_602_000)).toBeUndefined();
    }
  });
});

describe("Auth.js's own", () => {
  test("token is read, with whose it is and its times", async () => {
    const now = Date.now();
    const text = await encode({ token: { sub: "42", name: "Ada", email: "ada@example.com", roles: ["admin"] }, secret, salt, maxAge: 3_600 });
    const foreign = await reader.open(text, now);
    expect(foreign).toMatchObject({ subject: "42", data: { name: "Ada", email: "ada@example.com", roles: ["admin"] } });
    expect(Object.keys(foreign?.data ?? {}).toSorted()).toEqual(["email", "jti", "name", "roles"]);
    const { issued = 0, expires = 0 } = foreign ?? {};
    expect(Math.abs(issued - now)).toBeLessThan(5_000);
    expect(Math.abs(expires - issued - 3_600_000)).toBeLessThanOrEqual(1_000);
    expect(await reader.open(text, expires - 1)).toBeDefined();
    expect(await reader.open(text, expires)).toBeUndefined();
  });

  test("token of any of the secrets is read, and of no other secret or cookie", async () => {
    const text = await encode({ token: { sub: "42" }, secret, salt });
    expect((await authJs({ secret: ["a newer secret", secret], salt }).open(text, Date.now()))?.subject).toBe("42");
    expect(await authJs({ secret: ["a newer secret", "another"], salt }).open(text, Date.now())).toBeUndefined();
    expect(await authJs({ secret, salt: "authjs.session-token" }).open(text, Date.now())).toBeUndefined();
  });

  test("subject is another claim where the application says so", async () => {
    const text = await encode({ token: { sub: "random", email: "ada@example.com" }, secret, salt });
    const byMail = authJs({ secret, salt, subject: ({ email }) => (typeof email === "string" ? email : undefined) });
    expect(await byMail.open(text, Date.now())).toMatchObject({ subject: "ada@example.com", data: { sub: "random", email: "ada@example.com" } });
  });

  test("data of any kind comes back", async () => {
    await fc.assert(
      fc.asyncProperty(anyData, async (data) => {
        const { jti: _, ...back } = (await reader.open(await encode({ token: data, secret, salt }), Date.now()))?.data ?? {};
        expect(back).toEqual(data);
      }),
      { numRuns: 50 },
    );
  });

  test("data that could change other objects lose it", async () => {
    const foreign = await reader.open(await sealed(JSON.stringify(poisoned())), Date.now());
    expect(JSON.stringify(foreign?.data)).toBe(JSON.stringify(cleaned));
  });
});

describe("what the key sealed and nobody could have meant", () => {
  test.each([
    ["not yet", { nbf: 10_000_000_000 }],
    ["a time that is none", { exp: "tomorrow" }],
    ["a time that is none", { iat: null }],
    ["a time that is none", { nbf: {} }],
    ["over at once", { exp: 0 }],
    ["too deep", nested(65)],
  ])("%s: refused", async (_, claims) => {
    expect(await reader.open(await sealed(JSON.stringify(claims)), Date.now())).toBeUndefined();
  });

  test.each([["[1]"], ["1"], ["null"], ['"text"'], ["{"], [""], [`${"[".repeat(5_000)}${"]".repeat(5_000)}`]])("%s is refused", async (json) => {
    expect(await reader.open(await sealed(json), Date.now())).toBeUndefined();
  });

  test("a sub that cannot be a subject stays with the data", async () => {
    for (const sub of [42, "", "x".repeat(513), null]) {
      expect(await reader.open(await sealed(JSON.stringify({ sub })), Date.now())).toEqual({ data: { sub } });
    }
  });

  test("another algorithm under a key that is known is refused", async () => {
    const bytes = new TextEncoder().encode('{"sub":"ada"}');
    for (const [alg, enc, key] of [
      ["dir", "A128GCM", v4Key().slice(0, 16)],
      ["dir", "A192GCM", v4Key().slice(0, 24)],
      ["dir", "A128CBC-HS256", v4Key()],
      ["A256KW", "A256GCM", v4Key()],
      ["A256KW", "A256CBC-HS512", v5Key(32)],
      ["A256GCMKW", "A256CBC-HS512", v5Key(32)],
    ] as const) {
      expect(await reader.open(await new CompactEncrypt(bytes).setProtectedHeader({ alg, enc }).encrypt(key), Date.now())).toBeUndefined();
    }
    expect(await reader.open(await sealedAs("A256CBC-HS512"), Date.now())).toEqual({ data: {}, subject: "ada" });
    for (const enc of ["A192CBC-HS384", "A256GCM", "a256cbc-hs512", "none", ""]) expect(await reader.open(await sealedAs(enc), Date.now())).toBeUndefined();
  });
});

/** Under the key for `A256CBC-HS512`, whatever the header says: nobody else can make it. */
async function sealedAs(enc: string): Promise<string> {
  const head = Buffer.from(JSON.stringify({ alg: "dir", enc })).toString("base64url");
  const { iv, ciphertext, tag } = await a256cbcHs512(v5Key(64)).encrypt(Buffer.from('{"sub":"ada"}'), Buffer.from(head));
  return [head, "", ...[iv, ciphertext, tag].map((part) => Buffer.from(part).toString("base64url"))].join(".");
}

function sealed(text: string): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader({ alg: "dir", enc: "A256CBC-HS512" }).encrypt(v5Key(64));
}

test.each([
  ["secret is", { secret: [], salt }],
  ["secret[0]", { secret: "", salt }],
  ["secret[1]", { secret: [secret, ""], salt }],
  ["salt is", { secret, salt: "" }],
])("%s refused by name", (what, options) => {
  expect(() => authJs(options)).toThrow(expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(what) as string }));
});
