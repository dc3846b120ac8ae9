import fc from "fast-check";
import { expect, test } from "vitest";
import { keyList } from "./key-list.ts";
import { keyring, newKey } from "./keys.ts";

test("keys stand apart by commas, white space and lines; comments and a byte order mark are none", () => {
  const [one, two, three] = [newKey(), newKey(), newKey()];
  const lists = [
    `${one},${two},${three}`,
    `  ${one} ${two}\t${three}\n`,
    `${one}\r\n${two}\r\n${three}\r\n`,
    `# 2026-11-22T20:00:00.000Z\n${one}\n\n# older, of ${one.slice(0, 4)}\n${two} # seals no more\n${three}`,
    `\ufeff${one}\n,${two},,\n${three},`,
    `${one}\r${two}\r${three}`,
  ];
  for (const list of lists) expect(keyList(list)).toEqual([one, two, three]);
});

test("any keys, written in any of these ways, are read in their order", () => {
  const between = fc.constantFrom(",", " ", "\n", "\r\n", ", ", "\n# a comment, with a comma\n", "#x\n", "\t");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.stringMatching(/^[\w-]{1,50}$/), between), { minLength: 1 }), (keys) => {
      expect(keyList(keys.map(([key, after]) => key + after).join(""))).toEqual(keys.map(([key]) => key));
    }),
  );
});

test("any text gives words without commas and space, or one error that does not tell it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      try {
        for (const key of keyList(text)) expect(key).toMatch(/^[^\s,#]+$/);
      } catch (error) {
        expect(error).toMatchObject({
          code: "invalid_option",
          message: expect.stringMatching(/^The list of keys is empty\. Set SOJOURN_KEYS.*--sealing/) as string,
        });
      }
    }),
  );
});

test("nothing, no text, and more than could be keys are refused, and what is no key is for the keyring to refuse", () => {
  const secret = "not a key at all";
  const refused = (text: unknown): unknown => {
    try {
      return keyring(keyList(text as string));
    } catch (error) {
      expect(String(error)).not.toContain("not a key");
      return error;
    }
  };
  for (const text of [undefined, "", "  \n# only a comment\n", 7, "a,".repeat(40_000), secret]) {
    expect(refused(text), String(text).slice(0, 20)).toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining("npx sojournd keys new") as string,
    });
  }
});
