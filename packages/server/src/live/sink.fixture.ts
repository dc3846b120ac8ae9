import type { EventStream } from "./event-streams.ts";

/** A stream that goes nowhere but into a list. */
export interface Sink extends EventStream {
  /** The ids of sessions in what was sent. */
  readonly ids: readonly string[];
}

/** One that always has room. */
export function sink(): Sink {
  const over = new AbortController();
  let text = "";
  return {
    over: over.signal,
    send: (bytes) => void (text += new TextDecoder().decode(bytes)),
    room: true,
    cleared: () => Promise.resolve(),
    end: () => over.abort(),
    get ids() {
      return [...text.matchAll(/"id":"(\w+)"/g)].map(([, id = ""]) => id);
    },
  };
}
