/** Work that goes on when the request that began it is over. */
export interface Background {
  /** Aborted when the server begins to stop: whoever has begun something long is to break it off. */
  readonly stopping: AbortSignal;
  /** Has `stop` wait for it. Its failure is told by whoever began it. */
  follow(work: Promise<unknown>): void;
  /** Breaks off what goes on, and waits until it has come to rest. */
  stop(): Promise<void>;
}

/** Nothing under way yet. */
export function backgroundWork(): Background {
  const stopping = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  return {
    stopping: stopping.signal,
    follow(work) {
      underWay.add(work);
      const over = (): void => void underWay.delete(work);
      work.then(over, over);
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled(underWay);
    },
  };
}
