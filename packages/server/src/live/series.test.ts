import fc from "fast-check";
import { expect, test } from "vitest";
import { seriesCounter } from "./series.ts";

test("each step has what came in it, and the reasons are those of the steps that are told", () => {
  const happening = fc.record({ after: fc.nat(2_500), reason: fc.option(fc.constantFrom("idle", "closed", "constructor")) });
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 100 }), fc.nat(30_000), (happenings, rest) => {
      const counter = seriesCounter(1_000, 20);
      let at = 1_795_000_000_000;
      const all: { step: number; reason: string | null }[] = [];
      for (const { after, reason } of happenings) {
        at += after;
        all.push({ step: Math.floor(at / 1_000), reason });
        if (reason === null) counter.opened(at);
        else counter.ended(reason, at);
      }
      at += rest;
      const series = counter.read(at);
      const now = Math.floor(at / 1_000);
      expect(series.from).toBe((now - 20) * 1_000);
      const told = all.filter(({ step }) => step >= now - 20 && step < now);
      const counted = (n: number, ended: boolean): number => told.filter(({ step, reason }) => step === now - 20 + n && (reason !== null) === ended).length;
      expect(series.opened).toEqual(Array.from({ length: 20 }, (_, n) => counted(n, false)));
      expect(series.ended).toEqual(Array.from({ length: 20 }, (_, n) => counted(n, true)));
      for (const reason of ["idle", "closed", "constructor"])
        expect(Object.hasOwn(series.reasons, reason) ? series.reasons[reason] : 0).toBe(told.filter((one) => one.reason === reason).length);
    }),
  );
});

test("a clock that is set back, and one that jumps far ahead; no number of reasons fills the memory", () => {
  const counter = seriesCounter(1_000, 5);
  counter.opened(10_000);
  counter.opened(2_000);
  expect(counter.read(11_000)).toMatchObject({ from: 6_000, opened: [0, 0, 0, 0, 2] });
  expect(counter.read(1e12).opened).toEqual([0, 0, 0, 0, 0]);
  for (let n = 0; n < 1_000; n++) counter.ended(`own ${n}`, 1e12);
  const { reasons, ended } = counter.read(1e12 + 1_000);
  expect(ended).toEqual([0, 0, 0, 0, 1_000]);
  expect(Object.keys(reasons)).toHaveLength(51);
  expect(reasons["(others)"]).toBe(950);
});
