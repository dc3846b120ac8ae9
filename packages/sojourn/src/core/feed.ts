import { endingOf, type EndReason } from "./events.ts";
import type { Engine } from "./engine.ts";
import { SojournError } from "./errors.ts";
import type { Cursor, SessionId, SessionRecord, Store, StoreEvent, WatchableStore } from "./seam.ts";

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
  /** Ends the feed. */
  readonly signal?: AbortSignal | undefined;
}

const buffered = 10_000;

/**
 * Everybody's events, from now on or from after an event. Endings are told at least once: where the store no longer remembers what came
 * after `after`, every ending that is still retained is told again. Other events may be missing after such a gap.
 * @throws {SojournError} `invalid_option` when the store cannot be watched
 */
export async function* feed(engine: Engine, store: Store, options: FeedOptions): AsyncGenerator<FeedEvent, void, undefined> {
  const { signal } = options;
  if (!("watch" in store)) throw new SojournError("invalid_option", "This store cannot be watched, so there is no feed of it. Its page says what it can do.");
  const queue: (StoreEvent | "gap")[] = [];
  let wake: (() => void) | undefined;
  const tell = (event: StoreEvent | "gap"): void => {
    // A reader this slow is told so, instead of filling the memory.
    if (queue.length >= buffered) queue.splice(0, queue.length, "gap");
    queue.push(event);
    wake?.();
  };
  const stop = await (store as Store & WatchableStore).watch(tell, options.after === undefined ? {} : { after: options.after as Cursor });
  const abort = (): void => wake?.();
  signal?.addEventListener("abort", abort);
  try {
    while (signal?.aborted !== true) {
      const event = queue.shift();
      if (event === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      } else if (event === "gap") yield* retainedEndings(engine);
      else {
        const known = await eventFor(engine, event);
        if (known !== undefined) yield known;
      }
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    stop();
  }
}

async function eventFor(engine: Engine, event: StoreEvent): Promise<FeedEvent | undefined> {
  const record = await engine.calls.load(event.id);
  // Erased: its ending has been told, unless this reader is later than the whole retention.
  if (record === undefined) return undefined;
  const type = event.ended ? "ended" : event.version === 1 ? "created" : "changed";
  return told(engine, record, type, event.version, event.cursor);
}

async function* retainedEndings(engine: Engine): AsyncGenerator<FeedEvent, void, undefined> {
  let after: Cursor | undefined;
  do {
    const found = await engine.calls.find({ kind: engine.names.kind(engine.settings.kind) }, after === undefined ? {} : { after });
    for (const record of found.records) {
      const event = record.ended === undefined ? undefined : told(engine, record, "ended", record.version, undefined);
      if (event !== undefined) yield event;
    }
    after = found.next;
  } while (after !== undefined);
}

function told(engine: Engine, record: SessionRecord, type: FeedEvent["type"], version: number, cursor: Cursor | undefined): FeedEvent | undefined {
  const kind = engine.names.kindOf(record.kind);
  if (kind === undefined) return undefined;
  return {
    ...(cursor === undefined ? undefined : { eventId: cursor }),
    type,
    id: record.id,
    kind,
    ...(record.subject === undefined ? undefined : { subject: engine.names.subjectOf(record.subject) }),
    version,
    ...(type === "ended" && record.ended !== undefined ? { ended: endingOf(record.ended) } : undefined),
  };
}
