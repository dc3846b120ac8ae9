/** One timer for any number of deadlines: one each would cost more than the commit it guards. */
export interface Deadlines {
  /** Sees to it that somebody looks when the deadline (epoch ms) has passed. */
  watch(deadline: number): void;
  close(): void;
}

/** The longest time that a timer can be set to (ms). */
const longest = 2_147_483_647;

/** @param expire deals with what has expired, and tells the earliest deadline that remains (`Infinity`: none). */
export function deadlines(expire: (now: number) => number): Deadlines {
  let due = Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function set(deadline: number): void {
    clearTimeout(timer);
    due = deadline;
    timer = deadline === Infinity ? undefined : setTimeout(look, Math.min(Math.max(0, deadline - Date.now()), longest));
    // What waits for a transaction keeps the process alive by itself.
    timer?.unref();
  }

  function look(): void {
    set(expire(Date.now()));
  }

  return {
    watch(deadline) {
      if (deadline < due) set(deadline);
    },
    close: () => set(Infinity),
  };
}
