import type { Store } from "sojourn";

/** How late wakes are. */
export interface WakeLag {
  /** ms by which the longest due wake is late, as of the last look; asks for the next one. undefined: nobody has looked yet. */
  read(): number | undefined;
}

/** On some stores such a look writes: none more often than that, and none while nobody wants to know. */
const lookEvery = 5_000;

/** @param store whose calls are given up in time */
export function wakeLag(store: Store): WakeLag {
  let known: number | undefined;
  let lookedAt = -Infinity;

  async function look(): Promise<void> {
    const now = Date.now();
    const { records } = await store.find({ wakeBefore: now }, { limit: 1, only: [] });
    const wake = records[0]?.wake;
    known = wake === undefined ? 0 : Math.max(0, now - wake);
  }

  return {
    read() {
      const now = performance.now();
      if (now - lookedAt >= lookEvery) {
        lookedAt = now;
        // What was known before says nothing of a store that is away.
        look().catch(() => (known = undefined));
      }
      return known;
    },
  };
}
