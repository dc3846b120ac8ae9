import { open } from "lmdb";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe } from "vitest";
import { lmdbStore, openLmdb } from "../stores/lmdb/lmdb.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import type { Store } from "./seam.ts";

const undo: (() => unknown)[] = [];

function embedded(): Store {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-core-"));
  const root = openLmdb(open, folder);
  const store = lmdbStore(root);
  undo.push(async () => {
    await store.close();
    await root.close();
    rmSync(folder, { recursive: true });
  });
  return store;
}

/** Runs tests of the manager over each store, and over one that answers later. */
export function overEveryStore(tests: (open: () => Store) => void): void {
  const stores: Readonly<Record<string, () => Store>> = {
    memory: () => memoryStore(),
    "memory, answering later": () => delayed(memoryStore()),
    lmdb: embedded,
  };
  for (const [name, opened] of Object.entries(stores)) {
    describe(`over ${name}`, () => {
      afterEach(async () => {
        for (const step of undo.splice(0)) await step();
      });
      tests(opened);
    });
  }
}
