import { clockCache } from "../../core/clock-cache.ts";
import { storeUnavailable } from "../../core/errors.ts";
import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { readHead, readLast, type Head } from "./head.ts";
import { layoutKey, short } from "./keys.ts";
import type { Layout } from "./layout.ts";
import type { LmdbRoot } from "./lmdb-root.ts";
import { decodeEntries, type LogEntry } from "./log-entries.ts";
import { decodeRecord } from "./record-codec.ts";
import { tail, type Tail } from "./tail.ts";

/** A group of changes on its way: what becomes known when the log is seen to have reached `last`. */
export interface Group {
  /** The newest number before it. */
  readonly base: number;
  readonly last: number;
  readonly entries: readonly LogEntry[];
  /** The records as the group leaves them. */
  readonly records: ReadonlyMap<SessionId, SessionRecord | undefined>;
  /** Called when loads begin to see it. */
  readonly seen: () => void;
}

/** What this process knows of the database, and whether it still holds. */
export interface View {
  /** Makes sure that nothing committed meanwhile is missed: once per turn of the event loop, or, with `now`, at once. */
  prove(now?: boolean): void;
  /** The record at the number that is known. The same object until it changes. */
  record(id: SessionId): SessionRecord | undefined;
  /** Like `record`, but neither caches what it finds nor counts as a use. */
  peek(id: SessionId): SessionRecord | undefined;
  /** The record in the place that an index entry names. */
  at(place: string): SessionRecord | undefined;
  /** Catches up inside a write transaction. */
  catchUp(): Head;
  /** Announces a group that is about to be committed; `undefined` when it failed. */
  expect(group: Group | undefined): void;
  /** The announced group is committed. */
  landed(group: Group): void;
  readonly tail: Tail;
  /** The mark of this store in the heads that it writes. */
  readonly writer: number;
  /** Number of the newest entry known. */
  readonly known: number;
  /** From now on `prove` throws. */
  close(): void;
}

/** Within one turn an earlier proof holds this long (ms). */
const proofHolds = 1;
const unknown = -1;
/** Entries behind which it is cheaper to forget everything. */
const farBehind = 4096;

/** Commits acknowledged by any store of this process: two stores on one folder never miss each other's. */
let landings = 0;

export function view(root: LmdbRoot, { records, log }: Layout, live: number): View {
  const cache = clockCache<SessionRecord>(live);
  const unfolded = tail();
  const writer = Math.random();
  let known = unknown;
  let expected: Group | undefined;
  let proven = false;
  let provenAt = 0;
  let provenLandings = 0;
  let closed = false;

  const endTurn = (): void => {
    proven = false;
  };

  function absorb(entries: readonly LogEntry[], last: number, changed?: Group["records"]): void {
    let number = last;
    for (const entry of entries) if (entry.was !== "folded") number--;
    for (const entry of entries) {
      if (entry.was !== "folded") {
        number++;
        const record = changed?.get(entry.id);
        if (record === undefined) cache.delete(entry.id);
        else cache.set(entry.id, record);
      }
      unfolded.absorb(entry, number);
    }
  }

  /** Only from where the group began: a read on an older snapshot may have gone back behind it, and what others wrote in between is in the log. */
  function see(group: Group): void {
    if (known === group.base) {
      absorb(group.entries, group.last, group.records);
      known = group.last;
    } else known = unknown;
    expected = undefined;
    group.seen();
  }

  function reread(head: Head): void {
    cache.clear();
    unfolded.clear();
    readLog(head.folded, head.last);
  }

  function readLog(after: number, upTo: number): void {
    for (const { key, value } of log.getRange({ start: after + 1, end: Math.min(upTo + 1, layoutKey), limit: upTo - after })) {
      absorb(decodeEntries(value as Uint8Array), key as number);
    }
  }

  function advance(head: Head): void {
    if (known === head.last) return;
    const passed = expected !== undefined && head.last >= expected.last ? expected : undefined;
    // Only its own mark says that it was this group, and not, after a failed commit of this one, another process's.
    if (known === passed?.base && head.last === passed.last && head.writer === writer) return see(passed);
    const from = known;
    known = unknown;
    if (from === unknown || from < head.pruned || head.last < from || head.last - from > farBehind) reread(head);
    else readLog(from, head.last);
    known = head.last;
    if (passed === undefined) return;
    expected = undefined;
    passed.seen();
  }

  function at(place: string): SessionRecord | undefined {
    const bytes = records.getBinaryFast(place);
    return bytes === undefined ? undefined : unfolded.over(decodeRecord(bytes));
  }

  return {
    prove(now) {
      const began = performance.now();
      if (proven && now !== true && provenLandings === landings && began - provenAt < proofHolds) return;
      if (closed) throw storeUnavailable("it was closed");
      root.resetReadTxn();
      if (readLast(log) !== known) advance(readHead(log));
      if (!proven) {
        proven = true;
        setImmediate(endTurn);
      }
      provenLandings = landings;
      provenAt = began;
    },
    record(id) {
      const cached = cache.get(id);
      if (cached !== undefined) return cached;
      const record = at(short(id));
      if (record !== undefined) cache.set(id, record);
      return record;
    },
    peek: (id) => cache.peek(id) ?? at(short(id)),
    // A hashed place is not the record's id.
    at: (place) => (place.startsWith("#") ? undefined : cache.peek(place)) ?? at(place),
    catchUp() {
      const head = readHead(log);
      if (head.last !== known) {
        advance(head);
        // This turn's snapshot may be older than what is known now.
        proven = false;
      }
      return head;
    },
    expect(group) {
      expected = group;
    },
    landed(group) {
      landings++;
      // A read may have met it in the log before lmdb-js told of it.
      if (expected === group) see(group);
    },
    tail: unfolded,
    writer,
    get known() {
      return known;
    },
    close() {
      closed = true;
      proven = false;
    },
  };
}
