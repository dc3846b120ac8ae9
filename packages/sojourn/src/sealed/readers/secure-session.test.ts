import fastifySecureSession from "@fastify/secure-session";
import fastify, { type FastifyInstance } from "fastify";
import fc from "fast-check";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anyData, cleaned, describeHostileInput, nested, poisoned } from "./hostile-input.fixture.ts";
import { secureSession } from "./secure-session.ts";

interface Sodium {
  readonly crypto_secretbox_MACBYTES: number;
  crypto_secretbox_easy(box: Uint8Array, message: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
  crypto_secretbox_open_easy(message: Uint8Array, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean;
}
// The one that came with it, as for a user who moves in.
const sodium = createRequire(createRequire(import.meta.url).resolve("@fastify/secure-session"))("sodium-native") as Sodium;

const key = randomBytes(32);
let app: FastifyInstance;

beforeAll(async () => {
  app = fastify({ bodyLimit: 1_000_000 });
  await app.register(fastifySecureSession, { key, cookieName: "shop" });
  app.post("/", (request, reply) => {
    const session = (request as unknown as { session: { set(name: string, value: unknown): void } }).session;
    for (const [name, value] of Object.entries(request.body as object)) session.set(name, value);
    return reply.send("");
  });
  await app.ready();
});
afterAll(() => app.close());

/** The cookie as the plugin sets it. */
async function made(data: Record<string, unknown>): Promise<string> {
  const answer = await app.inject({ method: "POST", url: "/", payload: data });
  return /^shop=([^;]*)/.exec(String(answer.headers["set-cookie"]))?.[1] ?? "";
}

/** The lines of the documentation. */
function open(text: string): Record<string, unknown> | undefined {
  const [box, nonce] = text.split(";").map((part) => Buffer.from(part, "base64")) as [Buffer, Buffer];
  const message = Buffer.alloc(box.length - sodium.crypto_secretbox_MACBYTES);
  return sodium.crypto_secretbox_open_easy(message, box, nonce, key) ? (JSON.parse(message.toString()) as Record<string, unknown>) : undefined;
}

/** The same by hand, of any text, not encoded for a cookie. */
function sealed(json: string): string {
  const message = Buffer.from(json);
  const nonce = randomBytes(24);
  const box = Buffer.alloc(message.length + sodium.crypto_secretbox_MACBYTES);
  sodium.crypto_secretbox_easy(box, message, nonce, key);
  return `${box.toString("base64")};${nonce.toString("base64")}`;
}

const reader = secureSession({ open, subject: ({ user }) => (typeof user === "string" ? user : undefined) });

describeHostileInput(async () => ({
  open: (text) => reader.open(text, Date.now()),
  texts: [await made({ user: "ada" }), await made({ user: "bob", cart: ["pear"] })],
  large: (data) => sealed(JSON.stringify(data)),
}));

describe("@fastify/secure-session's own", () => {
  test("cookie is read, as it stands there or decoded, until a day is over", async () => {
    const before = Math.round(Date.now() / 1_000) * 1_000;
    const text = await made({ user: "ada", cart: ["pear", "Käse ✓"] });
    const foreign = await reader.open(text, Date.now());
    expect(foreign).toMatchObject({ data: { user: "ada", cart: ["pear", "Käse ✓"] }, subject: "ada" });
    expect(Object.keys(foreign?.data ?? {})).toEqual(["user", "cart"]);
    expect(await reader.open(decodeURIComponent(text), Date.now())).toEqual(foreign);

    const { issued = 0, expires = 0 } = foreign ?? {};
    expect(issued).toBeGreaterThanOrEqual(before);
    expect(expires - issued).toBe(86_400_000);
    expect(await reader.open(text, expires - 1)).toBeDefined();
    expect(await reader.open(text, expires)).toBeUndefined();
    expect((await secureSession({ open, expiry: "1h" }).open(text, issued))?.expires).toBe(issued + 3_600_000);
  });

  test("cookie is read in one spelling only, though libsodium and Buffer take others", async () => {
    let others = 0;
    for (const user of ["a", "ad", "ada"]) {
      const text = decodeURIComponent(await made({ user }));
      // The last character before the padding has bits that stand for nothing.
      const other = text.replace(/(.)(=+;)/, (_, last: string, rest: string) => String.fromCharCode(last.charCodeAt(0) + 1) + rest);
      if (other === text) continue;
      expect(Buffer.from(other, "base64")).toEqual(Buffer.from(text, "base64"));
      expect(open(other)).toMatchObject({ user });
      expect(await reader.open(other, Date.now())).toBeUndefined();
      expect(await reader.open(text, Date.now())).toMatchObject({ subject: user });
      others++;
    }
    expect(others).toBe(2);
  });

  test("cookie is read by the plugin's own function too", async () => {
    const theirs = secureSession({ open: (text) => app.decodeSecureSession(text)?.data() });
    const text = await made({ user: "ada" });
    expect(await theirs.open(text, Date.now())).toEqual({ data: { user: "ada" } });
    expect(
      await theirs.open(
        text.replace(/^./, (first) => (first === "A" ? "B" : "A")),
        Date.now(),
      ),
    ).toBeUndefined();
  });

  test("data of any kind comes back", async () => {
    await fc.assert(
      fc.asyncProperty(anyData, async (data) => {
        fc.pre(Object.keys(data).length > 0 && typeof data["user"] !== "string");
        expect((await reader.open(await made(data), Date.now()))?.data).toEqual(data);
      }),
      { numRuns: 50 },
    );
  });
});

describe("what the key sealed and nobody could have meant", () => {
  const opened = async (json: string) => reader.open(sealed(json), Date.now());

  test("loses what could change other objects", async () => {
    expect(JSON.stringify((await opened(JSON.stringify(poisoned())))?.data)).toBe(JSON.stringify(cleaned));
  });

  test("is refused when it is too deep, no object, no JSON, or written at no time", async () => {
    expect(await opened('{"n":1}')).toEqual({ data: { n: 1 } });
    expect((await opened(JSON.stringify(nested(64))))?.data).toEqual(nested(64));
    for (const json of [JSON.stringify(nested(65)), `${"[".repeat(5_000)}${"]".repeat(5_000)}`, "[1]", "1", "null", "", "{", '{"__ts":"now"}', '{"__ts":0}']) {
      expect(await opened(json)).toBeUndefined();
    }
  });
});

test("an opener that throws has not opened, and one that is none is refused", async () => {
  const broken = secureSession({
    open: () => {
      throw new Error("no");
    },
  });
  expect(await broken.open(await made({ n: 1 }), Date.now())).toBeUndefined();
  expect(() => secureSession({ open: undefined as never })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  expect(() => secureSession({ open, expiry: 0 })).toThrow(expect.objectContaining({ code: "invalid_option" }));
});
