/** How long what comes in may hold the event loop (ms). */
const longest = 10;

/** Gives a function to be awaited before each piece of work: now and then it lets everybody else have a turn of the event loop. A store that answers at once never would. */
export function breather(): () => Promise<void> | undefined {
  let since = -Infinity;
  let pause: Promise<void> | undefined;
  return () => {
    if (pause !== undefined) return pause;
    const now = performance.now();
    if (since === -Infinity) since = now;
    if (now - since < longest) return undefined;
    pause = new Promise((resolve) => {
      setImmediate(() => {
        pause = undefined;
        since = performance.now();
        resolve();
      });
    });
    return pause;
  };
}
