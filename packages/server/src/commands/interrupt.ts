import { exitCodes } from "./exit-codes.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs what takes long so that ^C (or SIGTERM) gives it up in order: `signal` is aborted, what `act` throws then is no failure, and the exit code is 130. A
 * second one ends the process at once.
 * @param interrupted says on standard error what that means.
 */
export async function interruptible(act: (signal: AbortSignal) => Promise<void>, interrupted: () => void): Promise<void> {
  const abort = new AbortController();
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(exitCodes.interrupted);
    abort.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    await act(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
  if (!abort.signal.aborted) return;
  interrupted();
  process.exitCode = exitCodes.interrupted;
}
