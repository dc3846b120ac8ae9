import fc from "fast-check";
import { expect, it } from "vitest";
import { entriesOf, linesOf, patternOfOthers, patternsOf } from "./field-lines.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom("\n", "\u001d", "=", "%", "n", "g", "é", "$", ".") }));
/** The patterns are PCRE's; of what they use only the possessive quantifier is not JavaScript's, and it changes nothing here. */
const regExp = (pattern: string): RegExp => new RegExp(pattern.replaceAll("*+", "*"), "g");

it("entries come back as they were, whatever their names and texts", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.oneof(text, fc.string({ unit: fc.constantFrom("\ud800", "\udfff", "a") })), text), { selector: ([name]) => name }),
      (entries) => {
        expect(entriesOf(linesOf(entries))).toEqual(entries);
        for (const line of linesOf(entries).split("\n").slice(1)) expect(line).toMatch(/^[\w$.:%-]+=/);
      },
    ),
  );
});

it("a pattern takes away the lines of its names and no others; its opposite leaves these", () => {
  const name = fc.oneof(text, fc.constantFrom("a", "ab", "b", "", "a.", "a$", "__proto__", "a=b", "%"));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, text), { selector: ([x]) => x }), fc.array(name), (entries, names) => {
      const lines = linesOf(entries);
      const rest = patternsOf(names).reduce((left, pattern) => left.replace(regExp(pattern), ""), lines);
      expect(entriesOf(rest)).toEqual(entries.filter(([x]) => !names.includes(x)));
      if (names.length > 0) expect(entriesOf(lines.replace(regExp(patternOfOthers(names) ?? ""), ""))).toEqual(entries.filter(([x]) => names.includes(x)));
    }),
  );
});

it("many names are several patterns, each short, none with a line feed", () => {
  const names = Array.from({ length: 5000 }, (_, i) => `name-${i}\n`);
  const patterns = patternsOf(names);
  expect(patterns.length).toBeGreaterThan(1);
  expect(Math.max(...patterns.map((pattern) => pattern.length))).toBeLessThan(17_000);
  expect(patterns.join("")).not.toContain("\n");
  const lines = linesOf(names.map((name) => [name, "1"]));
  expect(patterns.reduce((left, pattern) => left.replace(regExp(pattern), ""), lines)).toBe("");
  expect(patternOfOthers(names)).toBeUndefined();
});

it.each(["x", "a=1", "\n=1", "\nx", "\na=1\n"])("%j is not lines", (damaged) => {
  expect(() => entriesOf(damaged)).toThrow(Error);
});
