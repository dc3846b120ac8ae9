import { expect, test } from "vitest";
import { median, quantile, ratioOfMedians, seeded } from "./statistics.mjs";

test("the median lies between the two in the middle", () => {
  expect([median([3]), median([10, 1]), median([9, 1, 5]), median([4, 1, 3, 2])]).toEqual([3, 5.5, 5, 2.5]);
  expect([quantile([0, 10], 0.025), quantile([5, 0, 10], 1)]).toEqual([0.25, 10]);
  expect(() => median([])).toThrow("nothing");
});

test("what slows a design and the control alike falls out of the ratio", () => {
  const designs = [0.8, 0.82, 0.78, 0.81, 0.79];
  const { ratio, low, high } = ratioOfMedians(designs, [1, 1, 1, 1, 1]);
  expect(ratio).toBe(0.8);
  expect([low, high].map((bound) => bound >= 0.78 && bound <= 0.82)).toEqual([true, true]);
  const slowed = ratioOfMedians(
    designs.map((share) => share * 0.9),
    designs.map(() => 0.9),
  );
  expect(slowed.ratio).toBeCloseTo(0.8, 12);
});

test("a control that wavers widens the interval", () => {
  const designs = Array.from({ length: 15 }, () => 0.8);
  const steady = ratioOfMedians(
    designs,
    designs.map(() => 1),
  );
  const wavering = ratioOfMedians(
    designs,
    designs.map((_, round) => 1 + ((round % 5) - 2) / 10),
  );
  expect(steady.high - steady.low).toBe(0);
  expect(wavering.high - wavering.low).toBeGreaterThan(0.05);
  expect(() => ratioOfMedians([1], [1, 2])).toThrow("same rounds");
});

test("the interval holds the truth about as often as it says", () => {
  const random = seeded(1);
  const noisy = (centre: number): number => centre * (0.85 + 0.3 * ((random() + random() + random()) / 3));
  let held = 0;
  for (let run = 0; run < 40; run++) {
    const rounds = Array.from({ length: 15 });
    const { low, high } = ratioOfMedians(
      rounds.map(() => noisy(0.8)),
      rounds.map(() => noisy(1)),
    );
    if (low <= 0.8 && high >= 0.8) held++;
  }
  expect(held).toBeGreaterThanOrEqual(34);
});
