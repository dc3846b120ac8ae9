/** What was counted, by step. */
export interface Series {
  /** Epoch ms at which the first step began. */
  readonly from: number;
  readonly opened: readonly number[];
  readonly ended: readonly number[];
  /** Of those in `ended`. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Counts what begins and what ends, by steps of time, in a bounded amount of memory. */
export interface SeriesCounter {
  /** Times are epoch ms. One that lies before the last counts as at the last: clocks may be set back. */
  opened(at: number): void;
  ended(reason: string, at: number): void;
  /** The steps that were over at that time, the newest last. */
  read(at: number): Series;
}

interface Step {
  opened: number;
  ended: number;
  reasons: Map<string, number> | undefined;
}

/** Reasons may be an application's own; so many are told apart in each step and in all. */
const mostReasons = 50;
const others = "(others)";

/** @param length ms of a step @param steps that are kept */
export function seriesCounter(length: number, steps: number): SeriesCounter {
  // One more, that is being filled.
  const ring = Array.from({ length: steps + 1 }, empty);
  let current = 0;

  function at(time: number): Step {
    const step = Math.floor(time / length);
    for (let n = Math.max(current + 1, step - steps); n <= step; n++) ring[n % ring.length] = empty();
    current = Math.max(current, step);
    return ring[current % ring.length] as Step;
  }

  return {
    opened: (time) => void at(time).opened++,
    ended(reason, time) {
      const step = at(time);
      step.ended++;
      add((step.reasons ??= new Map<string, number>()), reason, 1);
    },
    read(time) {
      at(time);
      const all = Array.from({ length: steps }, (_, n) => ring[(current - steps + n + ring.length) % ring.length] as Step);
      const reasons = new Map<string, number>();
      for (const step of all) for (const [reason, count] of step.reasons ?? []) add(reasons, reason, count);
      return {
        from: (current - steps) * length,
        opened: all.map((step) => step.opened),
        ended: all.map((step) => step.ended),
        reasons: Object.fromEntries(reasons),
      };
    },
  };
}

function empty(): Step {
  return { opened: 0, ended: 0, reasons: undefined };
}

function add(counts: Map<string, number>, reason: string, count: number): void {
  const key = counts.has(reason) || counts.size < mostReasons ? reason : others;
  counts.set(key, (counts.get(key) ?? 0) + count);
}
