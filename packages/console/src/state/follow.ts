import { isOut, thrownOut } from "./person.ts";

/** A stream that is opened again whenever it is lost. */
export interface Following<Message> {
  readonly open: (signal: AbortSignal) => AsyncIterable<Message>;
  readonly onMessage: (message: Message) => void;
  /** It is lost, and why; called once for each time. */
  readonly onLost: (why: string) => void;
}

/** How long a stream may be silent that speaks every second, in ms. */
const silence = 6000;
const silent = "The server says nothing.";

/** Follows until the signal says otherwise, or nobody is logged in any more. */
export async function follow<Message>({ open, onMessage, onLost }: Following<Message>, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    const attempt = new AbortController();
    const either = AbortSignal.any([signal, attempt.signal]);
    // A connection that a network took away without a word would else look alive for minutes.
    const watch = setInterval(() => {
      if (Date.now() - heard > silence) attempt.abort();
    }, 1000);
    let heard = Date.now();
    try {
      for await (const message of open(either)) {
        heard = Date.now();
        failures = 0;
        onMessage(message);
      }
      if (!signal.aborted) onLost(attempt.signal.aborted ? silent : "The server closed the stream.");
    } catch (error) {
      if (isOut(error)) return thrownOut();
      if (!signal.aborted) onLost(attempt.signal.aborted ? silent : error instanceof Error ? error.message : String(error));
    } finally {
      clearInterval(watch);
    }
    await pause(Math.min(10_000, 500 * 2 ** failures), signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms * (0.75 + Math.random() / 2));
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
