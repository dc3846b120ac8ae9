import { eventBytes } from "./live/event-text.ts";

/** How a stream of events comes to its end. */
export interface EventStreamOptions {
  /** Ends it from here, such as when the server stops. */
  readonly signal?: AbortSignal | undefined;
  /** Told once when nothing is sent any more, whoever ended it. */
  readonly over?: (() => void) | undefined;
  /** Told of what the messages failed with. The client sees its connection break. */
  readonly failed?: ((error: unknown) => void) | undefined;
  /** ms after which a client that takes nothing is given up. Default 1 minute. */
  readonly patience?: number | undefined;
}

/** What is known of the request, and of the connection that its answer goes to. */
export interface Asking {
  readonly req: { readonly method: string };
  readonly env: { readonly outgoing: { destroy(): unknown } };
}

const headers = {
  "Content-Type": "text/event-stream",
  // Proxies that gather answers (nginx) pass this one on as it comes.
  "X-Accel-Buffering": "no",
};

/**
 * An answer that is a stream of events. The next message is asked for when the client has taken the last one, so nothing is gathered for one that reads slowly.
 * @param messages given a signal that is aborted when the client has gone, or nothing is wanted any more: what waits has to stop waiting then. Each is a text of `eventText`
 */
export function eventStream({ req, env }: Asking, messages: (gone: AbortSignal) => AsyncIterable<string>, options: EventStreamOptions = {}): Response {
  const { signal, over, failed, patience = 60_000 } = options;
  // Nobody would ever read it.
  if (req.method === "HEAD") {
    over?.();
    return new Response(null, { headers });
  }
  const gone = new AbortController();
  const stop = (): void => gone.abort();
  let iterator: AsyncIterator<string> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  function end(): void {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    gone.abort();
    over?.();
  }

  /** An error of the stream would be written to the client, and to the console. */
  function cut(): void {
    end();
    env.outgoing.destroy();
  }

  /** Also lets go of what the messages hold. */
  function leave(): void {
    end();
    iterator?.return?.().catch(() => undefined);
  }

  signal?.addEventListener("abort", stop);
  if (signal?.aborted === true) stop();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(timer);
        iterator ??= messages(gone.signal)[Symbol.asyncIterator]();
        let next: IteratorResult<string>;
        try {
          next = await iterator.next();
        } catch (error) {
          if (!ended) failed?.(error);
          cut();
          return;
        }
        if (ended) return;
        if (next.done === true) {
          end();
          controller.close();
          return;
        }
        controller.enqueue(eventBytes(next.value));
        timer = setTimeout(() => {
          leave();
          cut();
        }, patience);
        timer.unref();
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers });
}
