const waiting: (() => unknown)[] = [];

/** Has something done when the test (or the file, as the test file says) is over. */
export function later(clean: () => unknown): void {
  waiting.push(clean);
}

/** Does all of it, the latest first. To be given to `afterEach` or `afterAll`. */
export async function cleanUp(): Promise<void> {
  for (const clean of waiting.splice(0).toReversed()) await clean();
}
