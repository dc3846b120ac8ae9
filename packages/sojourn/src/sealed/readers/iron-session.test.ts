import fc from "fast-check";
import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { getIronSession, sealData } from "iron-session";
import { describe, expect, test } from "vitest";
import { anyData, cleaned, describeHostileInput, nested, poisoned } from "./hostile-input.fixture.ts";
import { ironSession } from "./iron-session.ts";

const password = "correct horse battery staple, and more";
const other = "another password, of more than 32 characters";
const day = 86_400_000;

describeHostileInput(async () => ({
  open: (text) => ironSession({ password }).open(text, Date.now()),
  texts: [await sealData({ user: "ada" }, { password }), await sealData({ user: "bob", cart: ["pear"] }, { password })],
  large: async (data) => sealData(data, { password }),
}));

describe("iron-session's own", () => {
  test("cookie is read, with its end and its beginning", async () => {
    const before = Date.now();
    const response = new Response();
    const session = await getIronSession<{ user?: string; cart?: string[] }>(new Request("https://shop.example/"), response, { cookieName: "shop", password });
    session.user = "ada";
    session.cart = ["pear", "Käse ✓"];
    await session.save();
    const after = Date.now();
    const text = /^shop=([^;]*)/.exec(response.headers.getSetCookie()[0] ?? "")?.[1] ?? "";

    const reader = ironSession({ password, ttl: "14d", subject: ({ user }) => (typeof user === "string" ? user : undefined) });
    const foreign = await reader.open(text, after);
    expect(foreign).toMatchObject({ data: { user: "ada", cart: ["pear", "Käse ✓"] }, subject: "ada" });
    const { issued = 0, expires = 0 } = foreign ?? {};
    expect(expires - issued).toBe(14 * day);
    expect(issued).toBeGreaterThanOrEqual(before);
    expect(issued).toBeLessThanOrEqual(after);
    expect(await reader.open(text, expires - 1)).toBeDefined();
    expect(await reader.open(text, expires)).toBeUndefined();
  });

  test("seals of every password that is still known are read, by their number", async () => {
    const old = await sealData({ n: 1 }, { password: { 1: password } });
    const young = await sealData({ n: 2 }, { password: { 1: password, 2: other } });
    const both = ironSession({ password: { 1: password, 2: other } });
    expect((await both.open(old, Date.now()))?.data).toEqual({ n: 1 });
    expect((await both.open(young, Date.now()))?.data).toEqual({ n: 2 });
    expect(await ironSession({ password: { 2: other } }).open(old, Date.now())).toBeUndefined();
    expect(await ironSession({ password: { 1: other } }).open(old, Date.now())).toBeUndefined();
    for (const id of ["constructor", "__proto__", "toString", "default"]) {
      expect(await both.open(old.replace("*1*", `*${id}*`), Date.now())).toBeUndefined();
    }
  });

  test("seal without an end has none", async () => {
    const text = await sealData({ n: 1 }, { password, ttl: 0 });
    expect(await ironSession({ password, ttl: "1h" }).open(text, Date.now() + 10_000 * day)).toEqual({ data: { n: 1 } });
  });

  test("seal of release 9 is read: what 9.0.1 made in November 2026", async () => {
    const salts = ["75de8c2daa497deb24c542f9b5de90af17b479a0f61e400f44d5dbb067db75ca", "49502276ffeb541c7227383b592ece79d2cc2fbfe268318efefbde80a50ccd96"];
    const text =
      `Fe26.2*1*${salts[0]}*_jnGRsEqXzJ3kTVzhQHNVw*YzxlMtj3dHiSF3d-qPacLf-Y7yurqhRjYmGTBfihwYQ*1796600393973*` +
      `${salts[1]}*c5TilzEDggOWHbfm7RI-4rgcFokh35t8YfYRT2NAWsg~2`;
    const expires = 1_796_600_393_973;
    expect(await ironSession({ password }).open(text, expires - 1)).toEqual({ data: { user: "ada", cart: ["pear"] }, expires });
    expect(await ironSession({ password }).open(text, expires)).toBeUndefined();
  });

  test("data of any kind comes back", async () => {
    const reader = ironSession({ password });
    await fc.assert(
      fc.asyncProperty(anyData, async (data) => {
        expect((await reader.open(await sealData(data, { password }), Date.now()))?.data).toEqual(data);
      }),
      { numRuns: 50 },
    );
  });

  test("data that could change other objects lose it, and what is too deep or no object is refused", async () => {
    const reader = ironSession({ password });
    const open = async (data: unknown) => (await reader.open(await sealData(data, { password }), Date.now()))?.data;
    expect(JSON.stringify(await open(poisoned()))).toBe(JSON.stringify(cleaned));
    expect(await open(nested(64))).toEqual(nested(64));
    expect(await open(nested(65))).toBeUndefined();
    expect(await open(nested(1_000))).toBeUndefined();
    for (const value of [[1], "text", 1, null, true]) expect(await open(value)).toBeUndefined();
  });

  test("seal that the password made, and nobody could have meant, is refused", async () => {
    expect(await ironSession({ password }).open(byHand(Buffer.from('{"n":1}')), Date.now())).toEqual({ data: { n: 1 } });
    for (const plaintext of ["", "{", "{n:1}", '{"n":"\xff"}', '{"n":1e999}']) {
      expect(await ironSession({ password }).open(byHand(Buffer.from(plaintext, "latin1")), Date.now())).toBeUndefined();
    }
    // No block, and one without padding.
    expect(await ironSession({ password }).open(byHand(Buffer.alloc(17), false), Date.now())).toBeUndefined();
    expect(await ironSession({ password }).open(byHand(Buffer.from('{"n":1         }'), false), Date.now())).toBeUndefined();
  });

  test("seal of another version is refused", async () => {
    const text = await sealData({ persistent: { n: 1 } }, { password });
    for (const end of ["", "~1", "~3", "~22", "~"]) expect(await ironSession({ password }).open(text.replace(/~2$/, end), Date.now())).toBeUndefined();
  });
});

/** As iron does it. */
function byHand(plaintext: Buffer, padded: boolean = true): string {
  const [salt, macSalt] = [randomBytes(32).toString("hex"), randomBytes(32).toString("hex")];
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-256-cbc", pbkdf2Sync(password, salt, 1, 32, "sha1"), iv).setAutoPadding(padded);
  const whole = plaintext.length % 16 === 0 || padded;
  const ciphertext = whole ? Buffer.concat([cipher.update(plaintext), cipher.final()]) : plaintext;
  const signed = `Fe26.2*1*${salt}*${iv.toString("base64url")}*${ciphertext.toString("base64url")}*`;
  const mac = createHmac("sha256", pbkdf2Sync(password, macSalt, 1, 32, "sha1"))
    .update(signed)
    .digest("base64url");
  return `${signed}*${macSalt}*${mac}~2`;
}

test("an application's own fault in finding the subject is not hidden", async () => {
  const text = await sealData({ user: 42 }, { password });
  await expect(ironSession({ password, subject: ({ user }) => user as string }).open(text, Date.now())).rejects.toMatchObject({ code: "invalid_field" });
  const asked: unknown[] = [];
  const subject = (data: unknown): undefined => void asked.push(data);
  const reader = ironSession({ password: other, subject });
  expect(await reader.open(text, Date.now())).toBeUndefined();
  expect(asked).toEqual([]);
});

test.each([
  ["short", "too short"],
  ["empty", ""],
  ["none", {}],
  ["one of two is short", { 1: password, 2: "too short" }],
  ["odd number", { "a b": password }],
])("%s: no password, and it is not told", (_, wrong) => {
  let message = "";
  try {
    ironSession({ password: wrong });
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid_option" });
    message = (error as Error).message;
  }
  expect(message).toMatch(/^password /);
  expect(message).not.toContain("too short");
});
