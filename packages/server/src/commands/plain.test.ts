import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText, plain } from "./plain.ts";

test.each([
  ["\u001b[2J", String.raw`\x1b[2J`],
  ["a\rb\nc\td", String.raw`a\x0db\x0ac\x09d`],
  ["\u009b31m\u0085\u007f", String.raw`\x9b31m\x85\x7f`],
  ["admin\u202enimda", String.raw`admin\u202enimda`],
  ["a\u200bb\u2028c\ufeff", String.raw`a\u200bb\u2028c\ufeff`],
  ["\u{e0041}\ud800", String.raw`\u{e0041}\ud800`],
  [String.raw`CORP\ada, Ådå, 阿达, 👩‍`.slice(0, -1), String.raw`CORP\ada, Ådå, 阿达, 👩`],
])("%j is shown as %s", (text, shown) => expect(plain(text)).toBe(shown));

/** Said in another way than the code does: by ranges. */
function harmless(text: string): boolean {
  return Array.from(text).every((character) => {
    const code = character.codePointAt(0) as number;
    const bad = [
      [0, 0x1f],
      [0x7f, 0x9f],
      [0x200b, 0x200f],
      [0x2028, 0x202e],
      [0x2060, 0x206f],
      [0xd800, 0xdfff],
      [0xe0000, 0xe007f],
    ] as const;
    return bad.every(([from, to]) => code < from || code > to) && code !== 0xfeff && code !== 0x61c && code !== 0xad;
  });
}

const nasty = fc.string({
  unit: fc.oneof(fc.constantFrom("\u001b", "\r", "\n", "\u009b", "\u202e", "\u2066", "\ud800", "\u{e0041}", "a"), fc.string({ maxLength: 1, unit: "binary" })),
});

test("nothing that a terminal could obey is left of any text, and JSON means what it meant", () => {
  fc.assert(
    fc.property(nasty, (text) => {
      expect(harmless(plain(text))).toBe(true);
      const json = jsonText({ text, [text]: [text] });
      expect(harmless(json)).toBe(true);
      expect(JSON.parse(json)).toEqual({ text, [text]: [text] });
    }),
  );
});
