import { recordUnreadable, SojournError, storeUnavailable } from "../../core/errors.ts";
import type {
  CallOptions,
  CountableStore,
  Cursor,
  Found,
  MaybePromise,
  Outcome,
  Page,
  Query,
  ScrubbableStore,
  ScrubOptions,
  ScrubReport,
  SessionId,
  SessionRecord,
  Store,
  StoreEvent,
  WatchableStore,
} from "../../core/seam.ts";
import { ahead } from "./ahead.ts";
import { feed } from "./feed.ts";
import { find } from "./find.ts";
import { liveOfKind } from "./indexes.ts";
import { isPlain } from "./judge.ts";
import { openLayout } from "./layout.ts";
import type { LmdbRoot } from "./lmdb-root.ts";
import { scrub } from "./scrub.ts";
import { UnreadableRecord } from "./record-codec.ts";
import { throughTurnstile } from "./turnstile.ts";
import { view } from "./view.ts";
import { writer } from "./writer.ts";

export type { KeyEncoder, LmdbDatabase, LmdbDatabaseOptions, LmdbKey, LmdbRange, LmdbRoot } from "./lmdb-root.ts";
export { openLmdb } from "./open-lmdb.ts";
export { backupLmdb, type LmdbBackup, type LmdbBackupOptions, type LmdbBackupRoot } from "./backup.ts";
export { forgetCursors } from "./forget-cursors.ts";
export { kindsOfLmdb } from "./kinds.ts";
export { spaceOfLmdb, type LmdbSpace } from "./space.ts";

/** Settings of {@link lmdbStore}. */
export interface LmdbStoreOptions {
  /**
   * When a commit is acknowledged.
   * - `"relaxed"`: a merge of fields before its transaction; `kill -9` may lose the last moments. All other changes as `"committed"`.
   * - `"committed"` (default): when every process sees it; `kill -9` loses nothing, a power cut may lose the last moments.
   * - `"flushed"`: when the disk has it.
   */
  readonly durability?: "relaxed" | "committed" | "flushed";
  /** Records kept decoded in memory. Default 10,000. */
  readonly live?: number;
  /** Events kept for `watch({ after })`. Default 10,000. */
  readonly feed?: number;
}

/** A session store in an LMDB folder, shared by any number of processes of one machine. */
export interface LmdbStore extends Store, WatchableStore, CountableStore, ScrubbableStore {
  load(id: SessionId, options?: CallOptions): SessionRecord | undefined;
  find(query: Query, page?: Page): Found;
  watch(tell: (event: StoreEvent | "gap") => void, options?: { readonly after?: Cursor }): () => void;
  count(query: { readonly kind: string }): number;
  /**
   * Some hundred records at a time, each in a turn of its own: neither the event loop nor other writers wait for it.
   * @throws {SojournError} `store_unavailable`
   */
  scrub(options?: ScrubOptions): Promise<ScrubReport>;
  close(): Promise<void>;
}

/** How often places of dead readers are freed (ms): a snapshot that nobody reads keeps the file growing. */
const readerCheckEvery = 60_000;

/**
 * Keeps sessions in an LMDB database on a local disk.
 *
 * `load`, `find` and `count` answer synchronously; a load sees every commit acknowledged by this process, and every one acknowledged by another
 * process up to 1 ms before, or, in the first load of a turn of the event loop, any time before. Commits of one turn share one transaction,
 * and wait on another thread for their turn among processes. `close` waits for what is on its way; the root stays open.
 *
 * @param root what {@link openLmdb} gives. Opening the databases in it waits for the write lock.
 * @throws {SojournError} `invalid_option` when a setting is wrong, the root was not opened by `openLmdb`, or a newer release wrote the folder; `store_unavailable` when LMDB fails.
 */
export function lmdbStore(root: LmdbRoot, { durability = "committed", live = 10_000, feed: kept = 10_000 }: LmdbStoreOptions = {}): LmdbStore {
  whole("live", live);
  whole("feed", kept);
  if (!["relaxed", "committed", "flushed"].includes(durability)) {
    throw new SojournError("invalid_option", `durability is ${JSON.stringify(durability)}. Give "relaxed", "committed" or "flushed".`);
  }
  const through = throughTurnstile(root);
  const layout = attempt("opening its databases", () => openLayout(through));
  const known = view(root, layout, live);
  const events = feed(layout, known);
  const commits = writer({ root: through, layout, view: known, flushed: durability === "flushed", feed: kept, landed: events.pump });
  const early = ahead();
  attempt("checking its readers", () => root.readerCheck());
  const readers = setInterval(() => void root.readerCheck(), readerCheckEvery).unref();
  let closed = false;

  return {
    load(id) {
      try {
        known.prove();
        const record = known.record(id);
        return record === undefined || early.size === 0 ? record : early.over(record);
      } catch (error) {
        throw error instanceof UnreadableRecord ? recordUnreadable(id, error) : explained(`reading session ${id}`, error);
      }
    },
    commit(change, options): MaybePromise<Outcome> {
      if (closed) return Promise.reject(storeUnavailable("it was closed"));
      const deadline = options?.deadline;
      if (deadline !== undefined && deadline <= Date.now())
        return Promise.reject(storeUnavailable("the deadline had passed before the change was begun; nothing was written"));
      if (durability !== "relaxed") return commits.write(change, deadline);
      if (change.expect !== "live" || !isPlain(change) || early.held(change.id)) return commits.write(change, deadline).finally(early.hold(change.id));
      return attempt("reading", () => {
        known.prove();
        const { outcome, arrived } = early.take(known.record(change.id), change);
        // Nobody waits for it; what becomes of it is what relaxed means.
        if (arrived !== undefined) commits.write(change, undefined, arrived).catch(() => undefined);
        return outcome;
      });
    },
    find: (query, page) =>
      attempt("searching", () => {
        known.prove(true);
        return find(layout, early.size === 0 ? known.at : (place) => andOver(known.at(place)), query, page);
      }),
    count: ({ kind }) =>
      attempt("counting", () => {
        known.prove(true);
        return liveOfKind(layout, kind);
      }),
    async scrub(options) {
      try {
        return await scrub(through, layout, known, options);
      } catch (error) {
        throw explained("scrubbing", error);
      }
    },
    watch: (tell, options) => attempt("watching", () => events.watch(tell, options?.after)),
    async close() {
      if (closed) return;
      closed = true;
      events.close();
      clearInterval(readers);
      await commits.idle();
      through.leave();
      known.close();
    },
  } satisfies Store & WatchableStore & CountableStore & ScrubbableStore;

  function andOver(record: SessionRecord | undefined): SessionRecord | undefined {
    return record === undefined ? undefined : early.over(record);
  }
}

function whole(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new SojournError("invalid_option", `${name} is ${JSON.stringify(value)}. Give a whole number above zero.`);
}

function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw explained(what, error);
  }
}

/** @returns the error as one of ours, with the way out where there is a known one. */
function explained(what: string, error: unknown): unknown {
  if (error instanceof SojournError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const way = text.includes("MDB_READERS_FULL")
    ? "more processes and threads read the folder than it has places for; open it with a larger maxReaders in every process"
    : `${what} failed with "${text}"`;
  return storeUnavailable(way, error);
}
