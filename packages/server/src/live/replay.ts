import type { FeedEvent, Sessions } from "sojourn";
import type { Fields } from "../views.ts";
import type { EventStream } from "./event-streams.ts";
import { eventBytes, eventText } from "./event-text.ts";

/** Where a replay is, and how it is ended. */
export interface Replay {
  /** The id of the last event that was sent; undefined while there was none, and after endings that were told again. */
  readonly at: string | undefined;
  /** Sends what it has, and no more from now on. */
  part(): void;
}

export interface ReplayOptions {
  readonly kind: string | undefined;
  readonly after: string;
  /** Of which endings are told again after a gap. */
  readonly kinds: readonly string[];
  /** Called after each event. */
  moved(): void;
}

/** Bytes, about, that are sent in one go. */
const batch = 16_384;

/** Sends a stream what came after an event, as fast as it reads; by a feed of its own, since only the store knows what that was. */
export function replay(sessions: Sessions<Fields>, stream: EventStream, { kind, after, kinds, moved }: ReplayOptions): Replay {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  let at: string | undefined;
  let text = "";
  let waiting = false;

  function send(): void {
    waiting = false;
    if (text !== "") stream.send(eventBytes(text));
    text = "";
  }

  function add(event: FeedEvent): void {
    at = event.eventId;
    if (kind !== undefined && kind !== event.kind) return;
    text += eventText({ id: event.eventId, type: event.type, data: event });
    if (text.length >= batch) send();
    else if (!waiting) {
      waiting = true;
      setImmediate(send);
    }
  }

  async function run(): Promise<void> {
    for await (const event of sessions.feed({ after, kinds, signal: stop.signal })) {
      // Parted while this was on its way: others tell it.
      if (stop.signal.aborted) return;
      add(event);
      moved();
      if (!stream.room) await stream.cleared();
    }
  }

  stream.over.addEventListener("abort", end);
  run().catch(() => {
    // The listener comes again with the id of the last event it had.
    send();
    stream.end();
  });
  return {
    get at() {
      return at;
    },
    part() {
      stream.over.removeEventListener("abort", end);
      stop.abort();
      send();
    },
  };
}
