import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { open, type RootDatabase } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cursor, SessionId, StoreEvent } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { backupLmdb, forgetCursors, kindsOfLmdb, lmdbStore, openLmdb, spaceOfLmdb, type LmdbStore } from "./lmdb.ts";

const undo: (() => unknown)[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sojourn-backup-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function opened(path: string): { root: RootDatabase; store: LmdbStore } {
  const root = openLmdb(open, path);
  undo.push(() => root.close());
  const store = lmdbStore(root);
  undo.push(() => store.close());
  return { root, store };
}

/** A backup put in the place of a database. */
function broughtBack(file: string): RootDatabase {
  const path = join(folder, "back");
  mkdirSync(path);
  renameSync(file, join(path, "data.mdb"));
  const root = openLmdb(open, path);
  undo.push(() => root.close());
  return root;
}

function created(store: LmdbStore, count: number): Promise<SessionId[]> {
  const ids = Array.from({ length: count }, newId);
  return Promise.all(ids.map(async (id) => (await store.commit({ id, expect: "absent", kind: "main:web", claim: [`a${id}`], set: { n: "0" } })) && id));
}

describe("backupLmdb", () => {
  it("has all that was acknowledged before it was begun, whole, while another process goes on writing", async () => {
    const { root, store } = opened(join(folder, "db"));
    const ids = await created(store, 500);
    for (const id of ids.slice(0, 50)) await store.commit({ id, expect: "live", set: { n: "a delta" } });
    for (const id of ids.slice(50, 60)) await store.commit({ id, expect: "live", ended: "{}" });
    const child = fork(fileURLToPath(new URL("churn-child.mjs", import.meta.url)), [join(folder, "db")], {
      execArgv: [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    undo.push(() => child.kill("SIGKILL"));
    await once(child, "message");
    for (const compact of [true, false]) {
      const file = join(folder, `backup-${compact}.mdb`);
      const { scrub, bytes } = await backupLmdb(open, root, file, { compact });
      expect(scrub).toMatchObject({ missing: 0, dead: 0, miscounted: 0, conflicts: [], unreadable: [] });
      expect(scrub.records).toBeGreaterThanOrEqual(500);
      expect([statSync(file).size, statSync(file).mode & 0o777]).toEqual([bytes, 0o600]);
      const copy = lmdbStore(broughtBack(file));
      expect(ids.map((id) => copy.load(id)?.fields["n"])).toEqual(ids.map((_, i) => (i < 50 ? "a delta" : "0")));
      expect(ids.filter((id) => copy.load(id)?.ended !== undefined)).toEqual(ids.slice(50, 60));
      await copy.close();
      renameSync(join(folder, "back"), join(folder, `back-${compact}`));
    }
    const over = once(child, "message") as Promise<[{ commits: number }]>;
    child.send("stop");
    expect((await over)[0].commits).toBeGreaterThan(10);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("takes no file's place unless told to, and leaves nothing behind when it fails", async () => {
    const { root, store } = opened(join(folder, "db"));
    await created(store, 3);
    const file = join(folder, "precious");
    writeFileSync(file, "precious");
    const refused = (what: RegExp): unknown => expect.objectContaining({ code: "invalid_option", message: expect.stringMatching(what) as string });
    await expect(backupLmdb(open, root, file)).rejects.toEqual(refused(/precious exists\. Give another name/));
    await expect(backupLmdb(open, root, join(folder, "no/such/file"))).rejects.toEqual(refused(/no\/such \(ENOENT\)\. Give a folder that exists/));
    expect(readFileSync(file, "utf8")).toBe("precious");
    const told: string[] = [];
    await backupLmdb(open, root, file, { overwrite: true, progress: ({ doing }) => told.push(doing) });
    expect(told).toContain("checking");
    expect(lmdbStore(broughtBack(file)).find({ kind: "main:web" }).records).toHaveLength(3);
    expect(readdirSync(folder).toSorted()).toEqual(["back", "db"]);
  });

  it("names the faults that the original has", async () => {
    const { root, store } = opened(join(folder, "db"));
    const [id] = (await created(store, 3)) as [SessionId];
    const records = root.openDB({ name: "sojourn.records", encoding: "binary" });
    root.transactionSync(() => void records.put(id, new Uint8Array([9, 9])));
    const { scrub } = await backupLmdb(open, root, join(folder, "backup"));
    expect(scrub.unreadable).toMatchObject([{ id }]);
    expect(existsSync(join(folder, "backup"))).toBe(true);
  });
});

describe("forgetCursors", () => {
  it("makes of every cursor given out before, or after the backup, a gap, and keeps every record", async () => {
    const { root, store } = opened(join(folder, "db"));
    const told: StoreEvent[] = [];
    undo.push(store.watch((event) => event !== "gap" && told.push(event)));
    const ids = await created(store, 20);
    for (const id of ids) await store.commit({ id, expect: "live", set: { n: "a delta" } });
    await backupLmdb(open, root, join(folder, "backup"));
    await created(store, 10);
    const cursors = [told[0], told[39], told.at(-1)].map((event) => event?.cursor as Cursor);
    expect(told).toHaveLength(50);

    const back = broughtBack(join(folder, "backup"));
    forgetCursors(back);
    const restored = lmdbStore(back);
    undo.push(() => restored.close());
    expect(ids.map((id) => restored.load(id)?.fields["n"])).toEqual(ids.map(() => "a delta"));
    // More than was told of in the time that was lost.
    const [first] = await created(restored, 30);
    for (const cursor of cursors) {
      const heard: (StoreEvent | "gap")[] = [];
      const stop = restored.watch((event) => heard.push(event), { after: cursor });
      while (heard.length < 31) await new Promise((resolve) => setImmediate(resolve));
      stop();
      expect([heard[0], heard.length]).toEqual(["gap", 31]);
      expect(heard[1]).toMatchObject({ id: first, version: 1 });
    }
    expect(await restored.scrub()).toMatchObject({ records: 50, missing: 0, dead: 0, miscounted: 0, unreadable: [] });
    forgetCursors(back);
  });
});

describe("for operators", () => {
  it("the kinds, and how much of the file is free", async () => {
    const { root, store } = opened(join(folder, "db"));
    expect(kindsOfLmdb(root)).toEqual([]);
    const ids = Array.from({ length: 400 }, newId);
    const kinds = ["a:web", "a:x", "b:$floor", "not plain \0 €"];
    await Promise.all(ids.map((id, i) => store.commit({ id, expect: "absent", kind: kinds[i % 4] as string, set: { v: "v".repeat(1000) } })));
    expect(kindsOfLmdb(root).toSorted()).toEqual(kinds);
    const full = spaceOfLmdb(root);
    await Promise.all(ids.map((id) => store.commit({ id, expect: "live", erase: true })));
    const emptied = spaceOfLmdb(root);
    expect(full.used).toBeGreaterThan(400_000);
    expect(full.used).toBeLessThanOrEqual(full.file);
    expect(emptied.used).toBeLessThan(full.used / 4);
    expect(kindsOfLmdb(root)).toEqual([]);
  });
});
