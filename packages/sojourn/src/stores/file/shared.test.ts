import { missingGluster, missingMount, mountSmallDisk, startGluster, type SharedFolder } from "@sojourn/peers/file-systems";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { storeContract } from "../../testing/store-contract.ts";
import { racersIn } from "./file-child.fixture.ts";
import { fileStore, type FileStore } from "./file.ts";

const ended = '{"at":1,"reason":"closed"}';
const noGluster = missingGluster();
const noMount = missingMount();

describe.skipIf(noGluster !== undefined)(`GlusterFS mounted twice${noGluster === undefined ? "" : ` (${noGluster})`}`, () => {
  let shared: SharedFolder;
  let stores: FileStore[] = [];
  let racers: ReturnType<typeof racersIn>;
  let folders: string[];
  beforeAll(async () => {
    shared = await startGluster(3);
    folders = shared.mounts.map((mount) => join(mount, "sessions"));
    stores = folders.slice(0, 2).map((folder) => fileStore(folder));
    racers = racersIn(folders.slice(0, 2));
  }, 60_000);
  afterAll(async () => {
    await racers.end();
    for (const store of stores) await store.close();
    await shared.stop();
  }, 60_000);

  // What a shared folder can get wrong: races, and what one machine sees of the other. The rest is the same code as on a local disk.
  const crossing =
    /racer|of 50 parallel|2 × |two creators|erased one may begin again|late merges|is freed at once|gone from everywhere|earliest first|count:|ids like others/;
  let next = 0;
  for (const [promise, check] of Object.entries(storeContract)) {
    if (!crossing.test(promise)) continue;
    it(promise, { timeout: 120_000 }, async () => {
      await check({ open: () => stores[next++ % 2] as FileStore, race: racers.race });
    });
  }

  it("a load on one machine after a commit acknowledged on the other sees it, every time", { timeout: 60_000 }, async () => {
    const [here, there] = stores as [FileStore, FileStore];
    for (let i = 0; i < 30; i++) {
      const id = newId();
      expect(await there.load(id)).toBeUndefined();
      await here.commit({ id, expect: "absent", kind: "main:seen" });
      expect(await there.load(id)).toMatchObject({ version: 1 });
      await here.commit({ id, expect: "live", ended });
      expect(await there.load(id)).toMatchObject({ version: 2, ended });
    }
  });

  it("a file server that does not answer is waited for, and goes on where it was", { timeout: 60_000 }, async () => {
    const [here, there] = stores as [FileStore, FileStore];
    const id = newId();
    await here.commit({ id, expect: "absent", kind: "main:stopped" });
    shared.server("SIGSTOP");
    let answered = false;
    const change = here.commit({ id, expect: 1, set: { a: "1" } }).finally(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(answered).toBe(false);
    shared.server("SIGCONT");
    expect(await change).toMatchObject({ ok: true, version: 2 });
    expect(await there.load(id)).toMatchObject({ version: 2, fields: { a: "1" } });
  });

  it("a mount that is lost is an error, and never that a session is missing", { timeout: 60_000 }, async () => {
    const store = fileStore(folders[2] as string);
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "main:lost" });
    await shared.unmount(2);
    const broken = { code: "store_unavailable" };
    await expect(store.load(id)).rejects.toMatchObject(broken);
    await expect(store.commit({ id, expect: "live", set: { a: "1" } })).rejects.toMatchObject(broken);
    await expect(store.commit({ id: newId(), expect: "absent", kind: "k" })).rejects.toMatchObject(broken);
    await expect(store.find({ kind: "main:lost" })).rejects.toMatchObject(broken);
    await expect(store.find({ wakeBefore: 1 })).rejects.toMatchObject(broken);
    await expect(store.count({ kind: "main:lost" })).rejects.toMatchObject(broken);
    expect(readdirSync(shared.mounts[2] as string)).toEqual([]);
    expect(await (stores[0] as FileStore).load(id)).toMatchObject({ version: 1 });
    await store.close();
  });
});

describe.skipIf(noMount !== undefined)(`a small disk${noMount === undefined ? "" : ` (${noMount})`}`, () => {
  it(
    "that is full refuses as a value, tears nothing, and goes on when there is room again; read-only is an error with its cure",
    { timeout: 60_000 },
    async () => {
      const disk = await mountSmallDisk(3 * 1024 * 1024);
      try {
        const folder = join(disk.path, "sessions");
        mkdirSync(folder);
        const store = fileStore(folder);
        const kept: SessionId[] = [];
        let full = 0;
        for (let i = 0; i < 400 && full < 5; i++) {
          const id = newId();
          const outcome = await store.commit({ id, expect: "absent", kind: "main:web", claim: [`alias-${i}`], wake: i, set: { text: "x".repeat(30_000) } });
          if (outcome.ok) kept.push(id);
          else {
            expect(outcome).toEqual({ ok: false, why: "full", of: "store" });
            full++;
          }
        }
        expect(full).toBe(5);
        expect(kept.length).toBeGreaterThan(10);
        for (const id of kept) expect((await store.load(id))?.fields["text"]).toHaveLength(30_000);
        const one = kept[0] as SessionId;
        expect(await store.commit({ id: one, expect: "live", set: { more: "y".repeat(60_000) } })).toEqual({ ok: false, why: "full", of: "store" });
        expect(await store.load(one)).toMatchObject({ version: 1 });
        await disk.remount("ro");
        await expect(store.commit({ id: one, expect: "live", set: { a: "1" } })).rejects.toMatchObject({
          code: "store_unavailable",
          message: expect.stringContaining("read-only") as string,
        });
        expect(await store.load(one)).toMatchObject({ version: 1 });
        await disk.remount("rw");
        // What is taken away needs a little room itself: a record that is not there any more leaves some.
        await disk.resize(4 * 1024 * 1024);
        for (const id of kept.slice(0, 20)) expect(await store.commit({ id, expect: "live", erase: true })).toMatchObject({ ok: true });
        expect(await store.commit({ id: newId(), expect: "absent", kind: "main:web", claim: ["alias-0"], set: { text: "x".repeat(30_000) } })).toMatchObject({
          ok: true,
        });
        await store.close();
        const after = fileStore(folder, { grace: 0 });
        await after.scrub({ repair: true });
        expect(await after.scrub()).toMatchObject({ missing: 0, dead: 0, miscounted: 0, conflicts: [], unreadable: [], records: kept.length - 19 });
        await after.close();
      } finally {
        await disk.stop();
      }
    },
  );
});
