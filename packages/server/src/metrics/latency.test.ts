import fc from "fast-check";
import { expect, test } from "vitest";
import { latencyGauge } from "./latency.ts";

test("percentiles of the last minute, exact to a tenth", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.002, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 300 }), fc.nat(1e9), (times, began) => {
      const gauge = latencyGauge();
      for (const [n, ms] of times.entries()) gauge.note(ms, began + n);
      const sorted = times.toSorted((a, b) => a - b);
      const { count, p50, p99 } = gauge.read(began + times.length);
      expect(count).toBe(times.length);
      for (const [found, share] of [
        [p50, 0.5],
        [p99, 0.99],
      ] as const) {
        const exact = sorted[Math.max(0, Math.ceil(share * times.length) - 1)] as number;
        expect(found / exact).toBeGreaterThan(0.9);
        expect(found / exact).toBeLessThan(1.11);
      }
    }),
  );
});

test("what is more than a minute ago counts no more, however long nobody called", () => {
  const gauge = latencyGauge();
  expect(gauge.read(1_000)).toEqual({ count: 0, p50: 0, p99: 0 });
  for (let at = 0; at < 200_000; at += 100) gauge.note(1, at);
  const { count } = gauge.read(200_000);
  expect(count).toBeGreaterThanOrEqual(600);
  expect(count).toBeLessThanOrEqual(650);
  expect(gauge.read(255_000).count).toBeLessThan(60);
  expect(gauge.read(266_000).count).toBe(0);
  gauge.note(1e12, 1e9);
  gauge.note(0, 1e9);
  expect(gauge.read(1e9).count).toBe(2);
});
