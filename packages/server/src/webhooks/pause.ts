import { setTimeout as sleep } from "node:timers/promises";

/** Waits, or until the signal says that it is over. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal, ref: false });
  } catch {
    // It is over.
  }
}
