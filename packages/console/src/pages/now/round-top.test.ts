import fc from "fast-check";
import { expect, test } from "vitest";
import { roundTop } from "./round-top.ts";

test.each([
  [4, 4],
  [4.2, 6],
  [9.1, 10],
  [27.3, 30],
  [62, 80],
  [110, 200],
  [0.5, 0.5],
  [0.013, 0.02],
])("%d fits under %d", (value, top) => {
  expect(roundTop(value)).toBe(top);
});

test("whatever is drawn fits, with less than half of the room empty", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-4, max: 1e9, noNaN: true }), (value) => {
      expect(roundTop(value)).toBeGreaterThanOrEqual(value * (1 - 1e-6));
      expect(roundTop(value)).toBeLessThanOrEqual(value * 2.001);
    }),
  );
});
