import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ScrubProgress, ScrubReport, SessionId, SessionRecord } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { entriesOf, readPlace } from "./index-entries.ts";
import { aliasKey, countKey, kindKey, subjectKey, wakeKey } from "./keys.ts";
import { openLayout, type Layout } from "./layout.ts";
import { lmdbStore, openLmdb, type LmdbStore } from "./lmdb.ts";
import type { LmdbRoot } from "./lmdb-root.ts";
import { encodeRecord } from "./record-codec.ts";

const undo: (() => unknown)[] = [];
let folder: string;
let root: LmdbRoot;
let layout: Layout;
let store: LmdbStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sojourn-scrub-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const opened = openLmdb(open, folder);
  undo.push(() => opened.close());
  root = opened;
  store = lmdbStore(root);
  undo.push(() => store.close());
  layout = openLayout(root);
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const clean: Omit<ScrubReport, "records"> = { missing: 0, dead: 0, miscounted: 0, repaired: 0, conflicts: [], unreadable: [] };

async function begun(count: number, more: (i: number) => object = () => ({})): Promise<SessionId[]> {
  const ids = Array.from({ length: count }, newId).toSorted();
  await Promise.all(ids.map((id, i) => store.commit({ id, expect: "absent", kind: "main:web", ...more(i) })));
  return ids;
}

/** Does something to the database that no store would do. */
const plant = (act: () => void): void => root.transactionSync(act);

function recordOf(id: SessionId): SessionRecord {
  const read = readPlace(layout, id);
  if (read === undefined || !("record" in read)) throw new Error("no record");
  return read.record;
}

describe("what is sound is left as it is", () => {
  it("of sessions live and ended, with names that are not plain, over many stretches", async () => {
    const ids = await begun(600, (i) => ({
      kind: `main:${i % 3}`,
      subject: i % 2 === 0 ? `main:Zoë ${i % 7}` : `main:${"s".repeat(300)}`,
      wake: (i - 300) * 1000.5,
      claim: [`alias ${i}`, `#${i}`],
      set: { i: String(i) },
    }));
    for (const id of ids.slice(100, 200)) await store.commit({ id, expect: "live", ended: "{}", wake: 5 });
    for (const id of ids.slice(200, 250)) await store.commit({ id, expect: "live", erase: true });
    await store.commit({ id: "floor:not plain \0" as SessionId, expect: "absent", kind: "main:$floor" });
    await store.commit({ id: ids[0] as SessionId, expect: "live", set: { i: "a delta, not yet folded" } });
    const told: ScrubProgress[] = [];
    expect(await store.scrub({ repair: true, progress: (progress) => told.push(progress) })).toEqual({ ...clean, records: 551 });
    expect(told.length).toBeGreaterThan(5);
    expect(told.at(-1)?.done).toBe(told.at(-1)?.of);
  });

  it("of an empty store", async () => {
    expect(await store.scrub()).toEqual({ ...clean, records: 0 });
  });
});

describe("each kind of fault is found, named, and, if asked, put right", () => {
  /** Finds without writing, then repairs what can be, then finds nothing more. */
  async function found(expected: Partial<ScrubReport>, afterwards: Partial<ScrubReport> = {}): Promise<void> {
    const first = await store.scrub();
    expect(first).toMatchObject({ ...clean, ...expected, repaired: 0 });
    expect(await store.scrub()).toEqual(first);
    const repairs = first.missing + first.dead + first.miscounted;
    expect(await store.scrub({ repair: true })).toEqual({ ...first, repaired: repairs });
    expect(await store.scrub()).toEqual({ ...clean, records: first.records, ...afterwards });
  }

  it("entries of every sort that are missing", async () => {
    const [id] = (await begun(3, (i) => ({ subject: `main:s${i}`, wake: i, claim: [`a${i}`, `b${i}`] }))) as [SessionId];
    plant(() => entriesOf(recordOf(id)).forEach((key) => layout.index.remove(key)));
    await found({ records: 3, missing: 5 });
    expect(store.find({ alias: "b0" }).records.map((record) => record.id)).toEqual([id]);
    expect(store.find({ subject: "main:s0" }).records).toHaveLength(1);
    expect(store.find({ kind: "main:web" }).records).toHaveLength(3);
    expect(store.find({ wakeBefore: 0 }).records).toHaveLength(1);
  });

  it("entries that lead to nothing, to an ended record, or to one that says otherwise", async () => {
    const [live, over] = (await begun(2, () => ({ subject: "main:ada", wake: 7 }))) as [SessionId, SessionId];
    await store.commit({ id: over, expect: "live", ended: "{}" });
    const [gone, one] = [newId(), new Uint8Array([1])];
    plant(() => {
      for (const key of [kindKey("main:web", gone), subjectKey("main:ada", gone), wakeKey(3, gone)]) layout.index.put(key, one);
      for (const key of [kindKey("main:sms", live), subjectKey("main:eve", live), subjectKey("main:ada", over), wakeKey(8, live)]) layout.index.put(key, one);
      layout.index.put(aliasKey("x"), Buffer.from(live, "latin1"));
      layout.index.put(aliasKey("y"), Buffer.from(gone, "latin1"));
      layout.index.put(aliasKey("z"), new Uint8Array(0));
      layout.index.put(aliasKey("zz"), new Uint8Array(3000).fill(65));
    });
    await found({ records: 2, dead: 11 });
    expect(recordOf(live).subject).toBe("main:ada");
    expect(store.find({ subject: "main:ada" }).records.map((record) => record.id)).toEqual([live]);
  });

  it("an alias whose entry leads to another record, which does not hold it", async () => {
    const [one, other] = (await begun(2, (i) => ({ claim: [`a${i}`] }))) as [SessionId, SessionId];
    plant(() => void layout.index.put(aliasKey("a0"), Buffer.from(other, "latin1")));
    const first = await store.scrub();
    expect(first).toMatchObject({ missing: 1, dead: 1 });
    // Putting the one right puts the other right.
    expect(await store.scrub({ repair: true })).toMatchObject({ missing: 1, dead: 0, repaired: 1 });
    expect(await store.scrub()).toEqual({ ...clean, records: 2 });
    expect(store.find({ alias: "a0" }).records.map((record) => record.id)).toEqual([one]);
  });

  it.each([-1, 3, 5000.5, NaN])("a count of %d where 4 live", async (wrong) => {
    const ids = await begun(5);
    await store.commit({ id: ids[0] as SessionId, expect: "live", ended: "{}" });
    plant(() => {
      const value = new Uint8Array(8);
      new DataView(value.buffer).setFloat64(0, wrong);
      layout.index.put(countKey("main:web"), value);
    });
    await found({ records: 5, miscounted: 1 });
    expect(store.count({ kind: "main:web" })).toBe(4);
  });

  it("counts that are missing, cut off, or of a kind that nobody is of", async () => {
    await begun(3, (i) => ({ kind: `main:${i}` }));
    plant(() => {
      layout.index.remove(countKey("main:0"));
      layout.index.put(countKey("main:1"), new Uint8Array(3));
      layout.index.put(countKey("a kind whose key is a hash"), Uint8Array.from([64, 0, 0, 0, 0, 0, 0, 0]));
    });
    await found({ records: 3, miscounted: 3 });
  });

  it("a record that was cut off, by what it is kept under: what leads to it stays, for it may be mended", async () => {
    const [id] = (await begun(3, (i) => ({ subject: "main:ada", claim: [`a${i}`], wake: i, set: { field: "value" } }))) as [SessionId];
    plant(() => void layout.records.put(id, encodeRecord(recordOf(id)).slice(0, -3)));
    const unreadable = [{ id, why: "a value in the database ends too early" }];
    await found({ records: 3, unreadable }, { unreadable });
  });

  it("a record that lies in another's place", async () => {
    const [one, other] = (await begun(2)) as [SessionId, SessionId];
    plant(() => void layout.records.put(one, encodeRecord(recordOf(other))));
    const unreadable = [{ id: one, why: `it says that it is session ${other}` }];
    await found({ records: 2, unreadable }, { unreadable });
  });

  it.each(["one", "none"])("two live holders of one alias, of whom the index knows %s: both are named, neither is touched", async (known) => {
    const ids = await begun(600);
    const [one, other] = [ids[10], ids[590]] as [SessionId, SessionId];
    plant(() => {
      for (const id of [one, other]) layout.records.put(id, encodeRecord({ ...recordOf(id), aliases: ["+49 30 1"] }));
      if (known === "one") layout.index.put(aliasKey("+49 30 1"), Buffer.from(other, "latin1"));
    });
    const conflicts = [{ alias: "+49 30 1", ids: known === "one" ? [other, one] : [one, other] }];
    const missing = known === "one" ? 0 : 1;
    expect(await store.scrub()).toEqual({ ...clean, records: 600, missing, conflicts });
    expect(await store.scrub({ repair: true })).toEqual({ ...clean, records: 600, missing, repaired: missing, conflicts });
    expect(await store.scrub()).toEqual({ ...clean, records: 600, conflicts });
    // The first has read the records before they were changed behind its back.
    store = lmdbStore(root);
    undo.push(() => store.close());
    await store.commit({ id: other, expect: "live", ended: "{}" });
    expect(await store.scrub({ repair: true })).toMatchObject({ conflicts: [] });
    expect(store.find({ alias: "+49 30 1" }).records.map((record) => record.id)).toEqual([one]);
  });
});

it("finds what was planted, and nothing else, while two processes write", async () => {
  const ids = await begun(1500, (i) => ({ subject: `main:${i}`, claim: [`mine ${i}`] }));
  plant(() => {
    for (const i of [0, 700, 1499]) layout.index.remove(subjectKey(`main:${i}`, ids[i] as string));
    layout.index.put(aliasKey("dead"), Buffer.from(newId(), "latin1"));
  });
  const children = [0, 1].map(() => {
    const child = fork(fileURLToPath(new URL("churn-child.mjs", import.meta.url)), [folder], { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    undo.push(() => child.kill("SIGKILL"));
    return child;
  });
  await Promise.all(children.map((child) => once(child, "message")));
  const totals = { missing: 0, dead: 0, miscounted: 0, repaired: 0 };
  for (let i = 0; i < 6; i++) {
    const report = await store.scrub({ repair: i > 0 });
    expect([report.conflicts, report.unreadable]).toEqual([[], []]);
    if (i === 0) expect(report).toMatchObject({ missing: 3, dead: 1, miscounted: 0 });
    else for (const name of ["missing", "dead", "miscounted", "repaired"] as const) totals[name] += report[name];
  }
  expect(totals).toEqual({ missing: 3, dead: 1, miscounted: 0, repaired: 4 });
  const over = children.map(async (child) => {
    child.send("stop");
    const [{ commits }] = (await once(child, "message")) as [{ commits: number }];
    return commits;
  });
  for (const commits of await Promise.all(over)) expect(commits).toBeGreaterThan(10);
  expect(await store.scrub()).toMatchObject(clean);
});
