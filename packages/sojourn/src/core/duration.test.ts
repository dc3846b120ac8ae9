import * as fc from "fast-check";
import { expect, test } from "vitest";
import { milliseconds, type Duration } from "./duration.ts";

test.each([
  ["250ms", 250],
  ["30s", 30_000],
  ["15m", 900_000],
  ["12h", 43_200_000],
  ["30d", 2_592_000_000],
  ["1.5h", 5_400_000],
  [1, 1],
  [1500, 1500],
  [2.6, 3],
] as const)("%s is %d ms", (duration, ms) => expect(milliseconds(duration, "idle")).toBe(ms));

test.each([
  "",
  "30",
  "30 s",
  " 30s",
  "30S",
  "-5m",
  "0s",
  "1e3ms",
  "s",
  "30s30s",
  ".5s",
  "Infinitys",
  0,
  -1,
  Number.NaN,
  Infinity,
  null,
  undefined,
  true,
  [30],
  {},
])("%j is refused, by the setting's name", (duration) => {
  expect(() => milliseconds(duration as Duration, "idle")).toThrow(
    expect.objectContaining({ code: "invalid_option", message: expect.stringMatching(/^idle is /) as string }),
  );
});

test("a number and a unit are the number times the unit", () => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])), (n, unit) => {
      expect(milliseconds(`${n}${unit}`, "idle")).toBe(n * units[unit]);
    }),
  );
});
