import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { onTheAir } from "./on-the-air.ts";

test.each([
  ["nothing", "", "GSM 7 bit", 1],
  [
    "all of the basic table",
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
    "GSM 7 bit",
    1,
  ],
  ["a small ç", "ç", "UCS-2", 1],
  ["a grave accent", "`", "UCS-2", 1],
  ["a tabulator", "\t", "UCS-2", 1],
  ["80 euros", "€".repeat(80), "GSM 7 bit", 1],
  ["81 euros", "€".repeat(81), "GSM 7 bit", 2],
  ["an escape that would be cut", `${"a".repeat(152)}€${"a".repeat(152)}`, "GSM 7 bit", 3],
  ["half a surrogate pair", "\uD83D", "UCS-2", 1],
])("%s", (_what, text, alphabet, parts) => {
  expect(onTheAir(text)).toEqual({ alphabet, parts });
});

describe("as many parts as 3GPP TS 23.040 has room for", () => {
  const kinds = [
    { character: "a", alphabet: "GSM 7 bit", alone: 160, part: 153 },
    { character: "€", alphabet: "GSM 7 bit", alone: 80, part: 76 },
    { character: "ж", alphabet: "UCS-2", alone: 70, part: 67 },
    { character: "🥐", alphabet: "UCS-2", alone: 35, part: 33 },
  ];
  test.each(kinds)("of $character", ({ character, alphabet, alone, part }) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (count) => {
        expect(onTheAir(character.repeat(count))).toEqual({ alphabet, parts: count <= alone ? 1 : Math.ceil(count / part) });
      }),
    );
  });
});

test("any text has an answer, and a longer one never has fewer parts in the same alphabet", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.string({ unit: "binary", maxLength: 100 }), (text, more) => {
      const short = onTheAir(text);
      const long = onTheAir(text + more);
      if (short.alphabet === long.alphabet) expect(long.parts).toBeGreaterThanOrEqual(short.parts);
      expect(short.parts).toBeGreaterThan(0);
    }),
  );
});
