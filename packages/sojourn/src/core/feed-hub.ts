import { endingOf } from "./events.ts";
import { inBackground, type Engine } from "./engine.ts";
import { SojournError } from "./errors.ts";
import type { FeedEvent } from "./feed.ts";
import { isPromise } from "./maybe.ts";
import type { Cursor, MaybePromise, SessionRecord, Store, StoreEvent, WatchableStore } from "./seam.ts";

/** Who hears what a hub hears. */
export interface Listener {
  /** The same object for every listener. `"gap"`: some events were missed. */
  tell(told: FeedEvent | "gap"): void;
  /** The store cannot be watched or read any more; nothing comes after that. */
  broken(error: unknown): void;
}

/** One watch of the store and one load for each event, for all who listen. It watches for as long as somebody does. */
export interface Hub {
  /** Of the last event that was handed over, whosever session it was of. */
  readonly at: Cursor | undefined;
  /** Called when {@link at} has moved. */
  readonly moved: Set<() => void>;
  /** Hears what comes from now on; with `pending` also what was heard of and not handed over yet, which is all that comes after {@link at}. */
  join(listener: Listener, pending?: boolean): Joined;
}

export interface Joined {
  /** Resolves when the store tells. */
  readonly ready: MaybePromise<void>;
  leave(): void;
}

/** Events that wait for those who take them. Past it they are replaced by a gap. */
export const mostWaiting = 10_000;
/** ms for which events gather before they are looked at. */
const pauseFor = 2;
/** Loads under way at once, and events handed over in one go. */
const atOnce = 64;

/** A watch, from its first listener to its last. */
interface Watch {
  readonly listeners: Map<Listener, number>;
  readonly queue: { readonly number: number; readonly event: StoreEvent | "gap" }[];
  received: number;
  handed: number;
  /** Of a gap there is none. */
  last: StoreEvent | undefined;
  pumping: boolean;
  over: boolean;
  ready: MaybePromise<void>;
  stop: (() => void) | undefined;
}

/** @param after where the watch begins; default: now. */
export function feedHub(engine: Engine, store: Store, after?: Cursor): Hub {
  let watch: Watch | undefined;
  const moved = new Set<() => void>();

  function begin(): Watch {
    const begun: Watch = {
      listeners: new Map(),
      queue: [],
      received: 0,
      handed: 0,
      last: undefined,
      pumping: false,
      over: false,
      ready: undefined,
      stop: undefined,
    };
    const told = (event: StoreEvent | "gap"): void => hear(begun, event);
    const stoppable = (stop: () => void): void => {
      if (begun.over) stop();
      else begun.stop = stop;
    };
    const answer = (store as Store & WatchableStore).watch(told, after === undefined ? {} : { after });
    if (isPromise(answer)) {
      begun.ready = answer.then(stoppable, (error: unknown) => {
        end(begun);
        throw error;
      });
      // Whoever joined waits for it; who has left does not hear.
      begun.ready.catch(() => undefined);
    } else stoppable(answer);
    return begun;
  }

  function end(ended: Watch): void {
    ended.over = true;
    ended.listeners.clear();
    ended.queue.length = 0;
    ended.stop?.();
    if (watch === ended) watch = undefined;
  }

  function hear(hearing: Watch, event: StoreEvent | "gap"): void {
    if (hearing.over) return;
    const { queue } = hearing;
    // Loads that are this slow must not fill the memory.
    if (queue.length >= mostWaiting) queue.splice(0, queue.length, { number: hearing.received, event: "gap" });
    queue.push({ number: ++hearing.received, event });
    if (hearing.pumping) return;
    hearing.pumping = true;
    // A commit's caller goes first: often the engine is at work on the next ones then, and this thread has nothing else to do.
    setTimeout(() => void pump(hearing), pauseFor);
  }

  async function pump(pumped: Watch): Promise<void> {
    const { queue } = pumped;
    try {
      while (queue.length > 0) {
        const some = queue.splice(0, atOnce);
        const told = some.map(({ event }) => (event === "gap" ? event : eventFor(engine, event)));
        const known = told.some(isPromise) ? await Promise.all(told) : (told as Awaited<(typeof told)[number]>[]);
        for (const [place, { number, event }] of some.entries()) hand(pumped, number, event, known[place]);
        // A store that answers at once would else have everything else wait.
        if (queue.length > 0) await new Promise((resolve) => setTimeout(resolve));
      }
      pumped.pumping = false;
    } catch (error) {
      const listeners = [...pumped.listeners.keys()];
      end(pumped);
      for (const listener of listeners) listener.broken(error);
    }
  }

  function hand(handing: Watch, number: number, event: StoreEvent | "gap", told: FeedEvent | "gap" | undefined): void {
    handing.handed = number;
    handing.last = event === "gap" ? undefined : event;
    if (told !== undefined) for (const [listener, from] of handing.listeners) if (number > from) listener.tell(told);
    for (const each of moved) each();
  }

  return {
    get at() {
      // Some stores write a cursor out only when it is asked for.
      return watch?.last?.cursor;
    },
    moved,
    join(listener, pending = false) {
      const joined = (watch ??= begin());
      joined.listeners.set(listener, pending ? joined.handed : joined.received);
      return {
        ready: joined.ready,
        leave() {
          if (joined.listeners.delete(listener) && joined.listeners.size === 0) end(joined);
        },
      };
    },
  };
}

function eventFor(engine: Engine, event: StoreEvent): MaybePromise<FeedEvent | undefined> {
  const tell = (record: SessionRecord | undefined): FeedEvent | undefined => {
    // Erased: its ending has been told, unless this reader is later than the whole retention.
    if (record === undefined) return undefined;
    return toldOf(engine, record, event.ended ? "ended" : event.version === 1 ? "created" : "changed", event.version, event.cursor);
  };
  try {
    const record = engine.calls.load(event.id);
    return isPromise(record) ? record.then(tell, (error: unknown) => skipped(engine, error)) : tell(record);
  } catch (error) {
    return skipped(engine, error);
  }
}

/** One record that cannot be read is one that nothing can be told of. @throws every other error */
function skipped(engine: Engine, error: unknown): undefined {
  if (!(error instanceof SojournError) || error.code !== "record_unreadable") throw error;
  void inBackground(engine, "tell of a session", Promise.reject(error));
  return undefined;
}

/** What is told of a record; nothing of another tenant's, nor of the manager's own. */
export function toldOf(engine: Engine, record: SessionRecord, type: FeedEvent["type"], version: number, cursor: Cursor | undefined): FeedEvent | undefined {
  const kind = engine.names.kindOf(record.kind);
  if (kind === undefined) return undefined;
  const { id, subject, ended } = record;
  // Spreads would cost as much as all else that is done for an event.
  const event: { -readonly [Name in keyof FeedEvent]: FeedEvent[Name] } =
    cursor === undefined ? { type, id, kind, version } : { eventId: cursor, type, id, kind, version };
  if (subject !== undefined) event.subject = engine.names.subjectOf(subject);
  if (type === "ended" && ended !== undefined) event.ended = endingOf(ended);
  return event;
}
