import { PerformanceObserver } from "node:perf_hooks";

/** The longest time that anything else in the process would have had to wait, and how much of that the garbage collector took in one go. */
export function pauses() {
  let last = performance.now();
  let longest = 0;
  let collection = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collection = Math.max(collection, duration);
  });
  observer.observe({ entryTypes: ["gc"] });
  let watching = true;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(look);
  };
  setImmediate(look);
  return {
    /** Both in ms. */
    async stop() {
      watching = false;
      await nextTurn();
      // The observer is told of what it observed in a turn of its own.
      await nextTurn();
      observer.disconnect();
      return { longest, collection };
    },
  };
}

/** Lets everything else in the process have its turn. */
export function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}
