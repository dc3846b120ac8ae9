/** What came of what was done together: an answer to each, or why it has none. */
export interface Turn<Answer> {
  readonly answers: readonly (Answer | Error)[];
  /** What is left to be done before the next turn; nobody waits for its answer. */
  readonly after: Promise<void>;
}

/** One after the other by key, all that came meanwhile together. */
export interface Turns<Item, Answer> {
  take(key: string, item: Item): Promise<Answer>;
  /** Resolves when nothing is going on. */
  idle(): Promise<void>;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys at a time: each has files open. */
const mostKeys = 64;
/** What one turn takes. */
const mostItems = 100;

/** @param run does the items of one key together. What it throws is the answer to each of them. */
export function turns<Item, Answer>(run: (key: string, items: readonly Item[]) => Promise<Turn<Answer>>): Turns<Item, Answer> {
  const queues = new Map<string, Waiting<Item, Answer>[]>();
  const held: (() => void)[] = [];
  let running = 0;
  let quiet: (() => void)[] = [];

  async function work(key: string, queue: Waiting<Item, Answer>[]): Promise<void> {
    if (running >= mostKeys) await new Promise<void>((resolve) => held.push(resolve));
    else running++;
    while (queue.length > 0) {
      const together = queue.splice(0, mostItems);
      try {
        const { answers, after } = await run(
          key,
          together.map(({ item }) => item),
        );
        for (const [i, { resolve, reject }] of together.entries()) {
          const answer = answers[i] as Answer | Error;
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        }
        await after;
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    queues.delete(key);
    // The place goes to who waits longest.
    const next = held.shift();
    if (next === undefined) running--;
    else next();
    if (queues.size > 0) return;
    for (const tell of quiet) tell();
    quiet = [];
  }

  return {
    take: (key, item) =>
      new Promise((resolve, reject) => {
        const waiting = { item, resolve, reject };
        const queue = queues.get(key);
        if (queue !== undefined) return void queue.push(waiting);
        const begun = [waiting];
        queues.set(key, begun);
        void work(key, begun);
      }),
    idle: () => (queues.size === 0 ? Promise.resolve() : new Promise((resolve) => quiet.push(resolve))),
  };
}

/**
 * Tidies up after a turn, and holds the next one back for a moment if others were sent back to their start: who has just won would begin again before them, and win for ever.
 * What fails is left to whoever meets it.
 */
export async function afterwards(tidy: () => Promise<number>, more?: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  try {
    const sentBack = await tidy();
    await more?.();
    if (sentBack === 0) return;
  } catch {
    return;
  }
  const took = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(100, 4 * took + 2)));
}
