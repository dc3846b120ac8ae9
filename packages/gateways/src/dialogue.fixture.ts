import { milliseconds, type Duration } from "sojourn";
import { turn, type Script, type Standing, type Turn } from "./dialogue.ts";
import type { Happening, Reached, Step } from "./replay.ts";

/** What becomes of a standing while nobody looks. */
export type Kept = (standing: Standing) => Standing;

/** What is left of a standing between two turns: its JSON, as a store would keep it; or, in one process, itself. */
export const ways: Readonly<Record<string, Kept>> = {
  "through serialised standings": (standing) => JSON.parse(JSON.stringify(standing)) as Standing,
  "in one process": (standing) => standing,
};

/** A dialogue on its way. The clock stands still during a turn. */
export interface Life<Result> {
  last(): Turn<Result>;
  reached(): Reached<Result>;
  journal(): readonly Step[];
  /** A message comes, and this is what is said to it. */
  hears(text: string): Promise<readonly string[]>;
  /** Time goes by, and this is what is said then. */
  passes(time: Duration): Promise<readonly string[]>;
  /** All that was said, in all turns. */
  said(): readonly string[];
}

/** When each dialogue begins. Epoch ms. */
export const began = 1_000_000;

/** Begins a dialogue: each happening is a turn, which knows nothing but what was kept of those before. */
export async function begin<Result>(kept: Kept, script: Script<undefined, Result>, from: Standing = { journal: [] }): Promise<Life<Result>> {
  let standing = kept(from);
  let clock = began;
  const said: string[] = [];
  async function next(happened?: Happening): Promise<Turn<Result>> {
    const one = await turn(script, undefined, standing, { happened, now: () => clock });
    standing = kept(keeping(standing, one));
    said.push(...one.said);
    return one;
  }
  let last = await next();
  return {
    last: () => last,
    reached: () => last.reached,
    journal: () => standing.journal,
    async hears(text) {
      last = await next({ at: clock, text });
      return last.said;
    },
    async passes(time) {
      last = await next({ at: (clock += milliseconds(time, "time")) });
      return last.said;
    },
    said: () => said,
  };
}

/** What is to be kept after a turn. */
export function keeping(standing: Standing, { steps, checkpoint }: Turn<unknown>): Standing {
  return checkpoint === undefined ? { ...standing, journal: [...standing.journal, ...steps] } : { state: checkpoint, journal: steps };
}
