import fc from "fast-check";
import { expect, test } from "vitest";
import { spend, type Bucket, type Rate } from "./rate.ts";

const start = Date.UTC(2026, 0, 1);

/** Reserves once at each of these times. */
function reserve(times: readonly number[], rate: Rate): number[] {
  let bucket: Bucket | undefined;
  return times.map((now) => {
    const next = spend(bucket, now, rate);
    // As a store keeps it.
    bucket = JSON.parse(JSON.stringify(next.bucket)) as Bucket;
    return next.at;
  });
}

test("one a second, three at once", () => {
  const at = reserve(
    Array.from({ length: 6 }, () => start),
    { perSecond: 1, burst: 3 },
  );
  expect(at.map((ms) => ms - start)).toEqual([0, 0, 0, 1_000, 2_000, 3_000]);
  expect(reserve([start, start, start + 5_000, start + 5_000], { perSecond: 1 }).map((ms) => ms - start)).toEqual([0, 1_000, 5_000, 6_000]);
  expect(reserve([start, start, start], { perSecond: 0.1 }).map((ms) => ms - start)).toEqual([0, 10_000, 20_000]);
});

test("whole ms cost what is said of them", () => {
  const after = (count: number, rate: Rate): number =>
    (reserve(
      Array.from({ length: count + 1 }, () => start),
      rate,
    )[count] as number) - start;
  expect(after(2_940, { perSecond: 30 }) / 1_000).toBeCloseTo(100, 0);
  expect(after(25_000, { perSecond: 300 }) / 1_000).toBeCloseTo(100, 0);
  for (const perSecond of [3, 30, 300, 999, 1_000]) expect(after(perSecond * 10, { perSecond, burst: 2 })).toBeLessThanOrEqual(10_000);
});

const rates = fc.record({
  perSecond: fc.oneof(fc.constantFrom(1, 0.1, 3, 10, 30, 100, 300, 1_000, 3_000), fc.double({ min: 0.001, max: 5_000, noNaN: true })),
  burst: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 50 })),
});
/** Steps of the clock between reservations; some go back, some far. */
const steps = (back: boolean): fc.Arbitrary<number[]> =>
  fc.array(
    fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 2_000 }),
      fc.integer({ min: back ? -5_000 : 0, max: 5_000 }),
      fc.constantFrom(back ? -3_600_000 : 0, 3_600_000),
    ),
    { minLength: 1, maxLength: 80 },
  );
const timesOf = (all: readonly number[]): number[] => {
  let now = start;
  return all.map((step) => (now += step));
};

test("no window holds more than the burst and its share of the rate, and the time never goes back, whatever the clock does", () => {
  fc.assert(
    fc.property(rates, steps(true), (rate, all) => {
      const times = timesOf(all);
      const at = reserve(times, rate);
      expect(at.findIndex((time, i) => time < (times[i] as number) || time < (at[i - 1] ?? 0))).toBe(-1);
      // The sum of fractions of ms is off by less than a microsecond each.
      const fits = (count: number, ms: number): boolean => count <= rate.burst + (rate.perSecond * (ms + 0.001 * count)) / 1_000;
      expect(at.flatMap((from, i) => at.slice(i).filter((to, more) => !fits(more + 1, to - from)))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test("nobody waits longer than for the bucket to hold one: against a bucket that is filled by the clock", () => {
  fc.assert(
    fc.property(
      fc.record({ perSecond: fc.double({ min: 0.01, max: 200, noNaN: true }), burst: fc.integer({ min: 2, max: 50 }) }),
      steps(false),
      (rate, all) => {
        const times = timesOf(all);
        const given = reserve(times, rate);
        let tokens = rate.burst;
        let filled = start;
        for (const [i, now] of times.entries()) {
          const earliest = Math.max(now, filled);
          tokens = Math.min(rate.burst, tokens + ((earliest - filled) * rate.perSecond) / 1_000);
          const at = earliest + Math.max(0, ((1 - tokens) * 1_000) / rate.perSecond);
          tokens = Math.min(rate.burst, tokens + ((at - earliest) * rate.perSecond) / 1_000) - 1;
          filled = at;
          // Rounded up, never down.
          expect((given[i] as number) - at).toBeGreaterThan(-0.01);
          expect((given[i] as number) - at).toBeLessThan(1.01);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("a clock that is set back, or behind another process's, gives no second burst", () => {
  const rate: Rate = { perSecond: 1, burst: 3 };
  expect(reserve([start, start, start, start - 3_600_000, start - 3_599_000, start], rate).map((ms) => ms - start)).toEqual([0, 0, 0, 1_000, 2_000, 3_000]);
});

test("what it is given stays as it was, and a damaged record counts as new", () => {
  const bucket = Object.freeze({ last: start, full: start + 500 });
  expect(spend(bucket, start, { perSecond: 2 }).at).toBe(start + 500);
  for (const broken of [{}, { last: Number.NaN, full: 1 }, { last: "1", full: 2 }, { last: 1, full: null }]) {
    expect(spend(broken as unknown as Bucket, start, { perSecond: 2 })).toEqual(spend(undefined, start, { perSecond: 2 }));
  }
  expect(spend(undefined, start + 0.25, { perSecond: 2 }).at).toBe(start + 1);
});

test.each<[Rate, number, string, RegExp]>([
  [{ perSecond: 0 }, start, "invalid_option", /^rate\.perSecond is 0\./],
  [{ perSecond: -1 }, start, "invalid_option", /^rate\.perSecond/],
  [{ perSecond: Number.NaN }, start, "invalid_option", /^rate\.perSecond/],
  [{ perSecond: Infinity }, start, "invalid_option", /^rate\.perSecond/],
  [{ perSecond: 1, burst: 0 }, start, "invalid_option", /^rate\.burst is 0\./],
  [{ perSecond: 1, burst: 1.5 }, start, "invalid_option", /^rate\.burst/],
  [{ perSecond: 1 }, Number.NaN, "invalid_field", /^now is NaN/],
])("%j at %d is refused: %s", (rate, now, code, message) => {
  expect(() => spend(undefined, now, rate)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as string }));
});
