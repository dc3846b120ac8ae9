import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { open, type RootDatabase } from "lmdb";
import { afterAll, describe, expect, test } from "vitest";
import type { Change, Found, Outcome, Query, SessionRecord } from "../core/seam.ts";
import { lmdbStore, openLmdb, type LmdbStore, type LmdbStoreOptions } from "../stores/lmdb/lmdb.ts";
import { memoryStore, type MemoryStore } from "../stores/memory/memory.ts";
import { delayed } from "./delayed.ts";
import { choicesFrom, randomChange } from "./random-change.ts";
import { playHistory, type DifferentialHarness } from "./store-differential.ts";

// Another seed in every run; a failure names it, and SOJOURN_SEED repeats it.
const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
process.stdout.write(`differential tests: SOJOURN_SEED=${seed}\n`);

const histories = fc.array(fc.array(fc.nat(), { minLength: 12, maxLength: 48, size: "max" }), { minLength: 1, maxLength: 50, size: "max" });
const played = (harness: DifferentialHarness) => fc.asyncProperty(histories, (history) => playHistory(harness, history));
const agrees = (harness: DifferentialHarness, numRuns: number): Promise<void> => fc.assert(played(harness), { seed, numRuns, endOnFailure: true });

describe("random changes become in the memory store what apply() says", () => {
  test("as given", () => agrees({ open: () => memory }, 80));
  test("with one live session in front", () => agrees({ open: () => small }, 80));
  test("with delayed answers", () => agrees({ open: () => late }, 8));
  const memory = memoryStore();
  const small = memoryStore({ live: 1 });
  const late = delayed(memoryStore());
});

describe("random changes become in the LMDB store what apply() says", () => {
  const undo: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const step of undo) await step();
  });

  function folder(options: LmdbStoreOptions, wrap: (store: LmdbStore) => LmdbStore = (store) => store): Required<Omit<DifferentialHarness, "race">> {
    const path = mkdtempSync(join(tmpdir(), "sojourn-differential-"));
    let root: RootDatabase;
    let stores: LmdbStore[] = [];
    const begin = (): void => {
      root = openLmdb(open, path);
      stores = [lmdbStore(root, options), lmdbStore(root, { ...options, live: 2 })];
    };
    const end = async (): Promise<void> => {
      for (const store of stores) await store.close();
      await root.close();
    };
    begin();
    undo.push(async () => {
      await end();
      rmSync(path, { recursive: true });
    });
    let turn = 0;
    return {
      open: () => wrap(stores[turn++ % 2] as LmdbStore),
      async reopen() {
        await end();
        begin();
      },
    };
  }

  for (const durability of ["committed", "flushed"] as const) test(`${durability}, two stores`, () => agrees({ open: folder({ durability }).open }, 15));
  test("relaxed, one store", () => {
    const store = folder({ durability: "relaxed" }).open();
    return agrees({ open: () => store }, 15);
  });
  test("with delayed answers", () => agrees({ open: folder({}, delayed).open }, 6));
  test("closed and opened again in the middle", () => agrees(folder({}), 12));
});

describe("a difference is found, wherever it lies:", () => {
  interface Fault {
    readonly change?: (change: Change, current: SessionRecord | undefined) => Change;
    readonly outcome?: (outcome: Outcome) => Outcome;
    readonly found?: (found: Found, query: Query) => Found;
    readonly count?: (count: number) => number;
  }
  const faults: Readonly<Record<string, Fault>> = {
    "a fence is not looked at": { change: ({ fence: _, ...change }) => change },
    "the claim of an alias that is released in the same change is lost": {
      change: (change) => (change.claim && change.release ? { ...change, claim: change.claim.filter((alias) => !change.release?.includes(alias)) } : change),
    },
    "unset comes after set": {
      change: (change) =>
        change.unset && change.set
          ? { ...change, set: Object.fromEntries(Object.entries(change.set).filter(([name]) => !change.unset?.includes(name))) }
          : change,
    },
    "the subject's limit is not judged": { change: ({ subjectLimit: _, ...change }) => change },
    "the kind's limit is not judged": { change: ({ kindLimit: _, ...change }) => change },
    "a wake past 2^50 is cut": { change: (change) => (change.wake ? { ...change, wake: Math.min(change.wake, 2 ** 50) } : change) },
    "a refusal has another word": { outcome: (outcome) => (!outcome.ok && outcome.why === "fenced" ? { ok: false, why: "stale" } : outcome) },
    "a version is off by one": { outcome: (outcome) => (outcome.ok && outcome.version === 5 ? { ok: true, version: 6 } : outcome) },
    "a listing of a subject lacks its last": {
      found: (found, query) => ("subject" in query && found.records.length === 2 ? { records: found.records.slice(1) } : found),
    },
    "what is due comes in any order": { found: (found, query) => ("wakeBefore" in query ? { records: found.records.toReversed() } : found) },
    "ended ones are counted": { count: (count) => count + 1 },
  };

  function faulty(
    store: MemoryStore,
    { change = (same) => same, outcome = (same) => same, found = (same) => same, count = (same) => same }: Fault,
  ): MemoryStore {
    return {
      ...store,
      commit: (wanted) => outcome(store.commit(change(wanted, store.load(wanted.id)))),
      find: (query, page) => found(store.find(query, page), query),
      count: (query) => count(store.count(query)),
    };
  }

  test.each(Object.entries(faults))("%s", async (_, fault) => {
    const store = faulty(memoryStore(), fault);
    const result = await fc.check(played({ open: () => store }), { seed, numRuns: 500, endOnFailure: true });
    expect(result.failed).toBe(true);
    expect(String(result.errorInstance)).toMatch(/The store differs after:\n {2}\{"id"/);
  });
});

test("the smallest choices make the smallest change, and random ones make every lawful combination of two fields", () => {
  const names = { ids: ["i", "j"] as unknown as Change["id"][], kinds: ["k"], subjects: ["s"], aliases: ["a"] };
  const record: SessionRecord = { id: "i" as Change["id"], version: 7, kind: "k", epoch: 1, aliases: [], fields: {} };
  expect(randomChange(choicesFrom([]), names, () => record)).toEqual({ id: "i", expect: "absent", kind: "k" });
  const seen = new Set<string>();
  for (const numbers of fc.sample(fc.array(fc.nat(), { minLength: 48, maxLength: 48 }), { seed: 1, numRuns: 10_000 })) {
    const change = randomChange(choicesFrom(numbers), names, () => record);
    const way = typeof change.expect === "number" ? "version" : change.expect;
    const fields = Object.keys(change).filter((field) => field !== "id" && field !== "expect");
    for (const one of fields) for (const other of fields) seen.add(`${way} ${one}+${other}`);
  }
  const free = ["subject", "subjectLimit", "wake", "ended", "set", "unset", "claim", "release"];
  const lawful = { absent: [...free, "kind", "kindLimit"], live: [...free, "fence"], version: [...free, "fence", "epoch"] };
  for (const [way, fields] of Object.entries(lawful))
    for (const one of fields) for (const other of fields) expect(seen, `${way}: ${one} and ${other}`).toContain(`${way} ${one}+${other}`);
});
