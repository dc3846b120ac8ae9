import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { breaker, firstRest, type Breaker, type Outage } from "./breaker.ts";
import { SojournError, storeUnavailable } from "./errors.ts";

const fault = storeUnavailable("the test says so");
const badArgument = new SojournError("invalid_field", "The test says so.");

interface Scene {
  readonly breaker: Breaker;
  readonly told: Outage[];
  advance(ms: number): void;
}
function scene({ after = 3, longest = 400, random = (): number => 0 } = {}): Scene {
  let now = 1_000;
  const told: Outage[] = [];
  return { breaker: breaker("reads", { after, longest }, (outage) => told.push(outage), { now: () => now, random }), told, advance: (ms) => void (now += ms) };
}
function fail(of: Breaker, times: number): void {
  for (let n = 0; n < times; n++) of.failed(of.round, fault);
}

describe("a store that fails", () => {
  test("is left alone after so many failures in a row, and says for how long and why", () => {
    const { breaker: reads, told } = scene();
    fail(reads, 2);
    expect([reads.admits, told]).toEqual([true, []]);
    fail(reads, 1);
    expect(reads.admits).toBe(false);
    expect(told).toEqual([{ state: "down", error: fault }]);
    expect(() => reads.admit()).toThrow("The session store is unavailable: after 3 failed reads in a row it is left alone for 50 ms more.");
    expect(() => reads.admit()).toThrow(expect.objectContaining({ code: "store_unavailable", cause: fault }));
  });

  test("one answer among the failures begins the count anew, and a bad argument does not count", () => {
    const { breaker: reads, told } = scene();
    fail(reads, 2);
    reads.answered(reads.round);
    expect(reads.alert).toBe(false);
    fail(reads, 2);
    for (let n = 0; n < 10; n++) reads.failed(reads.round, badArgument);
    expect(told).toEqual([]);
    fail(reads, 1);
    expect(told).toHaveLength(1);
  });

  test("one call tries it; the others wait for what becomes of that", () => {
    const { breaker: reads, told, advance } = scene();
    fail(reads, 3);
    advance(50);
    expect(reads.admits).toBe(true);
    reads.admit();
    expect(() => reads.admit()).toThrow("it is left alone until the one call that tries it has its answer");
    reads.answered(reads.round);
    expect([reads.alert, reads.admits]).toEqual([false, true]);
    expect(told.map(({ state }) => state)).toEqual(["down", "up"]);
  });

  test("each failed try doubles the rest, up to the longest; the next outage begins anew", () => {
    const { breaker: reads, told, advance } = scene({ random: () => 1 - Number.EPSILON });
    fail(reads, 3);
    for (const rest of [100, 200, 400, 400]) {
      advance(rest - 1);
      expect(reads.admits).toBe(false);
      advance(1);
      reads.admit();
      reads.failed(reads.round, fault);
    }
    advance(400);
    reads.admit();
    reads.answered(reads.round);
    fail(reads, 3);
    advance(100);
    expect(reads.admits).toBe(true);
    expect(told.map(({ state }) => state)).toEqual(["down", "up", "down"]);
  });

  test("many calls that fail at once are one outage", () => {
    const { breaker: reads, told, advance } = scene();
    const rounds = Array.from({ length: 50 }, () => reads.round);
    for (const round of rounds) reads.failed(round, fault);
    expect(told).toHaveLength(1);
    advance(50);
    expect(reads.admits).toBe(true);
  });

  test("a try that never reached the store leaves the next call to try", () => {
    const { breaker: reads, advance } = scene();
    fail(reads, 3);
    advance(50);
    reads.admit();
    reads.failed(reads.round, badArgument);
    expect(reads.admits).toBe(true);
  });
});

test("as a machine: whatever calls begin and end in whatever order, late ones too", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant({ do: "begin" } as const) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat(1000), how: fc.constantFrom("answer", "fault", "fault", "bad argument") }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 600 }) }) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 5 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (steps, after, chances) => {
        let now = 0;
        const told: string[] = [];
        const random = (): number => chances.next().value as number;
        const reads = breaker("reads", { after, longest: 800 }, ({ state }) => told.push(state), { now: () => now, random });
        const seen = (): unknown => [reads.alert, reads.round, reads.admits, told.length];
        /** What is to be true, told in another way than the breaker counts. */
        const flying: number[] = [];
        let row = 0;
        let down: { tries: number; since: number; trying: number | undefined } | undefined;
        for (const at of steps) {
          if (at.do === "wait") now += at.ms;
          else if (at.do === "begin") {
            const rest = down === undefined ? 0 : Math.min(800, firstRest * 2 ** down.tries);
            const rested = down === undefined ? Infinity : now - down.since;
            if (!reads.admits) {
              expect(down).toBeDefined();
              expect(down?.trying !== undefined || rested < rest).toBe(true);
              expect(() => reads.admit()).toThrow(SojournError);
              continue;
            }
            expect(down?.trying).toBeUndefined();
            expect(rested).toBeGreaterThanOrEqual(rest / 2);
            if (reads.alert) reads.admit();
            const { round } = reads;
            if (down !== undefined) down.trying = round;
            flying.push(round);
          } else if (flying.length > 0) {
            const [round] = flying.splice(at.which % flying.length, 1) as [number];
            const before = seen();
            const late = round !== reads.round;
            if (at.how === "answer") reads.answered(round);
            else reads.failed(round, at.how === "fault" ? fault : badArgument);
            if (late) expect(seen()).toEqual(before);
            else if (down === undefined) {
              row = at.how === "answer" ? 0 : row + (at.how === "fault" ? 1 : 0);
              if (row >= after) down = { tries: 0, since: now, trying: undefined };
            } else {
              expect(round).toBe(down.trying);
              if (at.how === "answer") down = undefined;
              else down = at.how === "fault" ? { tries: down.tries + 1, since: now, trying: undefined } : { ...down, trying: undefined };
              if (down === undefined) row = 0;
            }
            expect(told.at(-1) ?? "up").toBe(down === undefined ? "up" : "down");
            expect(reads.alert).toBe(down !== undefined || row > 0);
          }
        }
        expect(told).toEqual(told.map((_, n) => (n % 2 === 0 ? "down" : "up")));
      },
    ),
    { numRuns: 1_000 },
  );
});
