import type { Step } from "./commands.ts";
import { beforehand, expected } from "./expected.ts";
import { explore, merges } from "./explore.ts";
import { copyOf, Trouble, type Model, type Turn } from "./model.ts";

/** One of the things that a step may come to. */
export interface Branch {
  readonly model: Model;
  readonly gave: readonly string[];
  readonly told: readonly string[];
}

/** What a command makes gets its step's number, and a letter when others are carried out at once. */
export function nameOf(name: string, { commands }: Step, i: number): string {
  return commands.length === 1 ? name : `${name}${"abc"[i]}`;
}

/**
 * All that the model allows a step to come to. Commands at once come to what they would in some order.
 * @param parted what several store calls do (to commit and then to rotate, to make room and then to log in) may have others' work in between.
 */
export function outcomesOf(before: Model, step: Step, name: string, slow: boolean, parted: boolean): Branch[] {
  const parts = step.commands.map((command, i) => (parted && beforehand(command) !== undefined ? [i, i] : [i]));
  return merges(parts).flatMap((order) =>
    explore((choose) => {
      const model = copyOf(before);
      const told: string[] = [];
      const gave: string[] = [];
      const begun = new Set<number>();
      let armed = step.fault !== undefined;
      for (const i of order) {
        const command = step.commands[i]!;
        const crowded = step.commands.length > 1;
        const turn: Turn = { model, before, choose, name: nameOf(name, step, i), disorder: slow || crowded, crowded, torn: crowded && parted, armed, told };
        const first = parted && !begun.has(i) ? beforehand(command) : undefined;
        begun.add(i);
        if (first !== undefined) {
          const came = attempt(() => first(turn));
          if (came !== undefined) gave[i] = textOf(came);
        } else gave[i] ??= textOf(attempt(() => expected(turn, command)));
        ({ armed } = turn);
      }
      return { model, gave, told: told.toSorted() };
    }),
  );
}

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof Trouble) return `refused: ${error.code}`;
    throw error;
  }
}

export function textOf(given: unknown): string {
  return typeof given === "string" ? given : (JSON.stringify(given) ?? "done");
}
