import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { steadyClock, type ClockJump } from "./steady-clock.ts";

const start = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const minute = 60_000;

function machine() {
  let real = 0;
  let set = 0;
  const told: ClockJump[] = [];
  const clock = steadyClock((jump) => told.push(jump), { wall: () => start + real + set, monotonic: () => 5_000 + real });
  return {
    told,
    now: () => clock.now() - start,
    pass: (ms: number) => void (real += ms),
    set: (by: number) => void (set += by),
    real: () => real,
    wall: () => real + set,
  };
}

test("without a jump it is the machine's, through long silence and slow corrections", () => {
  const m = machine();
  let corrected = 0;
  for (const [ms, by] of [
    [1, 0],
    [500, 0],
    [10 * hour, 0],
    [minute, 400],
    [900, 900],
    [minute, 0],
    [minute, -300],
  ] as const) {
    m.pass(ms);
    m.set(by);
    corrected += by;
    expect(m.now()).toBe(m.real() + corrected);
  }
  expect(m.told).toEqual([]);
});

describe("a day ahead", () => {
  test("is held: the time goes on as it did, and when the clock comes back nothing has happened", () => {
    const m = machine();
    m.now();
    m.set(24 * hour);
    for (let i = 0; i < 9; i++) {
      m.pass(minute);
      expect(m.now()).toBe(m.real());
    }
    m.set(-24 * hour);
    m.pass(minute);
    expect(m.now()).toBe(m.real());
    expect(m.told).toEqual([
      { by: 24 * hour, state: "held" },
      { by: 0, state: "over" },
    ]);
  });

  test("is believed when it lasts", () => {
    const m = machine();
    m.set(24 * hour);
    expect(m.now()).toBe(0);
    m.pass(10 * minute + 1);
    expect(m.now()).toBe(m.real() + 24 * hour);
    m.pass(minute);
    expect(m.now()).toBe(m.real() + 24 * hour);
    expect(m.told.map(({ state }) => state)).toEqual(["held", "believed"]);
  });
});

describe("an hour back", () => {
  test("is held, and then met at half speed; never backwards", () => {
    const m = machine();
    m.pass(10 * hour);
    m.now();
    m.set(-hour);
    m.now();
    m.pass(10 * minute);
    expect(m.now()).toBe(m.real());
    m.pass(1);
    m.now();
    expect(m.told.at(-1)).toEqual({ by: -hour, state: "believed" });
    const before = m.now();
    m.pass(hour);
    expect(m.now()).toBe(before + hour / 2);
    m.pass(2 * hour);
    expect(m.now()).toBe(m.wall());
    expect(m.told.at(-1)?.state).toBe("over");
  });
});

test("a jump seen within the second is none, and a second jump is held anew", () => {
  const m = machine();
  m.set(999);
  expect(m.now()).toBe(999);
  m.set(24 * hour);
  m.pass(5 * minute);
  m.now();
  m.set(24 * hour);
  m.pass(6 * minute);
  expect(m.now()).toBe(m.real());
  expect(m.told.map(({ by, state }) => [by, state])).toEqual([
    [24 * hour + 999, "held"],
    [48 * hour + 999, "held"],
  ]);
});

test("whatever happens to the machine's clock: what has really gone by until a jump is believed, never backwards, and in the end the machine's time", () => {
  const step = fc.record({
    pass: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 20 * minute })),
    set: fc.oneof(
      fc.constant(0),
      fc.integer({ min: -5, max: 5 }).map((hours) => hours * hour),
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (history) => {
      const m = machine();
      let before = m.now();
      for (const { pass, set } of history) {
        m.pass(pass);
        m.set(set);
        const now = m.now();
        expect(now).toBeGreaterThanOrEqual(before);
        if (!m.told.some(({ state }) => state === "believed")) expect(Math.abs(now - m.real())).toBeLessThan(1_000);
        before = now;
      }
      for (let i = 0; i < 3_000; i++) {
        m.pass(20 * minute);
        m.now();
      }
      expect(Math.abs(m.now() - m.wall())).toBeLessThanOrEqual(1_000);
    }),
    { numRuns: 300 },
  );
});
