import fc from "fast-check";
import type { Store } from "sojourn";
import { histories } from "./histories.ts";
import { live } from "./lifecycle.ts";
import { story } from "./story.ts";
import type { Make } from "./world.ts";

export interface Check {
  readonly name: string;
  /** A store with nothing in it, for each history. */
  readonly store: () => Store;
  /** Every call to the store takes a while. */
  readonly slow?: boolean;
  /** How managers are made; default: as they are. */
  readonly make?: Make;
  /** Most histories lived. */
  readonly histories: number;
  /** ms after which no more are begun; one that goes wrong is then made shorter. */
  readonly within: number;
  readonly seed: number;
  /** Whether what is found is made as short as it can be. Default true. */
  readonly shorten?: boolean;
}

/** What a check came to. `story`: of the shortest history found that the model does not allow. */
export interface Checked {
  readonly lived: number;
  readonly commands: number;
  readonly story: string | undefined;
}

/** Parts that a history has at most; each is one step or a whole request. */
const longest = 30;

const batch = 20;
/** ms for which a history that went wrong is made shorter: a story that can be read now is worth more than the shortest. */
const patience = 20_000;

/** Lives random histories until one goes wrong, and makes that one as short as it can be. */
export async function check({ name, store, slow = false, make, histories: most, within, seed, shorten = true }: Check): Promise<Checked> {
  let lived = 0;
  let commands = 0;
  let found: { readonly seed: number; readonly story: string } | undefined;
  let until = Infinity;
  const property = fc.asyncProperty(histories(longest), async (history) => {
    if (performance.now() > until) return;
    const came = await live(history, { store: store(), slow, ...(make && { make }) });
    if (found === undefined) {
      lived++;
      commands += came.commands;
    }
    if (came.mishap === undefined) return;
    if (found === undefined) until = performance.now() + patience;
    found = { seed: seed + lived, story: story(came.mishap, history.house) };
    throw new Error(found.story);
  });
  const began = performance.now();
  // In batches, so that the time is looked at between them and never while a history is being made shorter.
  for (let n = 0; n < most && found === undefined && performance.now() - began < within; n += batch) {
    const result = await fc.check(property, { seed: seed + n, numRuns: Math.min(batch, most - n), endOnFailure: !shorten });
    const error = result.errorInstance;
    if (found === undefined && error instanceof Error) throw error;
    if (error instanceof Error) found = { seed: seed + n, story: error.message };
  }
  console.log(`model ${name}: seed ${seed}, ${lived.toLocaleString("en")} histories, ${commands.toLocaleString("en")} commands`);
  return { lived, commands, story: found && `After ${lived} histories (SOJOURN_SEED=${found.seed} finds it at once):\n${found.story}` };
}
