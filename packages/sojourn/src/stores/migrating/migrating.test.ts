import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { open } from "lmdb";
import { afterAll, describe, test } from "vitest";
import type { Store } from "../../core/seam.ts";
import { delayed } from "../../testing/delayed.ts";
import { storeContract } from "../../testing/store-contract.ts";
import { playHistory } from "../../testing/store-differential.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { lmdbStore, openLmdb } from "../lmdb/lmdb.ts";
import { memoryStore } from "../memory/memory.ts";
import { migrating, type MigratingOptions } from "./migrating.ts";

const folder = mkdtempSync(join(tmpdir(), "sojourn-migrating-"));
const root = openLmdb(open, folder);
const lmdb = lmdbStore(root);
afterAll(async () => {
  await lmdb.close();
  await root.close();
  rmSync(folder, { recursive: true });
});

/** Processes that are at these phases, upon the same two stores. */
function processes(phases: readonly MigratingOptions["phase"][], from: Store = memoryStore(), to: Store = memoryStore()): readonly Store[] {
  return phases.map((phase) => migrating({ from, to }, phase === undefined ? {} : { phase }));
}

const views: Readonly<Record<string, readonly Store[]>> = {
  "memory to memory": processes(["both"]),
  "memory to memory, old": processes(["old"]),
  "memory to memory, old beside both": processes(["old", "both"]),
  "memory to memory, delayed, old beside both": processes(["old", "both"], delayed(memoryStore()), delayed(memoryStore())),
  "memory to memory, delayed, both": processes(["both", "both"], delayed(memoryStore()), delayed(memoryStore())),
  "LMDB to memory": processes(["both", "old"], lmdb),
};

describe("the store contract", () => {
  describe.each(Object.entries(views))("%s", (_, given) => {
    let next = 0;
    keepsTheContract({ open: () => given[next++ % given.length] as Store });
  });
});

/** What does not hold beside a process that works in `to` alone; the README says so. */
const besideNew = (promise: string): boolean => promise.startsWith("find: pages hold") || promise.startsWith("subjectLimit: ending the oldest");

describe.each([
  ["as given", (store: Store) => store],
  ["delayed", delayed],
] as const)("new beside both, where all has moved, %s", (_, way) => {
  const given = processes(["new", "both"], way(memoryStore()), way(memoryStore()));
  let next = 0;
  test.each(Object.entries(storeContract).filter(([promise]) => !besideNew(promise)))("%s", async (_promise, check) => {
    await check({ open: () => given[next++ % given.length] as Store });
  });
});

describe("random changes become what apply() says", () => {
  const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const histories = fc.array(fc.array(fc.nat(), { minLength: 12, maxLength: 48, size: "max" }), { minLength: 1, maxLength: 50, size: "max" });
  test.each([
    ["both", ["both"]],
    ["old", ["old"]],
    ["old beside both", ["old", "both"]],
  ] as const)(`%s (SOJOURN_SEED=${seed})`, async (_, phases) => {
    const stores = processes(phases);
    let turn = 0;
    await fc.assert(
      fc.asyncProperty(histories, (history) => playHistory({ open: () => stores[turn++ % stores.length] as Store }, history)),
      { seed, numRuns: 25, endOnFailure: true },
    );
  });
});
