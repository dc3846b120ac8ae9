import type { Caller } from "../caller.ts";
import { Problem } from "../problem.ts";
import type { Ask } from "../routes/route.ts";
import { comment, eventBytes } from "./event-text.ts";

/** An answer that goes on: `text/event-stream` (WHATWG HTML §9.2). */
export interface EventStream {
  /** Aborts when it is over, whoever ended it. */
  readonly over: AbortSignal;
  /** Puts bytes behind those that wait. A listener for whom too many wait is let go. */
  send(bytes: Uint8Array): void;
  /** Whether more can be sent without making it wait. */
  readonly room: boolean;
  /** Resolves when there is room, or it is over. A listener that makes none for 30 seconds is let go. */
  cleared(): Promise<void>;
  /** Ends it, once what waits has been sent. */
  end(): void;
}

/** The event streams of a process. */
export interface EventStreams {
  /**
   * Answers with a stream. It is ended when the listener goes, when the caller may no longer ask, and when the server stops.
   * @throws {Problem} 429 when there are too many
   */
  open(ask: Ask, begin: (stream: EventStream) => void): Response;
  /** That are open, of a tenant. */
  count(tenant: string): number;
  /** Ends them all; further ones end at once. */
  stop(): void;
}

export interface EventStreamsOptions {
  /** Whether a caller of before could still ask. While that cannot be found out, their streams go on. */
  stillMay(caller: Caller): Promise<boolean>;
  /** Streams at a time. Default 1,000. */
  readonly most?: number;
  /** ms between two looks at whether callers may still ask. Default 3,000. */
  readonly lookEvery?: number;
}

/** Bytes that may wait for a listener: they are the same bytes for all who hear the same, and so are in memory once. */
const mostWaiting = 4_194_304;
/** Bytes that wait before whoever sends is asked to pause. */
const roomFor = 65_536;
const patience = 30_000;
const commentEvery = 15_000;
/** What a listener may take to read the rest when the server stops. */
const farewell = 1_000;

interface Open extends EventStream {
  readonly caller: Caller;
  /** Ends it without a word. */
  drop(): void;
}

/** None are open yet. */
export function eventStreams({ stillMay, most = 1_000, lookEvery = 3_000 }: EventStreamsOptions): EventStreams {
  const open = new Set<Open>();
  const line = eventBytes(comment);
  let timers: readonly ReturnType<typeof setInterval>[] = [];
  let stopped = false;

  function added(stream: Open): void {
    open.add(stream);
    stream.over.addEventListener("abort", () => {
      open.delete(stream);
      if (open.size > 0) return;
      for (const timer of timers) clearInterval(timer);
      timers = [];
    });
    if (timers.length > 0) return;
    const speak = (): void => {
      for (const each of open) each.send(line);
    };
    timers = [setInterval(speak, commentEvery).unref(), setInterval(() => void look(), lookEvery).unref()];
  }

  /** One question for each caller, however many streams they have. */
  async function look(): Promise<void> {
    const callers = new Map([...open].map(({ caller }) => [`${caller.id} ${caller.session}`, caller]));
    await Promise.all(
      [...callers.values()].map(async (caller) => {
        if (await stillMay(caller).catch(() => true)) return;
        for (const each of open) if (each.caller.id === caller.id && each.caller.session === caller.session) each.end();
      }),
    );
  }

  return {
    open(ask, begin) {
      const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", Connection: "close" };
      // Nobody would read it.
      if (ask.req.method === "HEAD") return new Response(null, { headers });
      if (open.size >= most) {
        throw new Problem(
          429,
          "too_many_requests",
          `This server has ${most} event streams open, and that is all it takes. Close some, or ask another server.`,
          {
            headers: { "Retry-After": "10" },
          },
        );
      }
      const { body, stream } = streamed(ask.var.caller, () => ask.env.outgoing.destroy());
      ask.env.outgoing.once("close", () => stream.drop());
      added(stream);
      stream.send(line);
      if (stopped) stream.end();
      else begin(stream);
      return new Response(body, { headers });
    },
    count: (tenant) => [...open].filter(({ caller }) => caller.tenant === tenant).length,
    stop() {
      stopped = true;
      const rest = [...open];
      for (const stream of rest) stream.end();
      if (rest.length > 0) setTimeout(() => rest.forEach((stream) => stream.drop()), farewell).unref();
    },
  };
}

/** @param cut ends the connection */
function streamed(caller: Caller, cut: () => void): { readonly body: ReadableStream<Uint8Array>; readonly stream: Open } {
  const over = new AbortController();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let clear: (() => void) | undefined;
  function finished(): void {
    over.abort();
    clear?.();
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => void (controller = given),
      pull: () => clear?.(),
      cancel: finished,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: roomFor }),
  );
  const waiting = (): number => roomFor - (controller?.desiredSize ?? roomFor);
  const stream: Open = {
    caller,
    over: over.signal,
    send(bytes) {
      if (over.signal.aborted) return;
      if (waiting() > mostWaiting) stream.drop();
      else controller?.enqueue(bytes);
    },
    get room() {
      return waiting() < roomFor;
    },
    async cleared() {
      if (over.signal.aborted || stream.room) return;
      const timer = setTimeout(() => stream.drop(), patience).unref();
      await new Promise<void>((resolve) => (clear = resolve));
      clear = undefined;
      clearTimeout(timer);
    },
    end() {
      if (over.signal.aborted) return;
      finished();
      controller?.close();
    },
    drop() {
      finished();
      cut();
    },
  };
  return { body, stream };
}
