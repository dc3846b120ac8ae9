import { deepEqual } from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Change, CountableStore, MaybePromise, Outcome, Query, SessionId, SessionRecord, Store } from "../core/seam.ts";
import { newId } from "./new-id.ts";
import { plainStore, type PlainStore } from "./plain-store.ts";
import { choicesFrom, randomChange, randomWakes, type RandomNames } from "./random-change.ts";
import { everyRecord, type StoreHarness } from "./store-harness.ts";

/** How a history gets at the store it is played on. */
export interface DifferentialHarness extends StoreHarness {
  /** Closes the store and opens its data again, as after a restart; `open` then gives views on it. Called in the middle of histories. */
  reopen?(): MaybePromise<void>;
}

/**
 * Plays a random history on the store, step by step beside {@link plainStore}, and compares after each step: the outcome, every record, every listing,
 * every count. Each step is a list of whole numbers that says what is chosen, so that any source of chance will do, and a shrinker's smaller
 * lists are simpler steps:
 *
 * ```ts
 * fc.asyncProperty(fc.array(fc.array(fc.nat()), { maxLength: 40 }), (history) => playHistory(harness, history));
 * ```
 *
 * Names are new for each history, and what it made is erased at its end: a store may be used again.
 * @throws {Error} telling the history up to the first difference.
 */
export async function playHistory(harness: DifferentialHarness, history: readonly (readonly number[])[]): Promise<void> {
  const names = newNames();
  const plain = plainStore();
  const story: string[] = [];
  let views = [await harness.open(), await harness.open()];
  let turn = 0;
  const view = (): Store => views[turn++ % 2] as Store;
  try {
    for (const numbers of history) {
      const choose = choicesFrom(numbers);
      if (harness.reopen !== undefined && choose(24) === 1) {
        story.push("close and open again");
        await harness.reopen();
        views = [await harness.open(), await harness.open()];
        await compareAll(view, plain, names);
        continue;
      }
      const change = randomChange(choose, names, (id) => plain.records.get(id));
      story.push(JSON.stringify(change));
      compareOutcome(await view().commit(change), plain, change);
      await compareAll(view, plain, names);
    }
  } catch (difference) {
    // A store that differs may fail again while it is cleared; the difference is what is told.
    await eraseAll(view(), plain).catch(() => undefined);
    throw new Error(`The store differs after:\n  ${story.join("\n  ")}\n${difference instanceof Error ? difference.message : String(difference)}`, {
      cause: difference,
    });
  }
  await eraseAll(view(), plain);
}

function newNames(): RandomNames {
  const stem = newId();
  // Names that begin or end alike must not be taken for each other, nor may one be too long for an index.
  const alike = (name: string): string[] => [name, `${name}\u0000`, `${name}v`, name + "長".repeat(500)];
  return {
    ids: Array.from({ length: 4 }, newId),
    kinds: [`k-${stem}`, `k-${stem}:x`],
    subjects: alike(`s-${stem}`),
    aliases: alike(`a-${stem}`),
  };
}

function compareOutcome(outcome: Outcome, plain: PlainStore, change: Change): void {
  const refusals = plain.refusals(change);
  if (refusals.length > 0) {
    const named = refusals.find((refusal) => isDeepStrictEqual(refusal, outcome));
    return deepEqual(outcome, named ?? refusals[0]);
  }
  const { version, next } = plain.make(change);
  const { record, ...rest } = { record: undefined, ...outcome };
  deepEqual(rest, { ok: true, version });
  if (record !== undefined) deepEqual(sorted(record), next && sorted(next));
}

async function compareAll(view: () => Store, plain: PlainStore, names: RandomNames): Promise<void> {
  const ours = new Set<SessionId>(names.ids);
  const queries: Query[] = [
    ...names.aliases.map((alias) => ({ alias })),
    ...names.subjects.map((subject) => ({ subject })),
    ...names.kinds.map((kind) => ({ kind })),
    ...randomWakes.map((wakeBefore) => ({ wakeBefore })),
  ];
  await Promise.all([
    ...names.ids.map(async (id) => {
      const [found, meant] = [await view().load(id), plain.records.get(id)];
      deepEqual(found && sorted(found), meant && sorted(meant), `load ${id}`);
    }),
    ...queries.map(async (query, i) => {
      // Others may share the store; wakes have no pages.
      const page = "wakeBefore" in query ? { limit: 1000 } : { limit: 1 + (i % 3) };
      const found = (await everyRecord(view(), query, page)).filter(({ id }) => ours.has(id));
      deepEqual(byId(found), byId(plain.holding(query)), `find ${JSON.stringify(query)}`);
      if ("wakeBefore" in query) deepEqual(wakesOf(found), wakesOf(found).toSorted(ascending), "find by wake gives the earliest first");
    }),
    ...names.kinds.map(async (kind) => {
      const { count } = view() as Partial<CountableStore>;
      if (count !== undefined) deepEqual(await count({ kind }), plain.count(kind), `count ${kind}`);
    }),
  ]);
}

const wakesOf = (records: readonly SessionRecord[]): number[] => records.map(({ wake }) => wake ?? NaN);
const ascending = (x: number, y: number): number => x - y;

/** The order of aliases means nothing. */
function sorted(record: SessionRecord): SessionRecord {
  return { ...record, aliases: record.aliases.toSorted() };
}

function byId(records: readonly SessionRecord[]): SessionRecord[] {
  return records.map(sorted).sort((x, y) => (x.id < y.id ? -1 : 1));
}

async function eraseAll(store: Store, plain: PlainStore): Promise<void> {
  await Promise.all([...plain.records.values()].map(({ id, version }) => store.commit({ id, expect: version, erase: true })));
}
