import fc from "fast-check";
import { expect, test } from "vitest";
import { base64url, fromBase64, fromBase64url } from "./base64url.ts";

test("is Node's, both ways", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      expect(base64url(bytes)).toBe(buffer.toString("base64url"));
      expect(fromBase64url(base64url(bytes))).toEqual(bytes);
      expect(fromBase64(buffer.toString("base64"))).toEqual(bytes);
    }),
  );
});

test("a text that is read is the only one for its bytes", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.stringMatching(/^[AQgw_+/=\n -]{0,8}$/));
  fc.assert(
    fc.property(text, (given) => {
      const url = fromBase64url(given);
      if (url !== undefined) expect(Buffer.from(url).toString("base64url")).toBe(given);
      const plain = fromBase64(given);
      if (plain !== undefined) expect(Buffer.from(plain).toString("base64")).toBe(given);
    }),
    { numRuns: 2_000 },
  );
  for (const other of ["QQ==", "QR", "Q", "Q Q", "+w", "/w", "QQ\n", "QQ=", "\u0141Q"]) expect(fromBase64url(other)).toBeUndefined();
  for (const other of ["QQ", "QR==", "QQ=", "_w==", "QQ==\n", "QQ==QQ==", "====", "A===", "=QQ="]) expect(fromBase64(other)).toBeUndefined();
});
