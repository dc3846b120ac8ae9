import { expect, test } from "vitest";
import { byMinute, lastMinute, pointOf, reasonsOf, recent, withPoint, type LatencyPoint, type Seen } from "./series.ts";

const idle = { count: 0, p50: 0, p99: 0 };
const seen = (more: Partial<Seen>): Seen => ({
  at: 1_000_000,
  since: 0,
  live: [],
  step: 1000,
  from: 1_000_000,
  opened: [],
  ended: [],
  reasons: {},
  reads: idle,
  writes: idle,
  listeners: 0,
  ...more,
});

test("five minutes are shown of whatever comes", () => {
  const opened = Array.from({ length: 400 }, (_, i) => i);
  const { at, opened: shown, ended } = recent(seen({ opened, ended: opened.slice(0, 390) }));
  expect(at).toHaveLength(300);
  expect(at[0]).toBe(1100);
  expect(shown.at(-1)).toBe(399);
  expect(ended.slice(-11)).toEqual([389, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("before anybody looked nobody counted, which is not zero", () => {
  const { opened, ended } = recent(seen({ since: 1_003_500, opened: [0, 0, 0, 4, 5], ended: [0, 0, 0, 0, 1] }));
  expect([opened, ended]).toEqual([
    [null, null, null, 4, 5],
    [null, null, null, 0, 1],
  ]);
});

test("minutes are counted from now backwards", () => {
  const now = seen({ opened: Array.from({ length: 130 }, () => 2), ended: Array.from({ length: 130 }, () => 1) });
  expect(lastMinute(now)).toEqual({ opened: 120, ended: 60 });
  expect(byMinute(now)).toEqual([
    { from: 1_070_000, opened: 120, ended: 60 },
    { from: 1_010_000, opened: 120, ended: 60 },
    { from: 1_000_000, opened: 20, ended: 10 },
  ]);
  expect(byMinute(seen({}))).toEqual([]);
});

test("a curve of latencies has gaps where nobody looked, and forgets", () => {
  const point = (at: number): LatencyPoint => pointOf(seen({ at, reads: { count: 3, p50: 1, p99: 2 } }));
  let points = withPoint([], point(1000));
  points = withPoint(points, point(2000));
  points = withPoint(points, point(2000));
  points = withPoint(points, point(9000));
  expect(points.map(({ at, reads50, writes99 }) => [at, reads50, writes99])).toEqual([
    [1000, 1, null],
    [2000, 1, null],
    [2001, null, null],
    [9000, 1, null],
  ]);
  expect(withPoint(points, point(302_001)).map(({ at }) => at)).toEqual([9000, 9001, 302_001]);
});

test("reasons by how many", () => {
  expect(reasonsOf(seen({ reasons: { idle: 1, revoked: 3, closed: 0 } }))).toEqual([
    { reason: "revoked", count: 3, share: 0.75 },
    { reason: "idle", count: 1, share: 0.25 },
  ]);
});
