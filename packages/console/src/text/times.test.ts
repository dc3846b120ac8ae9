import { expect, test } from "vitest";
import { agoText, clockText, inputMoment, lengthText, momentText, shortMoment } from "./times.ts";

const s = 1000;
const min = 60 * s;
const h = 60 * min;
const d = 24 * h;

test.each([
  [0, "0 s"],
  [-5, "0 s"],
  [350, "350 ms"],
  [59_999, "59 s"],
  [3 * min, "3 min"],
  [3 * min + 7 * s, "3 min 7 s"],
  [12 * min + 7 * s, "12 min"],
  [2 * h + 5 * min, "2 h 5 min"],
  [12 * d + 4 * h, "12 d 4 h"],
  [45 * d + 4 * h, "45 d"],
])("%d ms last %s", (ms, text) => {
  expect(lengthText(ms)).toBe(text);
});

test("a moment is seen from now", () => {
  const now = Date.UTC(2026, 2, 1, 3, 12, 7);
  expect(agoText(now, now)).toBe("now");
  expect(agoText(now - 3 * min, now)).toBe("3 min ago");
  expect(agoText(now - 3 * min - 40 * s, now)).toBe("3 min ago");
  expect(agoText(now - 40 * s, now)).toBe("40 s ago");
  expect(agoText(now + 2 * h + 5 * min, now)).toBe("in 2 h 5 min");
});

test.each([
  [14 * min + 5 * s, "14:05"],
  [59 * s, "0:59"],
  [h + 2 * min + 9 * s, "1:02:09"],
  [-1, "0:00"],
  [1, "0:01"],
])("%d ms are left as %s", (ms, text) => {
  expect(clockText(ms)).toBe(text);
});

test("moments are written so that they sort, and come back from an input as they went in", () => {
  const at = new Date(2026, 2, 1, 3, 12, 7).getTime();
  expect(momentText(at)).toBe("2026-03-01 03:12:07");
  expect(shortMoment(at, at + h)).toBe("03:12:07");
  expect(shortMoment(at, at + 2 * d)).toBe("2026-03-01 03:12:07");
  expect(new Date(inputMoment(at)).getTime()).toBe(at);
});
