import type { EndReason } from "./events.ts";
import type { Engine } from "./engine.ts";
import { SojournError } from "./errors.ts";
import { feedHub, mostWaiting, toldOf, type Hub, type Joined, type Listener } from "./feed-hub.ts";
import { checkKind } from "./names.ts";
import type { Cursor, SessionId, Store } from "./seam.ts";

/** What happened to a session anywhere on the store. `eventId` is what to give as `after` to go on from there. */
export interface FeedEvent {
  /** Absent on endings that are told again after a gap. */
  readonly eventId?: string;
  readonly type: "created" | "changed" | "ended";
  readonly id: SessionId;
  readonly kind: string;
  readonly subject?: string;
  readonly version: number;
  /** With `ended`. `at`: epoch ms. */
  readonly ended?: { readonly at: number; readonly reason: EndReason; readonly by?: string };
}

export interface FeedOptions {
  /** The `eventId` of the last event that was handled. Default: from now on. */
  readonly after?: string | undefined;
  /** Of which kinds the retained endings are told again after a gap. Default: the manager's own. */
  readonly kinds?: readonly string[] | undefined;
  /** Called when the store tells: nothing that is committed from then on is missed. */
  readonly ready?: (() => void) | undefined;
  /** Ends the feed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Everybody's events, from now on or from after an event. Endings are told at least once: where the store no longer remembers what came
 * after `after`, every ending that is still retained is told again. Other events may be missing after such a gap, and a reader who is more than 10,000
 * events behind has one.
 * All who listen are given the same objects, which are not to be changed.
 * @param shared the watch that is shared by all who listen from now on. Who begins further back has a watch of their own until they meet it: only the
 * store can replay.
 * @throws {SojournError} `invalid_option` when the store cannot be watched
 */
export async function* feed(engine: Engine, store: Store, shared: Hub, options: FeedOptions): AsyncGenerator<FeedEvent, void, undefined> {
  const { signal, after } = options;
  if (!("watch" in store)) throw new SojournError("invalid_option", "This store cannot be watched, so there is no feed of it. Its page says what it can do.");
  const kinds = (options.kinds ?? [engine.settings.kind]).map(checkKind);
  const queue: (FeedEvent | "gap")[] = [];
  let failure: { readonly error: unknown } | undefined;
  let wake: (() => void) | undefined;
  const listener: Listener = {
    tell(told) {
      // A reader this slow is told so, instead of filling the memory.
      if (queue.length >= mostWaiting) queue.splice(0, queue.length, "gap");
      queue.push(told);
      wake?.();
    },
    broken(error) {
      failure = { error };
      wake?.();
    },
  };
  const joined = after === undefined ? shared.join(listener) : joinLater(engine, store, shared, listener, after as Cursor);
  const abort = (): void => wake?.();
  signal?.addEventListener("abort", abort);
  try {
    await joined.ready;
    options.ready?.();
    while (signal?.aborted !== true) {
      const told = queue.shift();
      if (told === "gap") yield* retainedEndings(engine, kinds);
      else if (told !== undefined) yield told;
      else if (failure !== undefined) throw failure.error;
      else {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    joined.leave();
  }
}

/** Replays by a watch of its own, and leaves that for the shared one as soon as both have told of the same event: a cursor says all that came before it. */
function joinLater(engine: Engine, store: Store, shared: Hub, listener: Listener, after: Cursor): Joined {
  const own = feedHub(engine, store, after);
  let joined = own.join(listener, true);
  const { ready } = joined;
  const meet = (): void => {
    if (own.at === undefined || own.at !== shared.at) return;
    part();
    joined.leave();
    joined = shared.join(listener, true);
  };
  const part = (): void => void (own.moved.delete(meet), shared.moved.delete(meet));
  own.moved.add(meet);
  shared.moved.add(meet);
  return {
    ready,
    leave() {
      part();
      joined.leave();
    },
  };
}

async function* retainedEndings(engine: Engine, kinds: readonly string[]): AsyncGenerator<FeedEvent, void, undefined> {
  for (const kind of kinds) {
    let after: Cursor | undefined;
    do {
      const found = await engine.calls.find({ kind: engine.names.kind(kind) }, after === undefined ? {} : { after });
      for (const record of found.records) {
        const event = record.ended === undefined ? undefined : toldOf(engine, record, "ended", record.version, undefined);
        if (event !== undefined) yield event;
      }
      after = found.next;
      // A store that answers at once would else have everything else wait until all of them are read.
      if (after !== undefined) await new Promise((resolve) => setTimeout(resolve));
    } while (after !== undefined);
  }
}
