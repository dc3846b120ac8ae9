/** How many commits are under way at a time. */
export const together = 64;

/**
 * Keeps so much under way for so many ms.
 * @param {(n: number) => Promise<unknown>} work told how many have begun before it.
 * @param {number} least ms.
 * @returns {Promise<import("../../lib/interleave.mjs").Slot>}
 */
export async function slotOf(work, least) {
  let count = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: together }, async () => {
      do await work(count++);
      while (performance.now() - began < least);
    }),
  );
  const taken = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (1_000 * count) / taken, cpu: (user + system) / count };
}
