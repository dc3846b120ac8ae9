/**
 * Sees to it that answers from memory do not keep the event loop from turning: a loop that awaits nothing else never lets the socket be read by which it
 * would hear that its records are old.
 */
export interface TurnGuard {
  /** Whether one more answer may be given at once. `now`: ms, by a clock that only goes forward. */
  admits(now: number): boolean;
  /** Resolves in a later turn. */
  later(): Promise<void>;
}

/**
 * @param most answers in one turn of the event loop.
 * @param longest ms of one turn during which answers are given.
 */
export function turnGuard(most: number = 1_000, longest: number = 10): TurnGuard {
  let answers = 0;
  let began = 0;
  let counting = false;
  const turned = (): void => {
    counting = false;
  };
  return {
    admits(now) {
      if (!counting) {
        counting = true;
        answers = 0;
        began = now;
        setImmediate(turned);
      }
      return ++answers <= most && now - began <= longest;
    },
    later: () => new Promise((resolve) => void setImmediate(resolve)),
  };
}
