/** Those who wait until a number has been reached. */
export interface Waiters {
  /** @returns whether it was reached before `until`, epoch ms. */
  wait(number: number, until: number): Promise<boolean>;
  reached(number: number): void;
}

export function waiters(): Waiters {
  const waiting = new Set<{ readonly number: number; readonly end: (reached: boolean) => void }>();
  return {
    wait: (number, until) =>
      new Promise((resolve) => {
        const end = (reached: boolean): void => {
          waiting.delete(waiter);
          clearTimeout(timer);
          resolve(reached);
        };
        const timer = setTimeout(() => end(false), Math.max(1, until - Date.now()));
        const waiter = { number, end };
        waiting.add(waiter);
      }),
    reached(number) {
      for (const waiter of waiting) if (waiter.number <= number) waiter.end(true);
    },
  };
}
