import type { Store } from "sojourn";
import { auditOfModel, auditor, type Audit } from "./audit.ts";
import type { History, Step } from "./commands.ts";
import { resolved } from "./expected.ts";
import { houses } from "./houses.ts";
import { newModel, type Model } from "./model.ts";
import { nameOf, outcomesOf, textOf, type Branch } from "./outcomes.ts";
import { worldOn, type Make } from "./world.ts";

/** What a step came to: what each command gave, what the processes told, and what can be seen afterwards. */
export interface Came {
  readonly gave: readonly string[];
  readonly told: readonly string[];
  readonly audit: Audit;
}

/** A step at which the manager did what the model does not allow. */
export interface Mishap {
  /** The steps up to it, with deadlines looked up. */
  readonly steps: readonly Step[];
  readonly gave: readonly (readonly string[])[];
  readonly did: Came;
  readonly allowed: readonly Came[];
}

export interface Conditions {
  readonly store: Store;
  /** Every call to the store takes a while. */
  readonly slow: boolean;
  readonly make?: Make;
}

const start = Date.UTC(2026, 0, 1);
const most = 50;

/** After each history: everything expires, is swept, and is erased. */
const last: readonly Step[] = [
  { do: "clock", by: 300 * 60_000 } as const,
  { do: "sweep", process: 0 } as const,
  { do: "sweep", process: 1 } as const,
  { do: "clock", by: 61 * 60_000 } as const,
  { do: "sweep", process: 1 } as const,
].map((command) => ({ commands: [command], pace: 0 }));

/** Lives a history in the world and on the model, and compares after every step. Gives the first step that the model does not allow. */
export async function live(history: History, { store, slow, make }: Conditions): Promise<{ readonly mishap?: Mishap; readonly commands: number }> {
  const pair = houses[history.house]!;
  const world = worldOn(store, pair, start, make);
  const audit = auditor(store, world);
  let models: Model[] = [newModel(start, pair)];
  const steps: Step[] = [];
  const gave: (readonly string[])[] = [];
  let commands = 0;

  for (const { commands: given, fault, pace } of [...history.steps, ...last]) {
    const name = String(steps.length + 1);
    const step: Step = { commands: given.map((command) => resolved(models[0]!, command)), pace, ...(fault && { fault }) };
    steps.push(step);
    commands += given.length;
    world.disturb(slow || given.length > 1 ? paced(pace) : () => 0, fault);
    const outcomes = await Promise.all(step.commands.map((command, i) => world.perform(command, nameOf(name, step, i))));
    await world.quiet();
    world.disturb(() => 0, undefined);
    const did: Came = { gave: outcomes.map((say) => textOf(say())), told: world.told(), audit: await audit() };
    gave.push(did.gave);
    const fits = (branch: Branch): boolean => equal(branch.gave, did.gave) && equal(branch.told, did.told) && equal(auditOfModel(branch.model), did.audit);
    let allowed = models.flatMap((model) => outcomesOf(model, step, name, slow, false));
    let fitting = allowed.filter(fits);
    if (fitting.length === 0 && step.commands.length > 1) {
      allowed = models.flatMap((model) => outcomesOf(model, step, name, slow, true));
      fitting = allowed.filter(fits);
    }
    if (fitting.length === 0) {
      const came = allowed.map((branch): Came => ({ gave: branch.gave, told: branch.told, audit: auditOfModel(branch.model) }));
      return { mishap: { steps, gave, did, allowed: came }, commands };
    }
    models = fitting.length === 1 ? [fitting[0]!.model] : distinct(fitting.map((branch) => branch.model)).slice(0, most);
  }
  return { commands };
}

function equal(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, i) => line === other[i]);
}

/** Branches that came to the same are one. */
function distinct(models: readonly Model[]): Model[] {
  const seen = new Map(models.map((model) => [JSON.stringify(model, (_, value: unknown) => (value instanceof Map ? [...value] : value)), model]));
  return [...seen.values()];
}

/** A fixed sequence of small numbers above zero: an interleaving that can be repeated. */
function paced(seed: number): () => number {
  let state = (seed + 1) * 2_654_435_761;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 1 + ((state >>> 16) % 12);
  };
}
