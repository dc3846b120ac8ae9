/** Calls of the last minute. Times are ms. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

/** Remembers how long calls took, for a minute, in a fixed amount of memory. */
export interface LatencyGauge {
  /** @param ms that a call took, which ended at `at` (ms of a clock that never goes back). */
  note(ms: number, at: number): void;
  /** Of the minute before `at`. Percentiles are exact to a tenth. */
  read(at: number): Latency;
}

/** Buckets grow by a quarter of an octave, from 1 µs on. */
const perOctave = 4;
const buckets = 128;
const slotLength = 5_000;
/** Of a minute, and the one that is being filled. */
const slots = 13;

/** A ring of histograms, one for each five seconds. */
export function latencyGauge(): LatencyGauge {
  const ring = Array.from({ length: slots }, () => new Uint32Array(buckets));
  let current = 0;

  /** What is older than a minute is forgotten when its place is needed. */
  function advance(at: number): void {
    const slot = Math.floor(at / slotLength);
    if (slot <= current) return;
    for (let n = Math.max(current + 1, slot - slots + 1); n <= slot; n++) ring[n % slots]?.fill(0);
    current = slot;
  }

  return {
    note(ms, at) {
      if (at >= (current + 1) * slotLength) advance(at);
      const slot = ring[current % slots] as Uint32Array;
      const bucket = ms <= 0.001 ? 0 : Math.min(buckets - 1, Math.floor(Math.log2(ms * 1_000) * perOctave));
      slot[bucket] = (slot[bucket] ?? 0) + 1;
    },
    read(at) {
      advance(at);
      const sums = new Float64Array(buckets);
      let count = 0;
      for (const slot of ring) {
        for (const [bucket, calls] of slot.entries()) {
          sums[bucket] = (sums[bucket] ?? 0) + calls;
          count += calls;
        }
      }
      return { count, p50: percentile(sums, count, 0.5), p99: percentile(sums, count, 0.99) };
    },
  };
}

/** The middle of the bucket in which it lies, in ms to three digits. */
function percentile(sums: Float64Array, count: number, share: number): number {
  let below = 0;
  for (const [bucket, calls] of sums.entries()) {
    below += calls;
    if (calls > 0 && below >= share * count) return Number((2 ** ((bucket + 0.5) / perOctave) / 1_000).toPrecision(3));
  }
  return 0;
}
