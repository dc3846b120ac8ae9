import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { boxOf as nodeBoxOf, utf8, type Box } from "../box.ts";
import { compression as nodeCompression } from "../compression.ts";
import { keyring as nodeKeyring, newKey } from "../keys.ts";
import * as node from "./node.ts";
import * as web from "./web.ts";

// The same modules again, on WebCrypto and CompressionStream alone.
vi.doMock("#sealing", () => import("./web.ts"));
vi.doMock("#platform", () => import("../../core/platform/web.ts"));
vi.resetModules();
const { boxOf, utf8: webUtf8 } = await import("../box.ts");
const { keyring } = await import("../keys.ts");
const { compression } = await import("../compression.ts");
vi.doUnmock("#sealing");
vi.doUnmock("#platform");

const head = Uint8Array.of(0, 255, 128);
const keys = [newKey(), newKey()];
const context = "main\nweb\nä";

test("these are two: one answers at once, the other later", async () => {
  const text = nodeBoxOf(nodeKeyring(keys), "session").seal(head, "x", context);
  expect(typeof text).toBe("string");
  const later = boxOf(keyring(keys), "session").seal(head, "x", context);
  expect(later).toBeInstanceOf(Promise);
  await later;
});

test("ids are the same", async () => {
  const ids = keyring(keys).ids;
  expect(ids).toBeInstanceOf(Promise);
  expect(await ids).toEqual(nodeKeyring(keys).ids);
});

describe.each([
  { way: "Node to WebCrypto", from: nodeBoxOf(nodeKeyring(keys), "session"), to: boxOf(keyring(keys), "session") },
  { way: "WebCrypto to Node", from: boxOf(keyring(keys), "session"), to: nodeBoxOf(nodeKeyring(keys), "session") },
  { way: "WebCrypto to WebCrypto", from: boxOf(keyring(keys), "session"), to: boxOf(keyring(keys), "session") },
] satisfies { way: string; from: Box; to: Box }[])("$way", ({ from, to }) => {
  test("any text comes back, and under another context does not", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 90 }),
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.string({ unit: "binary" }),
        async (front, text, at) => {
          const sealed = await from.seal(front, text, at);
          const opened = await to.open(sealed, at);
          expect(opened && [...opened.bytes.subarray(0, front.length)]).toEqual([...front]);
          for (const read of [utf8, webUtf8]) expect(opened && read(opened.bytes, front.length)).toBe(text);
          expect(opened?.current).toBe(true);
          expect(await to.open(sealed, `${at}x`)).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a byte order mark is a character like any other", async () => {
    const opened = await to.open(await from.seal(head, "\ufeffa", context), context);
    expect(opened && webUtf8(opened.bytes, head.length)).toBe("\ufeffa");
    expect(opened && utf8(opened.bytes, head.length)).toBe("\ufeffa");
  });

  test("every bit flipped, every prefix, extensions, other forms: undefined", async () => {
    const text = await from.seal(head, "body", context);
    const bytes = Buffer.from(text, "base64url");
    const bits = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      return changed.toString("base64url");
    });
    const prefixes = Array.from({ length: text.length }, (_, i) => text.slice(0, i));
    const extensions = ["=", "A", "AAAA", " ", "\n", ".", "\0", "é", "\u0141", text].flatMap((more) => [
      text + more,
      more + text,
      text.slice(0, 30) + more + text.slice(30),
    ]);
    const others = Array.from(text).map((digit, i) => text.slice(0, i) + String.fromCharCode(digit.charCodeAt(0) + 256) + text.slice(i + 1));
    const spare = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/").map((digit) => text.slice(0, -1) + digit);
    const hostile = [...bits, ...prefixes, ...extensions, ...others, ...spare, bytes.toString("base64"), "", "A".repeat(76)].filter((each) => each !== text);
    for (const each of hostile) if ((await to.open(each, context)) !== undefined) throw new Error(`opened: ${each}`);
    expect(await to.open(text, context)).toBeDefined();
  });
});

describe("on WebCrypto", () => {
  test("many seals at the same time disturb nobody: each has its own nonce and body", async () => {
    const box = boxOf(keyring(keys), "session");
    const texts = await Promise.all(Array.from({ length: 500 }, (_, i) => box.seal(head, `body ${i}`, context)));
    expect(new Set(texts.map((text) => text.slice(23, 54))).size).toBe(500);
    const opened = await Promise.all(texts.map((text) => box.open(text, context)));
    expect(opened.map((each) => each && webUtf8(each.bytes, head.length))).toEqual(texts.map((_, i) => `body ${i}`));
  });

  test("a key that is retired while a text is being opened opens nothing, and what is being sealed is sealed under the new one", async () => {
    const ring = keyring(keys);
    const box = boxOf(ring, "session");
    const text = await box.seal(head, "x", context);
    const [opening, sealing, fresh] = [box.open(text, context), box.seal(head, "y", context), newKey()];
    ring.replace([fresh]);
    expect(await opening).toBeUndefined();
    const sealed = await sealing;
    expect((await nodeBoxOf(nodeKeyring([fresh]), "session").open(sealed, context))?.current).toBe(true);
    ring.replace([newKey(), fresh]);
    expect((await box.open(sealed, context))?.current).toBe(false);
  });

  test("a box that is made while a module loads asks for nothing that Workers refuse there", async () => {
    const random = vi.spyOn(crypto, "getRandomValues").mockImplementation(() => {
      throw new Error("Disallowed operation called within global scope.");
    });
    const derive = vi.spyOn(crypto.subtle, "importKey");
    const box = boxOf(keyring(keys), "session");
    expect(derive).not.toHaveBeenCalled();
    random.mockRestore();
    derive.mockRestore();
    expect(await box.open(await box.seal(head, "x", context), context)).toBeDefined();
  });

  test("what is too large is refused as on Node", async () => {
    await expect(boxOf(keyring(keys), "session").seal(head, "x".repeat(50_000), context)).rejects.toMatchObject({ code: "too_large" });
  });
});

describe("DEFLATE, there and back between the two", () => {
  const here = nodeCompression({ fields: ["page"] });
  const there = compression({ fields: ["page"] });
  test("any text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 2_000 }), async (text) => {
        expect(await there.unpack(await here.pack(text))).toBe(text);
        expect(await here.unpack(await there.pack(text))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test("a dictionary is refused at the start, by name", () => {
    expect(() => compression({ fields: ["page"], dictionary: new Uint8Array(8) })).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("compression.dictionary") as string }),
    );
  });

  test("a bomb, what is cut short, and rubbish: undefined", async () => {
    const bomb = await node.deflate(new Uint8Array(40_000_000));
    const before = process.memoryUsage().arrayBuffers;
    expect(await web.inflate(bomb, 262_144)).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16_000_000);
    const good = await web.deflate(Buffer.from("good ".repeat(50)));
    expect(await web.inflate(good, 250)).toHaveLength(250);
    expect(await web.inflate(good, 249)).toBeUndefined();
    for (let i = 0; i < good.length; i++) expect(await web.inflate(good.subarray(0, i), 1_000)).toBeUndefined();
    // Not every DecompressionStream notices what stands behind the end; none takes it for text.
    expect([undefined, 250]).toContain((await web.inflate(Buffer.concat([good, Buffer.of(0)]), 1_000))?.length);
    expect(await web.inflate(Buffer.of(7, 7, 7, 7), 1_000)).toBeUndefined();
  });
});

test("both read and write base64url in the same way, and take no second form of it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.stringMatching(/^[\w-]{0,20}$/), fc.base64String({ maxLength: 24 }), fc.string({ unit: "binary", maxLength: 20 })), (text) => {
      const [a, b] = [node.bytesOf(text), web.bytesOf(text)];
      expect(b && [...b]).toEqual(a && [...a]);
      if (a !== undefined) expect(node.base64url(a)).toBe(text);
    }),
    { numRuns: 2_000 },
  );
  for (const length of [0, 1, 2, 3, 10_000, 49_152]) {
    const bytes = randomBytes(length);
    expect(web.base64url(bytes)).toBe(bytes.toString("base64url"));
    expect(node.base64url(new Uint8Array(bytes))).toBe(bytes.toString("base64url"));
  }
});
