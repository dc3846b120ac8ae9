import type { Cursor, SessionId, StoreEvent, WatchableStore } from "../../core/seam.ts";
import type { ToldCommit } from "./missed-commits.ts";

type Tell = Parameters<WatchableStore["watch"]>[0];

/** The last commits, in the order of the stream, for watchers. */
export interface Feed {
  /** What one message of the stream told: `revision` is its own, `before` that of the message before it. */
  tell(id: SessionId, commits: readonly ToldCommit[], revision: number, before: number): void;
  /** Events may be missing, or come late. */
  gap(): void;
  /** Begins anew: nothing before `revision` is known. `origin` names the stream: cursors of another one are not taken for its own. */
  begin(origin: string, revision: number): void;
  watch(tell: Tell, after: Cursor | undefined): () => void;
  close(): void;
}

interface Kept {
  readonly revision: number;
  readonly commit: number;
  readonly event: StoreEvent;
}

interface Watcher {
  readonly tell: Tell;
  readonly after: Place | undefined;
}

/** What a cursor says: all up to `revision` is known, and of one session more, up to a commit. */
interface Place {
  readonly revision: number;
  readonly id?: string;
  readonly commit?: number;
}

/** @param capacity events kept. */
export function feed(capacity: number): Feed {
  const watchers = new Set<Watcher>();
  /** A ring: the next one goes to `next % capacity`. */
  const ring: Kept[] = [];
  let next = 0;
  /** Everything after this revision is in the ring. */
  let floor = 0;
  let origin = "";

  function tellOne(watcher: Watcher, event: StoreEvent | "gap"): void {
    try {
      watcher.tell(event);
    } catch (error) {
      // The commit has happened: neither other watchers nor the replica may suffer from one that fails, but somebody must hear of it.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  function placeOf(cursor: Cursor): Place | undefined {
    const [of, revision, id, commit] = cursor.split("/");
    if (of !== origin || revision === undefined || !/^\d+$/.test(revision)) return undefined;
    return { revision: Number(revision), ...(id !== undefined && { id: decodeURIComponent(id), commit: Number(commit) }) };
  }

  const isKnown = ({ revision, commit, event }: Kept, after: Place): boolean =>
    revision <= after.revision || (event.id === after.id && commit <= (after.commit ?? 0));

  return {
    tell(id, commits, revision, before) {
      for (const [i, { version, ended, commit }] of commits.entries()) {
        // One that shares its message with later ones must not say that those are known.
        const last = i === commits.length - 1;
        const cursor = (last ? `${origin}/${revision}` : `${origin}/${before}/${encodeURIComponent(id)}/${commit}`) as Cursor;
        const kept: Kept = { revision, commit, event: { cursor, id, version, ended } };
        const oldest = ring[next % capacity];
        if (next >= capacity && oldest !== undefined) floor = oldest.revision;
        ring[next++ % capacity] = kept;
        for (const watcher of watchers) if (watcher.after === undefined || !isKnown(kept, watcher.after)) tellOne(watcher, kept.event);
      }
    },
    gap() {
      for (const watcher of watchers) tellOne(watcher, "gap");
    },
    begin(name, revision) {
      origin = name;
      ring.length = 0;
      next = 0;
      floor = revision;
    },
    watch(tell, after) {
      const place = after === undefined ? undefined : placeOf(after);
      const watcher: Watcher = { tell, after: place };
      watchers.add(watcher);
      if (after !== undefined) {
        const known = place !== undefined && place.revision >= floor;
        if (!known) tellOne(watcher, "gap");
        const kept = next <= capacity ? ring.slice(0, next) : [...ring.slice(next % capacity), ...ring.slice(0, next % capacity)];
        for (const one of kept) if (watchers.has(watcher) && (!known || !isKnown(one, place))) tellOne(watcher, one.event);
      }
      return () => void watchers.delete(watcher);
    },
    close() {
      watchers.clear();
    },
  };
}
