import type { FeedEvent, Sessions } from "sojourn";
import type { Fields } from "../views.ts";
import type { EventStream } from "./event-streams.ts";
import { fanOut } from "./fan-out.ts";
import { replay } from "./replay.ts";

/** What happens to the sessions of a tenant, heard once for all who listen; for as long as somebody does. */
export interface Channel {
  /** Kinds of sessions: those that were named, and those that were heard of since, to a hundred. */
  readonly kinds: ReadonlySet<string>;
  /** Hears every event until the given function is called. Goes on by itself after a failure of the store; what happened meanwhile is missing. */
  listen(tell: (event: FeedEvent) => void): () => void;
  /**
   * Resolves when it hears: whatever happens from then on is told.
   * @throws {SojournError} `store_unavailable`, `invalid_option`
   */
  ready(): Promise<void>;
  /** Sends a stream what happens from now on, or what came after an event and then that. After a failure of the store it is ended. */
  send(stream: EventStream, kind: string | undefined, after: string | undefined): void;
  stop(): void;
}

interface Hearing {
  readonly stop: AbortController;
  readonly ready: Promise<void>;
}

const retryAfter = 1_000;
const mostKinds = 100;

/** @param named kinds of which endings are told again after a gap, from the beginning. */
export function channel(sessions: Sessions<Fields>, named: readonly string[]): Channel {
  const kinds = new Set(named);
  const listeners = new Set<(event: FeedEvent) => void>();
  const streams = new Set<EventStream>();
  /** Those that may have come to where everybody is. */
  const replaying = new Set<() => void>();
  const out = fanOut();
  let hearing: Hearing | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  /** The id of the last event that was told. */
  let at: string | undefined;

  function begin(): Hearing {
    clearTimeout(retry);
    const stop = new AbortController();
    const begun: Hearing = {
      stop,
      ready: new Promise((ready, failed) => {
        hear(stop.signal, ready).then(
          () => failed(new Error("stopped")),
          (error: unknown) => {
            failed(error instanceof Error ? error : new Error(String(error)));
            broken(begun);
          },
        );
      }),
    };
    begun.ready.catch(() => undefined);
    return begun;
  }

  async function hear(signal: AbortSignal, ready: () => void): Promise<void> {
    for await (const event of sessions.feed({ signal, ready, kinds: [...kinds] })) {
      if (kinds.size < mostKinds) kinds.add(event.kind);
      at = event.eventId;
      for (const tell of listeners) tell(event);
      out.tell(event);
      for (const meet of replaying) meet();
    }
  }

  /** Those who read a stream come again, and say after which event; that is surer than to go on from what was heard here. */
  function broken(begun: Hearing): void {
    if (hearing !== begun) return;
    hearing = undefined;
    at = undefined;
    for (const stream of streams) stream.end();
    if (listeners.size > 0) retry = setTimeout(() => (hearing ??= begin()), retryAfter).unref();
  }

  function rest(): void {
    if (listeners.size > 0 || streams.size > 0) return;
    clearTimeout(retry);
    hearing?.stop.abort();
    hearing = undefined;
    at = undefined;
  }

  return {
    kinds,
    listen(tell) {
      listeners.add(tell);
      hearing ??= begin();
      return () => {
        listeners.delete(tell);
        rest();
      };
    },
    ready() {
      hearing ??= begin();
      return hearing.ready;
    },
    send(stream, kind, after) {
      hearing ??= begin();
      streams.add(stream);
      const leave = (): void => {
        streams.delete(stream);
        rest();
      };
      if (stream.over.aborted) return leave();
      stream.over.addEventListener("abort", leave);
      if (after === undefined || after === at) return out.add(stream, kind);
      const meet = (): void => {
        if (replayed.at === undefined || replayed.at !== at) return;
        replaying.delete(meet);
        replayed.part();
        out.add(stream, kind);
      };
      const replayed = replay(sessions, stream, { kind, after, kinds: [...kinds], moved: meet });
      replaying.add(meet);
      stream.over.addEventListener("abort", () => replaying.delete(meet));
    },
    stop() {
      listeners.clear();
      for (const stream of streams) stream.end();
      rest();
    },
  };
}
