import { SojournError } from "sojourn";

/** How much of its rate a number has used. Plain data for a store to keep; survives JSON. */
export interface Bucket {
  /** Epoch ms of the latest reservation. None is ever given before it. */
  readonly last: number;
  /** Epoch ms, with fractions, at which the bucket is as good as new: the theoretical arrival time of ITU-T I.371 Annex A. */
  readonly full: number;
}

/** How fast a number may send. */
export interface Rate {
  /** Messages, or parts of messages if that is what the network counts. Above 0; 0.1 is one in ten seconds. */
  readonly perSecond: number;
  /** How many may go at once after a pause. A whole number from 1. Default 1. */
  readonly burst?: number | undefined;
}

/**
 * Reserves the next place: the epoch ms (whole) at which one message of this number may go, and the bucket to keep. It decides nothing else: who keeps the bucket by
 * compare-and-set before sending has a rate that holds over any number of processes.
 *
 * Of the messages that go at their `at`, no window of t seconds holds more than `burst + perSecond * t`, both its ends counted. It is the generic cell rate algorithm
 * (ITU-T I.371 Annex A, virtual scheduling), but a message that comes too early is given its time instead of being refused.
 *
 * `at` never goes back. A clock that was set back, or is behind that of another process, gives nobody a second burst: the message waits until the clock is where it was.
 * Give the time of a clock that does not follow a jump ahead at once; what was reserved under a wrong time stands.
 *
 * `at` is rounded up to whole ms. With a burst of 1 so is each gap: 30 a second become 29.4, 300 become 250. A burst of 2 loses nothing at up to 1000 a second.
 *
 * @param bucket what the last call gave; `undefined` for a number that never sent. One with broken values (a record that was damaged) counts as new.
 * @param now epoch ms
 * @throws {SojournError} `invalid_option` when the rate is wrong, `invalid_field` when `now` is no time
 */
export function spend(bucket: Bucket | undefined, now: number, { perSecond, burst = 1 }: Rate): { readonly bucket: Bucket; readonly at: number } {
  if (!Number.isFinite(perSecond) || perSecond <= 0) {
    throw new SojournError("invalid_option", `rate.perSecond is ${String(perSecond)}. Give the messages a second, above 0.`);
  }
  if (!Number.isSafeInteger(burst) || burst < 1) {
    throw new SojournError("invalid_option", `rate.burst is ${String(burst)}. Give a whole number of messages, 1 or more.`);
  }
  if (!Number.isFinite(now)) throw new SojournError("invalid_field", `now is ${String(now)}. Give epoch milliseconds.`);
  const gap = 1000 / perSecond;
  const { last, full } = bucket !== undefined && Number.isFinite(bucket.last) && Number.isFinite(bucket.full) ? bucket : { last: now, full: now };
  const at = Math.ceil(Math.max(now, last, full - (burst - 1) * gap));
  return { bucket: { last: at, full: Math.max(full, at) + gap }, at };
}
