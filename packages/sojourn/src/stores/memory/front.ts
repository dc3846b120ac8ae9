import type { SessionRecord } from "../../core/seam.ts";

/** A session whose record is at hand as an object. */
export interface LiveSession {
  readonly id: string;
  /** Its number in the store's tables. */
  readonly session: number;
  record: SessionRecord;
  /** Bytes that the record takes when it is encoded, at most: head (without version), and fields. */
  headBytes: number;
  fieldBytes: number;
  /** Blocks set aside for it. */
  blocks: number;
  /** Whether the blocks hold an older record than this. */
  dirty: boolean;
  used: boolean;
  /** Where it stands in the ring. */
  place: number;
}

/**
 * The live sessions in front of the encoded ones: a CLOCK like core's `clockCache`, but bounded by bytes as well as by number, since a budget
 * is a budget, and keeping the use bit in the entry that a hit has in hand anyway.
 */
export interface Front {
  get(id: string): LiveSession | undefined;
  /** Like `get`, by number, and not counted as a use. */
  peek(session: number): LiveSession | undefined;
  add(live: LiveSession): void;
  drop(live: LiveSession): void;
  /** To be called when a live session grew or shrank by so many encoded bytes. */
  resized(by: number): void;
  /** Whether more is held than may be. */
  readonly over: boolean;
  /** The least recently used (nearly: CLOCK) of the live sessions that are not spared. */
  coldest(spared?: (live: LiveSession) => boolean): LiveSession | undefined;
  /** A live session that is so; the search goes on from where the last one ended. */
  find(is: (live: LiveSession) => boolean): LiveSession | undefined;
  readonly size: number;
  /** Bytes held, estimated: see {@link liveBytes}. */
  readonly bytes: number;
}

/** Estimate of what a live session takes in the JavaScript heap: objects, map entries and string headers, and the text (measured: see README). */
export function liveBytes(encoded: number): number {
  return perLive + encoded * perEncodedByte;
}
const perLive = 700;
const perEncodedByte = 2.5;

/** @param most live sessions. @param mostBytes bytes of them. */
export function front(most: number, mostBytes: number): Front {
  const byId = new Map<string, LiveSession>();
  const bySession = new Map<number, LiveSession>();
  const ring: (LiveSession | undefined)[] = [];
  const vacant: number[] = [];
  let hand = 0;
  let finger = 0;
  let bytes = 0;

  return {
    get(id) {
      const live = byId.get(id);
      if (live !== undefined) live.used = true;
      return live;
    },
    peek: (session) => bySession.get(session),
    add(live) {
      live.place = vacant.pop() ?? ring.length;
      ring[live.place] = live;
      byId.set(live.id, live);
      bySession.set(live.session, live);
      bytes += liveBytes(live.headBytes + live.fieldBytes);
    },
    drop(live) {
      ring[live.place] = undefined;
      vacant.push(live.place);
      byId.delete(live.id);
      bySession.delete(live.session);
      bytes -= liveBytes(live.headBytes + live.fieldBytes);
    },
    resized(by) {
      bytes += by * perEncodedByte;
    },
    get over() {
      return byId.size > most || bytes > mostBytes;
    },
    coldest(spared) {
      // Two rounds: the first may only take use bits away.
      for (let steps = 2 * ring.length; steps > 0; steps--) {
        hand = hand + 1 < ring.length ? hand + 1 : 0;
        const live = ring[hand];
        if (live === undefined || spared?.(live)) continue;
        if (!live.used) return live;
        live.used = false;
      }
      return undefined;
    },
    find(is) {
      for (let steps = ring.length; steps > 0; steps--) {
        finger = finger + 1 < ring.length ? finger + 1 : 0;
        const live = ring[finger];
        if (live !== undefined && is(live)) return live;
      }
      return undefined;
    },
    get size() {
      return byId.size;
    },
    get bytes() {
      return bytes;
    },
  };
}
