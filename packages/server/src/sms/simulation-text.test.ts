import * as fc from "fast-check";
import { SojournError } from "sojourn";
import { expect, test } from "vitest";
import { arrivedText, durationText, failureText, finishedText, openLines } from "./simulation-text.ts";

const at = { numbers: ["+3584570001", "+3584570002"], now: () => Date.UTC(2026, 0, 31, 12) };
const message = { reference: "r", from: "+3584570002", to: "+358401234567" };

test("a message has its time, its number, its parts and its alphabet above it", () => {
  expect(arrivedText({ ...message, text: "Will you come?\n1 Yes" }, at)).toMatch(
    /^2026-01-31 \d\d:\d\d {2}@2 \+3584570002 {2}1 part, GSM 7 bit\n {4}Will you come\?\n {4}1 Yes$/,
  );
  expect(arrivedText({ ...message, text: "ж".repeat(71) }, at)).toContain("2 parts, UCS-2");
});

const controls = fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCodePoint(code));

test("no text moves the cursor, or turns the line round", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.oneof(controls, fc.constantFrom("\u202E", "\u2066", "\n", "a", "😀")) }), (text) => {
      const shown = [
        arrivedText({ ...message, text }, at),
        finishedText({ id: "i", dialogue: "d", handset: message.to, args: {}, reason: "done", result: text }),
        failureText(new Error(text)),
      ];
      for (const one of shown) expect(one).not.toMatch(/(?!\n)[\p{Cc}\u202A-\u202E\u2066-\u2069]/u);
    }),
  );
});

test("a fault in a dialogue's function has its place, what is ours has its message alone", () => {
  const error = new TypeError("no luck");
  error.stack = "TypeError: no luck\n    at script (file:///tmp/order.mjs:7:12)\n    at node:internal:1:1";
  expect(failureText(error)).toBe("TypeError: no luck (file:///tmp/order.mjs:7:12)");
  expect(failureText(new SojournError("invalid_field", "Give another."))).toBe("Give another.");
  expect(failureText("text")).toBe("text");
});

test.each([
  [0, "less than a minute"],
  [59_999, "less than a minute"],
  [60_000, "1 min"],
  [86_400_000, "1 d"],
  [273_660_000, "3 d 4 h 1 min"],
])("%d ms are %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test("open dialogues are shown by number, with what they wait for", () => {
  const soon = at.now() + 3_600_000;
  expect(
    openLines(
      [
        { dialogue: "a", number: "+3584570001", due: soon },
        { dialogue: "b", number: undefined, due: soon },
        { dialogue: "c", number: "+3584570009", due: undefined },
      ],
      at,
    ),
  ).toEqual([
    expect.stringMatching(/^ {2}@1 \+3584570001 {2}a, until 2026-01-31 \d\d:\d\d if nobody writes$/),
    "  waits for a free number  b",
    "  +3584570009  c",
  ]);
});
