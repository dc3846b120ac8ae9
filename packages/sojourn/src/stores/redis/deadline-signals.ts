import { setMaxListeners } from "node:events";

/** How many commands share a signal: at each that begins to listen to it, a signal looks through all that do. */
const together = 128;

/** ms that a timer can wait. */
const longest = 2 ** 31 - 1;

/**
 * Signals that abort at a deadline, or before it by at most a sixteenth of the time that was left. Deadlines close to each other share one: a signal and a
 * timer for each command would cost a client a third of all that it does.
 * @returns gives the signal of a deadline (epoch ms): one that has aborted when it has passed, none when it is weeks away
 */
export function deadlineSignals(): (deadline: number) => AbortSignal | undefined {
  /** By the moment at which they abort. */
  const moments = new Map<number, AbortController[]>();
  let last: { readonly moment: number; readonly controller: AbortController; uses: number } | undefined;

  function expire(moment: number): void {
    const expired = moments.get(moment) ?? [];
    moments.delete(moment);
    if (last?.moment === moment) last = undefined;
    for (const controller of expired) controller.abort();
  }

  function begin(moment: number, now: number): AbortSignal {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const others = moments.get(moment);
    if (others === undefined) {
      moments.set(moment, [controller]);
      // The socket that a command waits for keeps the process alive, not the wish to give the command up.
      setTimeout(expire, moment - now, moment).unref();
    } else others.push(controller);
    last = { moment, controller, uses: 1 };
    return controller.signal;
  }

  return (deadline) => {
    const now = Date.now();
    const left = deadline - now;
    if (left < 1) return AbortSignal.abort();
    if (!(left <= longest)) return undefined;
    // The largest power of two that is not above a sixteenth.
    const grain = left < 32 ? 1 : 2 ** (27 - Math.clz32(left));
    const moment = Math.floor(deadline / grain) * grain;
    if (last?.moment !== moment || last.uses === together) return begin(moment, now);
    last.uses++;
    return last.controller.signal;
  };
}
