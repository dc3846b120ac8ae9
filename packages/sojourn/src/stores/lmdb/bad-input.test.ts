import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { createSessions } from "../../core/sessions.ts";
import { newId } from "../../testing/new-id.ts";
import { lmdbStore, openLmdb, type LmdbStore } from "./lmdb.ts";
import { openLayout } from "./layout.ts";
import { encodeRecord } from "./record-codec.ts";

const undo: (() => unknown)[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sojourn-bad-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function opened(path: string = folder): { root: RootDatabase; store: LmdbStore } {
  const root = openLmdb(open, path);
  undo.push(() => root.close());
  return { root, store: storeOn(root) };
}
function storeOn(root: RootDatabase): LmdbStore {
  const store = lmdbStore(root);
  undo.push(() => store.close());
  return store;
}
const saying = (code: string, ...words: RegExp[]): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(new RegExp(words.map((word) => word.source).join(".*"))) as string });

describe("a record that cannot be read", () => {
  it.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ["was cut off", (bytes) => bytes.slice(0, -5), /ends too early/],
    ["has more to it than a release knows", (bytes) => bytes.with(1, (bytes[1] as number) | 32), /newer release/],
    ["is in another form", (bytes) => bytes.with(0, 7), /newer release/],
    ["is empty", () => new Uint8Array(1), /newer release/],
  ])("(it %s) is an error that names it, for that session only", async (_, spoil, why) => {
    const { root, store: first } = opened();
    const ids = Array.from({ length: 5 }, newId);
    await Promise.all(
      ids.map((id, wake) => first.commit({ id, expect: "absent", kind: "main:web", subject: "main:ada", wake, claim: [`a${wake}`], set: { n: String(wake) } })),
    );
    const [bad, ...good] = ids as [SessionId, ...SessionId[]];
    const layout = openLayout(root);
    const bytes = encodeRecord(first.load(bad) as never).slice();
    root.transactionSync(() => void layout.records.put(bad, spoil(bytes)));
    // The first has it in memory.
    const store = storeOn(root);
    expect(() => store.load(bad)).toThrow(saying("record_unreadable", new RegExp(bad), why));
    const group = await Promise.allSettled(ids.map((id) => store.commit({ id, expect: "live", set: { more: "1" } })));
    expect(group.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled", "fulfilled"]);
    expect(group[0]).toMatchObject({ reason: saying("record_unreadable", new RegExp(bad)) });
    for (const query of [{ kind: "main:web" }, { subject: "main:ada" }, { wakeBefore: 10 }]) {
      expect(
        store
          .find(query)
          .records.map(({ id }) => id)
          .toSorted(),
      ).toEqual(good.toSorted());
    }
    expect(store.find({ alias: "a0" }).records).toEqual([]);
    expect((await store.scrub()).unreadable).toEqual([{ id: bad, why: expect.stringMatching(why) as string }]);
  });

  it("does not keep due sessions behind it from being found, however many there are", async () => {
    const { root, store } = opened();
    const ids = Array.from({ length: 300 }, newId);
    await Promise.all(ids.map((id, wake) => store.commit({ id, expect: "absent", kind: "main:web", wake })));
    const layout = openLayout(root);
    root.transactionSync(() => ids.slice(0, 290).forEach((id) => layout.records.put(id, new Uint8Array([9]))));
    expect(
      storeOn(root)
        .find({ wakeBefore: 1000 }, { limit: 4 })
        .records.map(({ id }) => id),
    ).toEqual(ids.slice(290, 294));
    expect(
      storeOn(root)
        .find({ wakeBefore: 1000 }, { limit: 64 })
        .records.map(({ id }) => id),
    ).toEqual(ids.slice(290));
    expect(storeOn(root).find({ wakeBefore: 294 }, { limit: 64 }).records).toHaveLength(5);
  });
});

describe("large records", () => {
  it("of 10,000 fields are kept and changed like others", async () => {
    const { root, store } = opened();
    const id = newId();
    const set = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field ${i} €`, String(i)]));
    expect(await store.commit({ id, expect: "absent", kind: "main:web", set })).toMatchObject({ ok: true });
    expect(await store.commit({ id, expect: "live", set: { "field 7 €": "new" }, unset: ["field 8 €"] })).toMatchObject({ ok: true, version: 2 });
    const fields = { ...storeOn(root).load(id)?.fields };
    expect(Object.keys(fields)).toHaveLength(9999);
    expect(fields).toEqual({ ...set, "field 7 €": "new", "field 8 €": undefined });
    expect(await store.scrub()).toMatchObject({ records: 1, unreadable: [] });
  });

  it("a field of 64 kB + 1 is refused by name by a manager; the store itself has no such bound", async () => {
    const { root, store } = opened();
    const sessions = createSessions({ store });
    const session = await sessions.create({ data: { fits: "x".repeat(65_534) } });
    await expect(sessions.create({ data: { cart: "x".repeat(65_535) } })).rejects.toEqual(saying("too_large", /"cart" takes 65537 bytes/));
    expect(store.count({ kind: "main:web" })).toBe(1);
    const set = { long: "ä€".repeat(40_000) };
    expect(await store.commit({ id: session.id as SessionId, expect: "live", set })).toMatchObject({ ok: true });
    expect(storeOn(root).load(session.id as SessionId)?.fields).toMatchObject(set);
  });
});

/** A disk of its own of that many kB, or the reason why there is none. */
function tinyDisk(size: number): { path: string } | { why: string } {
  const path = join(folder, "disk");
  mkdirSync(path);
  if (process.getuid?.() !== 0) return { why: "only root may mount a small disk to fill" };
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}k`, "tmpfs", path], { encoding: "utf8" });
  if (status !== 0) return { why: `no small disk could be mounted to fill: ${stderr.trim()}` };
  undo.push(() => execFileSync("umount", [path]));
  return { path };
}

describe("a full disk", () => {
  it("refuses writes as store_full, keeps what was acknowledged, serves reads, and takes writes again once there is room", async ({ skip }) => {
    const disk = tinyDisk(3072);
    if ("why" in disk) return skip(disk.why);
    const path = join(disk.path, "db");
    const { root, store } = opened(path);
    const acknowledged: SessionId[] = [];
    const begin = async (bytes = 3000): Promise<void> => {
      const id = newId();
      await store.commit({ id, expect: "absent", kind: "main:web", claim: [`a ${id}`], set: { filler: "x".repeat(bytes) } });
      acknowledged.push(id);
    };
    const full = saying("store_full", /disk .* has no room left.*nothing was written.*Free some space/);
    let error: unknown;
    while (error === undefined) {
      error = await begin().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    }
    expect(error).toEqual(full);
    const before = acknowledged.length;
    expect(before).toBeGreaterThan(100);
    // One of which the disk can take a part, and many at once.
    await expect(begin(200_000)).rejects.toEqual(full);
    for (const refused of await Promise.allSettled(Array.from({ length: 20 }, () => begin()))) expect(refused).toEqual({ status: "rejected", reason: full });
    for (const reader of [store, storeOn(root)]) expect(acknowledged.every((id) => reader.load(id)?.fields["filler"]?.length === 3000)).toBe(true);
    expect(store.find({ alias: `a ${acknowledged[0]}` }).records).toHaveLength(1);
    expect(await store.scrub()).toMatchObject({ records: before, missing: 0, dead: 0, miscounted: 0 });
    execFileSync("mount", ["-o", "remount,size=16m", disk.path]);
    await Promise.all(Array.from({ length: 200 }, () => begin()));
    expect(await store.scrub()).toMatchObject({ records: before + 200, missing: 0, dead: 0, miscounted: 0, unreadable: [] });
  });

  it("is told when a folder is opened, which would otherwise end the process", ({ skip }) => {
    const disk = tinyDisk(1024);
    if ("why" in disk) return skip(disk.why);
    const filler = join(disk.path, "filler");
    writeFileSync(filler, "");
    truncateSync(filler, 0);
    const { bavail, bsize } = statfsSync(disk.path);
    writeFileSync(filler, new Uint8Array(bavail * bsize - 8192));
    expect(() => openLmdb(open, join(disk.path, "db"))).toThrow(saying("store_unavailable", /the disk that .*db is on is full\. Free some space/));
    unlinkSync(filler);
    expect(opened(join(disk.path, "db")).store.find({ kind: "main:web" }).records).toEqual([]);
  });
});

it("a limit of file descriptors that is reached is one line when a folder is opened, and passes", () => {
  const script = `
    import { openSync, closeSync } from "node:fs";
    import { open } from "lmdb"; import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
    const taken = [];
    try { for (;;) taken.push(openSync("/dev/null")); } catch {}
    for (let left = 1; ; left++) {
      closeSync(taken.pop());
      try { lmdbStore(openLmdb(open, process.argv[1])); console.log("fine"); process.exit(0); }
      catch (error) { console.log(error.code + " " + error.message); }
    }`;
  const { stdout } = spawnSync("sh", ["-c", 'ulimit -n 256; exec "$0" "$@"', process.execPath, "--input-type=module", "-e", script, folder], {
    encoding: "utf8",
    cwd: import.meta.dirname,
    timeout: 20_000,
  });
  const lines = stdout.trim().split("\n");
  expect(lines.pop()).toBe("fine");
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).toMatch(/^store_unavailable .*too many open files \(EMFILE\)\. Raise the limit \(ulimit -n\)/);
});

describe("126 readers that hold on", () => {
  /** Another process that opens the folder. @returns what it says. */
  const another = (): string =>
    spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { open } from "lmdb"; import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
         try { const root = openLmdb(open, process.argv[1]); lmdbStore(root).find({ kind: "main:web" }); console.log("fine"); process.exit(0); }
         catch (error) { console.log(error.code + " " + error.message); process.exit(1); }`,
        folder,
      ],
      { encoding: "utf8", cwd: import.meta.dirname, timeout: 20_000 },
    ).stdout.trim();

  it("keep others out, who are told of the fix, and nobody who is in; when they let go, all is as before", async () => {
    const { root, store } = opened();
    const id = newId();
    await store.commit({ id, expect: "absent", kind: "main:web" });
    const held: ReturnType<RootDatabase["useReadTransaction"]>[] = [];
    // The first takes over the place that the store had.
    for (let i = 0; i < 126; i++) {
      // Each of a moment of its own: others share a place.
      await store.commit({ id, expect: "live", set: { i: String(i) } });
      root.resetReadTxn();
      held.push(root.useReadTransaction());
    }
    expect(root.readerList().trim().split("\n")).toHaveLength(1 + 126);
    expect(store.load(id)?.fields["i"]).toBe("125");
    expect(another()).toMatch(
      /^store_unavailable .*more processes and threads read the folder than it has places for; open it with a larger maxReaders in every process/,
    );
    for (const txn of held.splice(0)) txn.done();
    expect(another()).toBe("fine");
    expect(await store.commit({ id, expect: "live", set: { a: "1" } })).toMatchObject({ ok: true });
    expect(store.load(id)?.fields["a"]).toBe("1");
  });
});
