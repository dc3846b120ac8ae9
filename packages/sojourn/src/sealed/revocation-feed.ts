import type { Calls } from "../core/calls.ts";
import { SojournError, storeUnavailable } from "../core/errors.ts";
import { isPromise } from "../core/maybe.ts";
import type { Cursor, MaybePromise, SessionId, SessionRecord, StoreEvent, WatchableStore } from "../core/seam.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { field, type RevocationRecords } from "./revocation-records.ts";

/** Keeps what is known equal to what is written, by the store's feed. */
export interface RevocationFeed {
  /** Follows the store from now on. Resolves when all that was written before the call is known. @throws {SojournError} `store_unavailable`; it goes on trying. */
  follow(): Promise<void>;
  stop(): Promise<void>;
}

/** What the feed is made of. */
export interface FeedParts {
  readonly store: WatchableStore;
  readonly calls: Calls;
  readonly records: RevocationRecords;
  readonly heart: Heartbeat;
  /** ms without proof after which nothing is sure. */
  readonly silence: number;
  /** Takes in what was written. Must not throw. */
  readonly note: (record: SessionRecord) => void;
  /** Called with each beat. */
  readonly tick: () => void;
  readonly monotonic: () => number;
  /** Whether timers and connections outlive the request that began them. Where they do not, `follow` is called by each, and reads again what is too old. */
  readonly outlives: boolean;
}

/** Events that wait at most; more are as good as a gap. */
const longestQueue = 10_000;
/** Records that are read at the same moment. */
const atOnce = 256;
const pageSize = 500;

/** Follows nothing until it is asked to. */
export function revocationFeed({ store, calls, records, heart, silence, note, tick, monotonic, outlives }: FeedParts): RevocationFeed {
  const queue: StoreEvent[] = [];
  /** Something may be written that the queue will not tell. */
  let lost = true;
  /** Whether all was known at one time. */
  let ready = false;
  /** Ends the watch. `undefined`: there is none. */
  let unwatch: (() => void) | undefined;
  /** Another one for each watch: what a watch that was given up still tells is nobody's. */
  let watching = {};
  let timer: ReturnType<typeof setInterval> | undefined;
  let working: Promise<void> | undefined;

  /** Events carry no fields: they are put in the queue, and their records read by and by. */
  function hear(event: StoreEvent | "gap"): void {
    if (event !== "gap" && event.id !== heart.id && !records.concerns(event.id)) return;
    const missed = event === "gap" || queue.length >= longestQueue;
    // What comes before all is read again is read with it; where that has failed, the timer tries again and not each event.
    if (lost && !missed) return;
    if (missed) lost = true;
    else queue.push(event);
    if (working === undefined && ready) void work().catch(ignore);
  }

  async function watch(): Promise<void> {
    const mine = {};
    watching = mine;
    const off = await inTime(silence, () =>
      store.watch((event) => {
        if (watching === mine) hear(event);
      }),
    );
    if (watching === mine) unwatch = off;
    else off();
  }

  /** Reads all that is written. What is written meanwhile is told by the watch that began before. */
  async function readAll(): Promise<void> {
    queue.length = 0;
    lost = false;
    const began = monotonic();
    try {
      for (const kind of [records.kind.revoked, records.kind.floor]) await readKind(kind);
    } catch (error) {
      lost = true;
      throw error;
    }
    heart.proven(began);
    ready = true;
  }

  async function readKind(kind: string): Promise<void> {
    let after: Cursor | undefined;
    for (;;) {
      const page = { limit: pageSize, only: [...Object.values(field), "$at", "$except"] };
      const found = await calls.find({ kind }, after === undefined ? page : { ...page, after });
      found.records.forEach(note);
      after = found.next;
      if (after === undefined) return;
      // A store that answers at once would otherwise hold everybody up.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** Reads what the first events are about. Only then does a beat among them count: what came before it has to be known. */
  async function readSome(): Promise<void> {
    const ids = new Set<SessionId>();
    let own: number | undefined;
    const beats = heart.id;
    for (const { id, version } of queue.splice(0, atOnce)) {
      if (id === beats) own = version;
      else ids.add(id);
    }
    try {
      await Promise.all([...ids].map(readOne));
    } catch (error) {
      lost = true;
      throw error;
    }
    if (own !== undefined && beats === heart.id) heart.heard(own);
  }

  async function readOne(id: SessionId): Promise<void> {
    const record = await calls.load(id);
    if (record !== undefined) note(record);
  }

  /** One thing after the other until nothing is left to do. Several callers wait for the same work. */
  function work(): Promise<void> {
    return (working ??= untilDone());
  }

  async function untilDone(): Promise<void> {
    try {
      // Not before it has been noted that somebody works.
      await Promise.resolve();
      for (;;) {
        if (timer === undefined) return;
        if (unwatch === undefined) await watch();
        else if (lost) await readAll();
        else if (queue.length > 0) await readSome();
        else return;
      }
    } finally {
      working = undefined;
    }
  }

  function unfollow(): void {
    watching = {};
    unwatch?.();
    unwatch = undefined;
    lost = true;
  }

  function beat(): void {
    tick();
    void heart.beat();
    if (working !== undefined) return;
    // It may have died without a word: another one, and all is read again.
    if (heart.deaf) unfollow();
    if (lost || queue.length > 0) void work().catch(ignore);
  }

  function start(): void {
    timer = setInterval(beat, silence / 3);
    if (typeof timer === "object") timer.unref?.();
  }

  return {
    follow() {
      if (!outlives) return heart.age <= silence / 3 ? Promise.resolve() : readAll();
      if (timer === undefined) start();
      return ready ? Promise.resolve() : work();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      unfollow();
      queue.length = 0;
      ready = false;
      await working?.catch(ignore);
      await heart.stop();
    },
  };
}

function ignore(): void {
  // It shows as silence, and the next beat tries again.
}

/** Waits for a watch to begin, but not for ever; one that begins too late is ended at once. @throws {SojournError} `store_unavailable` */
async function inTime(ms: number, begin: () => MaybePromise<() => void>): Promise<() => void> {
  try {
    const answer = begin();
    return isPromise(answer) ? await within(ms, answer) : answer;
  } catch (error) {
    throw error instanceof SojournError ? error : storeUnavailable("watch failed", error);
  }
}

function within(ms: number, answer: Promise<() => void>): Promise<() => void> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer: { unref?(): void } | number = setTimeout(() => {
      late = true;
      reject(storeUnavailable(`watch took longer than ${ms} ms`));
    }, ms);
    if (typeof timer === "object") timer.unref?.();
    answer.then((off) => {
      clearTimeout(timer as number);
      if (late) off();
      else resolve(off);
    }, reject);
  });
}
