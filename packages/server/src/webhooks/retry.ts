const first = 1_000;
const longest = 10 * 60_000;

/** ms until the next attempt after so many failures in a row: twice as long each time, up to ten minutes, and by chance up to half of it less, so that servers do not come together. */
export function retryAfter(failures: number, random: () => number = Math.random): number {
  const most = Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
  return most * (1 - random() / 2);
}
