import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { deadlineSignals } from "./deadline-signals.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("a signal aborts at its deadline or before it by a sixteenth of the time that was left, and not earlier", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 100_000 })), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(steps, (all) => {
      const signalOf = deadlineSignals();
      const heard: { at: number; deadline: number; left: number }[] = [];
      for (const [pause, left] of all) {
        vi.advanceTimersByTime(pause);
        const deadline = Date.now() + left;
        const signal = signalOf(deadline) ?? expect.fail();
        expect(signal.aborted).toBe(false);
        signal.addEventListener("abort", () => heard.push({ at: Date.now(), deadline, left }), { once: true });
      }
      vi.advanceTimersByTime(100_000);
      expect(heard).toHaveLength(all.length);
      for (const { at, deadline, left } of heard) {
        expect(at).toBeLessThanOrEqual(deadline);
        expect(at).toBeGreaterThanOrEqual(deadline - left / 16);
      }
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});

it("thousands of commands share a few signals and fewer timers, and nobody is warned of a leak", () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const signalOf = deadlineSignals();
  const signals = new Set<AbortSignal | undefined>();
  for (let i = 0; i < 5_000; i++) {
    if (i % 100 === 0) vi.advanceTimersByTime(1);
    const signal = signalOf(Date.now() + 2_000);
    signal?.addEventListener("abort", () => undefined, { once: true });
    signals.add(signal);
  }
  expect(signals.size).toBeLessThan(60);
  expect(vi.getTimerCount()).toBeLessThan(5);
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

it("a deadline that has passed has aborted, and one that no timer can wait for gives no signal", () => {
  const signalOf = deadlineSignals();
  for (const deadline of [0, -Infinity, Date.now() - 1, Date.now()]) expect(signalOf(deadline)?.aborted).toBe(true);
  for (const deadline of [Infinity, NaN, Date.now() + 2 ** 31]) expect(signalOf(deadline)).toBeUndefined();
  const far = signalOf(Date.now() + 2 ** 31 - 1);
  vi.advanceTimersByTime(1_000);
  expect(far?.aborted).toBe(false);
});
