import { milliseconds, type Duration } from "../core/duration.ts";

/** A clock that stands still until it is moved. */
export interface FakeClock {
  /** Epoch ms. */
  now(): number;
  /** Moves the clock on. @throws {SojournError} `invalid_option` unless the duration is above zero. */
  advance(duration: Duration): void;
}

/** @param start epoch ms; default 2026-01-01T00:00:00Z. */
export function fakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  return {
    now: () => now,
    advance(duration) {
      now += milliseconds(duration, "advance");
    },
  };
}
