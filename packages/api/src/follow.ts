import { SojournProblem } from "./problem.ts";
import { streamReader } from "./streams.ts";

/** How a stream is asked for and followed. */
export interface Following {
  /** Asks for the stream, after the message of that id unless it is "". @throws {SojournProblem} when it is refused, or not answered */
  ask(lastId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Ends it without an error. */
  readonly signal: AbortSignal | undefined;
  /** Whether it is asked for again when it ends or its connection is lost. */
  readonly again: boolean;
  /** ms without a byte, not even of a comment, after which a connection counts as lost. */
  readonly silence: number | undefined;
  /** Called whenever it has been answered. */
  readonly opened: (() => void) | undefined;
}

const shortest = 1_000;
const longest = 30_000;

/**
 * The data of a stream's messages.
 * @throws {SojournProblem} what the first time asking for it does; later only what asking once more would not change; `no_answer` when a connection is lost
 * and it is not asked for again, and when what comes is no message of ours
 */
export async function* follow({ ask, signal, again, silence, opened }: Following): AsyncGenerator<unknown, void, undefined> {
  let lastId = "";
  let pause = shortest;
  let wait = pause;
  let answered = false;
  while (signal?.aborted !== true) {
    const connection = new AbortController();
    const reader = streamReader(lastId);
    try {
      const body = await ask(lastId, signal === undefined ? connection.signal : AbortSignal.any([signal, connection.signal]));
      answered = true;
      opened?.();
      for await (const bytes of chunks(body, silence)) {
        const messages = reader.read(bytes);
        pause = reader.retry ?? pause;
        wait = pause;
        for (const { data } of messages) yield dataOf(data);
      }
      if (!again) return;
    } catch (error) {
      if (aborted(signal)) return;
      if (!again || !answered || !mayChange(error)) throw problemOf(error);
    } finally {
      connection.abort();
    }
    lastId = reader.lastId;
    // Not all at once, when many lose the same server.
    await pausedFor(wait * (0.5 + Math.random() / 2), signal);
    wait = Math.min(wait * 2, Math.max(longest, pause));
  }
}

/** It changes while others wait for it. */
function aborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** @throws {Error} when nothing comes for so long */
async function* chunks(body: ReadableStream<Uint8Array>, silence: number | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await heard(reader.read(), silence);
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function heard<T>(next: Promise<T>, silence: number | undefined): Promise<T> {
  if (silence === undefined) return next;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${silence} ms`)), silence);
  });
  return Promise.race([next, silent]).finally(() => clearTimeout(timer));
}

function dataOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new SojournProblem(200, "no_answer", "A message of the stream is not JSON. Something else than sojournd answers; look at what stands between.", {
      cause,
    });
  }
}

/** What a server that is busy or away says, and what those say who stand before it. */
function mayChange(error: unknown): boolean {
  if (error instanceof RangeError) return false;
  if (!(error instanceof SojournProblem)) return true;
  const { status } = error;
  return status === 0 ? error.code === "no_answer" : status === 408 || status === 429 || (status >= 500 && status !== 501);
}

function problemOf(error: unknown): SojournProblem {
  if (error instanceof SojournProblem) return error;
  return new SojournProblem(0, "no_answer", `The stream was lost: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
}

function pausedFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal?.addEventListener("abort", over);
    if (signal?.aborted === true) over();
  });
}
