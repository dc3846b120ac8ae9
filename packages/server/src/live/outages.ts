import type { Sessions } from "sojourn";

/** Whether the store is given up just now. */
export interface Outages {
  /** Heeds a manager. */
  follow(sessions: Pick<Sessions<object>, "on">): void;
  readonly reads: "up" | "down";
  readonly writes: "up" | "down";
}

/** Each manager finds out for itself; where one has given the store up, it is down. */
export function outages(): Outages {
  const down = { reads: new Set<object>(), writes: new Set<object>() };
  return {
    follow(sessions) {
      sessions.on("outage", ({ of, state }) => {
        if (state === "down") down[of].add(sessions);
        else down[of].delete(sessions);
      });
    },
    get reads() {
      return down.reads.size === 0 ? "up" : "down";
    },
    get writes() {
      return down.writes.size === 0 ? "up" : "down";
    },
  };
}
