import type { Cursor, StoreEvent, WatchableStore } from "sojourn";

/** What happened on the store, in its order, from after a cursor on. It holds a bounded part of it; the rest waits in the store. */
export interface Backlog {
  /** The next; `undefined` when it was closed. @throws {SojournError} when the store cannot be watched now */
  next(): Promise<StoreEvent | "gap" | undefined>;
  close(): void;
}

/**
 * @param bound events that are held at most
 * @throws {SojournError} when the store cannot be watched now
 */
export async function backlog(store: WatchableStore, cursor: string | undefined, bound = 10_000): Promise<Backlog> {
  const queue: (StoreEvent | "gap")[] = [];
  let after = cursor;
  let stop: (() => void) | undefined;
  let wake: (() => void) | undefined;
  let closed = false;
  /** There is more than fits: it is read again from the store, from after what was handed out. */
  let spilt = false;

  function tell(event: StoreEvent | "gap"): void {
    if (spilt || closed) return;
    if (queue.length < bound) queue.push(event);
    else {
      spilt = true;
      release();
    }
    wake?.();
  }

  function release(): void {
    stop?.();
    stop = undefined;
  }

  async function watch(): Promise<void> {
    spilt = false;
    const given = await store.watch(tell, after === undefined ? {} : { after: after as Cursor });
    // It may have been closed, or have spilt over, before anybody could be told how to stop it.
    if (closed || spilt) given();
    else stop = given;
  }

  await watch();
  return {
    async next() {
      while (!closed) {
        const event = queue.shift();
        if (event !== undefined) {
          if (event !== "gap") after = event.cursor;
          return event;
        }
        if (stop === undefined) await watch();
        if (queue.length === 0 && !closed && !spilt) await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
      return undefined;
    },
    close() {
      closed = true;
      release();
      wake?.();
    },
  };
}

/** Does a write, and tells where the store stood when it landed: by the event of the write itself. `undefined` when that does not come in time. */
export async function placeOf<T>(
  store: WatchableStore,
  id: string,
  write: () => Promise<T>,
): Promise<{ readonly made: T; readonly cursor: Cursor | undefined }> {
  let heard: (cursor: Cursor | undefined) => void = () => undefined;
  const cursor = new Promise<Cursor | undefined>((resolve) => (heard = resolve));
  const stop = await store.watch((event) => {
    if (event !== "gap" && event.id === id) heard(event.cursor);
  });
  const timer = setTimeout(heard, 2_000, undefined);
  try {
    const made = await write();
    return { made, cursor: await cursor };
  } finally {
    clearTimeout(timer);
    stop();
  }
}
