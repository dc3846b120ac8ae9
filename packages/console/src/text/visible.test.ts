import fc from "fast-check";
import { expect, test } from "vitest";
import { visible, visiblePieces } from "./visible.ts";

test.each([
  ["ada", "ada"],
  ["Zoë 漢字 عربي", "Zoë 漢字 عربي"],
  ["a\u202Ecod.exe", "a⟨U+202E⟩cod.exe"],
  ["\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"],
  ["a\0b\x1b[31m", "a⟨U+0000⟩b⟨U+001B⟩[31m"],
  ["\x7f\x85", "⟨U+007F⟩⟨U+0085⟩"],
  ["line\r\nline", "line⟨U+000D⟩⟨U+000A⟩line"],
  ["a\u200Bd\u200Da", "a⟨U+200B⟩d⟨U+200D⟩a"],
  ["👩\u200D💻", "👩\u200D💻"],
  ["👩🏽\u200D💻 🏴\u{E0067}", "👩🏽\u200D💻 🏴⟨U+E0067⟩"],
  ["\uD800x", "⟨U+D800⟩x"],
  ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
])("%j", (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test("lines stay where they have room", () => {
  expect(visible("a\n\tb\r\u202E", { lines: true })).toBe("a\n\tb⟨U+000D⟩⟨U+202E⟩");
});

test("whatever comes, no control and no bidirectional character is left, and pieces say the same", () => {
  const texts = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(texts, fc.boolean(), (text, lines) => {
      const shown = visible(text, { lines });
      expect(shown.replaceAll(/[\n\t]/g, lines ? "" : "$&")).not.toMatch(/[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]/u);
      expect(
        visiblePieces(text, { lines })
          .map((piece) => piece.text)
          .join(""),
      ).toBe(shown);
      expect(visible(shown, { lines })).toBe(shown);
    }),
  );
});
