import * as fc from "fast-check";
import { SojournError } from "sojourn";
import { expect, test } from "vitest";
import { readLine } from "./simulation-line.ts";

const numbers = ["+3584570001", "+3584570002", "+3584570003"];

test("a text is sent as it is, to whoever wrote last", () => {
  const texts = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => text.trim() !== "" && !/^[/@]/.test(text));
  fc.assert(
    fc.property(texts, (text) => {
      expect(readLine(text, numbers)).toEqual({ do: "send", to: undefined, text });
    }),
  );
});

test("behind @1, or the number itself, any text is", () => {
  const texts = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => text.trim() !== "");
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 3 }), fc.boolean(), fc.constantFrom("", " ", "\t", "/", "@"), (rest, n, short, head) => {
      const text = head + rest;
      const to = numbers[n - 1] as string;
      expect(readLine(`@${short ? n : to} ${text}`, numbers)).toEqual({ do: "send", to, text });
    }),
  );
});

test("/start takes any JSON, and {} without", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(" ", "  ", "\t"), (json, blank) => {
      expect(readLine(`/start booking${blank}${json}${blank}`, numbers)).toEqual({ do: "start", name: "booking", args: JSON.parse(json) as unknown });
    }),
  );
  expect(readLine("/start booking ", numbers)).toEqual({ do: "start", name: "booking", args: {} });
});

test.each([
  ["30s", 30_000],
  ["1.5h", 5_400_000],
  ["400d", 34_560_000_000],
])("/later %s is %d ms", (text, ms) => {
  expect(readLine(`/later ${text}`, numbers)).toEqual({ do: "later", ms });
});

test.each(["list", "help", "quit"])("/%s", (name) => {
  expect(readLine(`/${name} `, numbers)).toEqual({ do: name });
});

test.each([
  ["@", 'What follows "@" is no number of the pool. Write @1 to @3'],
  ["@0 x", "no number of the pool"],
  ["@4 x", "no number of the pool"],
  ["@1e0 x", "no number of the pool"],
  ["@+358409999999 x", "no number of the pool"],
  ["@3584570001 x", "no number of the pool"],
  ["@constructor x", "no number of the pool"],
  ["@1", "There is no text"],
  ["@1   ", "There is no text"],
  ["/", "There is no such command"],
  ["/Start booking", "There is no such command"],
  ["/toString", "There is no such command"],
  ["/list all", "/list takes nothing behind it"],
  ["/start", "/start needs the name of a dialogue"],
  ["/start booking {", "is no JSON"],
  ["/start booking {slot:1}", "is no JSON"],
  [`/start booking ${"[".repeat(99_000)}`, "is no JSON"],
  ["/later", "/later needs a time"],
  ["/later 3", "/later needs a time"],
  ["/later -3d", "/later needs a time"],
  ["/later 1e9d", "/later needs a time"],
  ["/later 0d", '/later is "0d"'],
  ["/later 401d", "400 days ahead at most"],
  [`/later ${"9".repeat(400)}d`, "/later is"],
  ["x".repeat(100_001), "more than 100,000 characters"],
])("%.40s: %s", (line, message) => {
  expect(() => readLine(line, numbers)).toThrow(expect.objectContaining({ message: expect.stringContaining(message) as string }) as Error);
});

test("whatever is typed gives a line or an error of ours that tells no number, and no text", () => {
  const secret = fc.stringMatching(/^[A-Z]{8}$/);
  const heads = fc.constantFrom("", "@", "@1", "@+358401234567", "/", "/start", "/start x ", "/later ", "/list ", "\u0000", "\u001B[2J");
  fc.assert(
    fc.property(heads, fc.string({ unit: "binary" }), secret, (head, middle, word) => {
      try {
        expect(readLine(`${head}${middle}${word}`, numbers)).toHaveProperty("do");
      } catch (error) {
        expect(error).toBeInstanceOf(SojournError);
        expect((error as Error).message).not.toContain(word);
        expect((error as Error).message).not.toContain("358401234567");
      }
    }),
    { numRuns: 1_000 },
  );
});

test("nothing, and blanks, are nothing", () => {
  for (const line of ["", "  ", "\t"]) expect(readLine(line, numbers)).toEqual({ do: "nothing" });
});
