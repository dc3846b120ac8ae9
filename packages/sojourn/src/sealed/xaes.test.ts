import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import * as node from "./platform/node.ts";
import * as web from "./platform/web.ts";
import { accumulated, messages, vectors, type Vector } from "./xaes-vectors.fixture.ts";

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString("hex");

describe.each([
  { name: "node:crypto", platform: node },
  { name: "WebCrypto", platform: web },
])("on $name", ({ platform }) => {
  /** Seals, opens what came out, and gives the ciphertext. */
  async function sealed({ key, nonce, plaintext, aad }: Vector): Promise<Uint8Array> {
    const cipher = await platform.xaes(key);
    const bytes = Buffer.from(await cipher.seal(nonce, plaintext, "", aad), "base64url");
    if (hex(await cipher.open(bytes, 0, aad)) !== hex(plaintext)) throw new Error(`what was sealed under ${hex(key)} does not open`);
    return bytes.subarray(24);
  }

  test.each(vectors)("C2SP's vector $ciphertext", async (vector) => {
    expect(hex(await sealed(vector))).toBe(vector.ciphertext);
  });

  test("C2SP's 10,000 accumulated random messages", { timeout: 120_000 }, async () => {
    const hash = createHash("shake128", { outputLength: 32 });
    let batch: Promise<Uint8Array>[] = [];
    const flush = async (): Promise<void> => (await Promise.all(batch)).forEach((bytes) => hash.update(bytes));
    for (const message of messages(10_000)) {
      batch.push(sealed(message));
      if (batch.length < 100) continue;
      await flush();
      batch = [];
    }
    await flush();
    expect(hash.digest("hex")).toBe(accumulated[10_000]);
  });

  test("HKDF-SHA-256 without salt is that of RFC 5869, appendix A.3", async () => {
    // The test case has no info; the first 42 bytes of its output.
    const okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
    expect(hex(await platform.hkdf(new Uint8Array(22).fill(0x0b), "", 42))).toBe(okm);
  });
});

test("both platforms export the same", () => {
  expect(Object.keys(web).sort()).toEqual(Object.keys(node).sort());
});
