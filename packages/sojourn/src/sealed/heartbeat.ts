import type { Calls } from "../core/calls.ts";
import type { Clock } from "../core/clock.ts";
import type { SessionId } from "../core/seam.ts";
import { newId } from "../core/token.ts";
import type { RevocationRecords } from "./revocation-records.ts";

/**
 * Proves from end to end that a feed is alive: a record of the node's own is written again and again, and expected to be heard of. A feed tells
 * what was written in the order in which it was written, so whoever hears its own beat has heard all that landed before that was sent.
 */
export interface Heartbeat {
  /** The record that is written. */
  readonly id: SessionId;
  /** ms since the newest moment of which it is proven that everything written before it is known here. By the monotonic clock; Infinity: none is. */
  readonly age: number;
  /** A beat landed, and so much later than the newest that was heard that the feed must be dead. */
  readonly deaf: boolean;
  /** Writes one, unless the one before is still on its way. Never rejects: what does not land is not heard. */
  beat(): Promise<void>;
  /** The feed told of the record, at that version, after all that came before. */
  heard(version: number): void;
  /** All that was written before that moment (ms, monotonic) is known. */
  proven(at: number): void;
  /** Nothing is proven any more; the record is erased if that can be done. Never rejects. */
  stop(): Promise<void>;
}

/** ms for which a beat is kept: those of dead nodes go, and clocks that are apart by minutes erase none of a living one. */
const kept = 600_000;
/** Beats on their way that are remembered at most. */
const most = 64;

/** @param silence ms. @param monotonic ms since some moment, whatever the clock is set to */
export function heartbeat(calls: Calls, records: RevocationRecords, clock: Clock, silence: number, monotonic: () => number): Heartbeat {
  let id = records.beatIdOf(newId(clock.now()));
  /** Of the record, as far as is known; `undefined`: a write of it went wrong. */
  let version: number | undefined = 0;
  /** When the beat that is to make a version was sent. */
  const sent = new Map<number, number>();
  let newest = -Infinity;
  /** When the last beat that landed was sent. */
  let landed = -Infinity;
  let beating = false;

  async function send(): Promise<void> {
    // Before the load, too: an earlier beat whose answer was lost may yet land and make the version that this one wants to, but after that load.
    const at = monotonic();
    if (version === undefined) {
      const record = await calls.load(id);
      if (record !== undefined) ({ version } = record);
      else {
        // Somebody erased it. A new name, for the feed may yet tell of versions that the old one had.
        id = records.beatIdOf(newId(clock.now()));
        sent.clear();
        version = 0;
      }
    }
    sent.set(version + 1, at);
    for (const old of sent.keys()) if (sent.size > most) sent.delete(old);
    const wake = clock.now() + kept;
    const expected = version;
    version = undefined;
    const outcome = await calls.commit(expected === 0 ? { id, expect: "absent", kind: records.kind.beat, wake, set: {} } : { id, expect: expected, wake });
    if (!outcome.ok) return;
    ({ version } = outcome);
    landed = at;
  }

  return {
    get id() {
      return id;
    },
    get age() {
      return monotonic() - newest;
    },
    get deaf() {
      return landed - newest > 2 * silence;
    },
    async beat() {
      if (beating) return;
      beating = true;
      try {
        await send();
      } catch {
        // The store's trouble is told by whoever calls it for somebody; here it shows as silence.
      } finally {
        beating = false;
      }
    },
    heard(given) {
      const at = sent.get(given);
      if (at === undefined) return;
      newest = Math.max(newest, at);
      for (const old of sent.keys()) if (old <= given) sent.delete(old);
    },
    proven(at) {
      newest = Math.max(newest, at);
    },
    async stop() {
      newest = landed = -Infinity;
      sent.clear();
      const last = version;
      version = undefined;
      if (last === undefined || last === 0) return;
      try {
        await calls.commit({ id, expect: last, erase: true });
      } catch {
        // It goes at its wake.
      }
    },
  };
}
