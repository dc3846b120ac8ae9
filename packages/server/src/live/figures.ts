import type { Answer } from "@sojourn/client/operations";
import type { Sessions } from "sojourn";
import type { Fields } from "../views.ts";
import type { Channel } from "./channel.ts";
import type { EventStream } from "./event-streams.ts";
import { eventBytes, eventText } from "./event-text.ts";
import type { Latency } from "../metrics/latency.ts";
import { seriesCounter } from "./series.ts";

/** What is seen of a tenant just now. It counts from when it is first asked until nobody has asked for ten minutes. */
export interface Figures {
  read(): Promise<Answer<"now">>;
  /** Sends it to a stream, at once and once a second. */
  send(stream: EventStream): void;
  stop(): void;
}

export interface FiguresOptions {
  readonly sessions: Sessions<Fields>;
  /** undefined where the store cannot be watched: nothing is counted then. */
  readonly channel: Channel | undefined;
  /** Kinds that are counted from the beginning. */
  readonly kinds: readonly string[];
  /** Of the process. */
  latencies(): { readonly reads: Latency; readonly writes: Latency };
  lag(): number | undefined;
  /** Streams that the tenant has open. */
  listeners(): number;
}

/** ms of a step, between two messages, and for which counts of live sessions are believed. */
const step = 1_000;
const steps = 300;
const idleFor = 600_000;

/** Nothing is counted yet. */
export function figures({ sessions, channel, kinds, latencies, lag, listeners }: FiguresOptions): Figures {
  const streams = new Set<EventStream>();
  let counting: { readonly since: number; readonly series: ReturnType<typeof seriesCounter>; stop(): void } | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let ticker: ReturnType<typeof setInterval> | undefined;
  let counted: { readonly at: number; readonly live: Promise<Answer<"now">["live"]> } | undefined;

  function count(): NonNullable<typeof counting> {
    const series = seriesCounter(step, steps);
    const stop = channel?.listen(({ type, ended, eventId }) => {
      // Endings that are told again after a gap may have been counted.
      if (eventId === undefined) return;
      if (type === "created") series.opened(Date.now());
      else if (type === "ended") series.ended(ended?.reason ?? "(unknown)", Date.now());
    });
    return { since: Date.now(), series, stop: () => stop?.() };
  }

  function asked(): NonNullable<typeof counting> {
    clearTimeout(idle);
    idle = setTimeout(() => {
      if (streams.size > 0) return void asked();
      counting?.stop();
      counting = undefined;
    }, idleFor).unref();
    return (counting ??= count());
  }

  /** However many ask, the store is asked once a second. */
  function live(): Promise<Answer<"now">["live"]> {
    const now = performance.now();
    if (counted === undefined || now - counted.at >= step) {
      const all = [...(channel?.kinds ?? kinds)];
      counted = { at: now, live: Promise.all(all.map(liveOf)) };
    }
    return counted.live;
  }

  /** While the store is away there is no number. */
  async function liveOf(kind: string): Promise<Answer<"now">["live"][number]> {
    const found = await sessions.count({ kind }).catch(() => undefined);
    return found === undefined ? { kind } : { kind, live: found };
  }

  async function read(): Promise<Answer<"now">> {
    const { since, series } = asked();
    const at = Date.now();
    const late = lag();
    return { at, since, live: await live(), step, ...series.read(at), ...latencies(), ...(late !== undefined && { lag: late }), listeners: listeners() };
  }

  /** Written out once for all who look. */
  async function tell(to: Iterable<EventStream>): Promise<void> {
    const bytes = eventBytes(eventText({ data: await read() }));
    for (const stream of to) stream.send(bytes);
  }

  return {
    read,
    send(stream) {
      streams.add(stream);
      const leave = (): void => {
        streams.delete(stream);
        if (streams.size > 0) return;
        clearInterval(ticker);
        ticker = undefined;
      };
      if (stream.over.aborted) return leave();
      stream.over.addEventListener("abort", leave);
      ticker ??= setInterval(() => void tell(streams), step).unref();
      void tell([stream]);
    },
    stop() {
      clearTimeout(idle);
      clearInterval(ticker);
      counting?.stop();
      counting = undefined;
    },
  };
}
