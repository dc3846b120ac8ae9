/**
 * Does so many things, so many of them at a time.
 * @param {number} count
 * @param {number} together
 * @param {(index: number) => Promise<void>} act
 */
export async function underWay(count, together, act) {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(count, together) }, async () => {
      while (next < count) await act(next++);
    }),
  );
}
