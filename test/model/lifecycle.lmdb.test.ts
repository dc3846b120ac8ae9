import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import type { Store } from "sojourn";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { afterAll, test } from "vitest";
import { holds, patience } from "./runs.ts";

const usual = { histories: 500, within: 12_000 };

const undo: (() => unknown)[] = [];
afterAll(async () => {
  for (const step of undo.toReversed()) await step();
});

test("in LMDB", async () => holds({ name: "lmdb", store: folders(), ...usual }), patience);

test("in LMDB, answered later and in any order", async () => holds({ name: "lmdb, later", store: folders(), slow: true, ...usual }), patience);

/** A folder of its own for each history, of which the one before is taken away. */
function folders(): () => Store {
  let last: (() => Promise<void>) | undefined;
  let gone: Promise<void> | undefined;
  undo.push(() => Promise.all([last?.(), gone]));
  return () => {
    gone = Promise.all([gone, last?.()]).then(() => undefined);
    const folder = mkdtempSync(join(tmpdir(), "sojourn-model-"));
    const root: RootDatabase = openLmdb(open, folder, { noSync: true });
    const store = lmdbStore(root);
    last = async () => {
      await store.close();
      await root.close();
      rmSync(folder, { recursive: true, force: true });
    };
    return store;
  };
}
