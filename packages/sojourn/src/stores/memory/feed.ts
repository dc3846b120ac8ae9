import { randomUUID } from "node:crypto";
import type { Cursor, SessionId, StoreEvent, WatchableStore } from "../../core/seam.ts";

type Tell = Parameters<WatchableStore["watch"]>[0];

/** The last commits, for watchers that come back. */
export interface Feed {
  /** Notes a commit; watchers hear of it at the next `tell`, when the store is in order again: they may commit themselves. */
  note(id: SessionId, version: number, ended: boolean): void;
  tell(): void;
  watch(tell: Tell, options?: { readonly after?: Cursor }): () => void;
  close(): void;
  readonly bytes: number;
}

interface Watcher {
  readonly tell: Tell;
  /** The number of the next event that it is to hear. */
  next: number;
}

/** @param capacity events kept. */
export function feed(capacity: number): Feed {
  // Cursors of another store, or of this program's last life, must not be taken for ours. Made when first needed, as Workers give no random bytes before.
  let made: string | undefined;
  const origin = (): string => (made ??= randomUUID());
  const ids: SessionId[] = [];
  const versions = new Float64Array(capacity);
  const endings = new Uint8Array(capacity);
  const watchers = new Set<Watcher>();
  let next = 0;
  let telling = false;

  const cursorOf = (n: number): Cursor => `${origin()}.${n}` as Cursor;
  const eventAt = (n: number): StoreEvent => {
    const place = n % capacity;
    return { cursor: cursorOf(n), id: ids[place] as SessionId, version: versions[place] as number, ended: endings[place] === 1 };
  };

  /** A watcher that commits is told of it after the others have heard what came before: everyone hears everything in one order. */
  function tellAll(): void {
    if (telling) return;
    telling = true;
    for (let behind = true; behind;) {
      for (const watcher of watchers) while (watcher.next < next && watchers.has(watcher)) tellNext(watcher);
      behind = [...watchers].some((watcher) => watcher.next < next);
    }
    telling = false;
  }

  function tellNext(watcher: Watcher): void {
    const missed = watcher.next < next - capacity;
    if (missed) watcher.next = next - capacity;
    const event = missed ? "gap" : eventAt(watcher.next++);
    try {
      watcher.tell(event);
    } catch (error) {
      // The commit has happened: its caller must not hear of a watcher's failure, but somebody must.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  return {
    note(id, version, ended) {
      const place = next++ % capacity;
      ids[place] = id;
      versions[place] = version;
      endings[place] = ended ? 1 : 0;
    },
    tell() {
      if (watchers.size > 0) tellAll();
    },
    watch(tell, { after } = {}) {
      const watcher: Watcher = { tell, next };
      watchers.add(watcher);
      if (after !== undefined) {
        const dot = after.lastIndexOf(".");
        const known = after.slice(0, dot) === origin() ? Number(after.slice(dot + 1)) + 1 : -1;
        // Below what is kept: tellNext says "gap" and goes on with the oldest. Of another store: everything may have been missed.
        if (known >= 0 && known <= next) watcher.next = known;
        else watcher.tell("gap");
        tellAll();
      }
      return () => void watchers.delete(watcher);
    },
    close() {
      watchers.clear();
    },
    get bytes() {
      return capacity * (9 + 8 + 48);
    },
  };
}
