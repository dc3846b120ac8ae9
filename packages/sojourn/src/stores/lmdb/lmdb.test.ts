import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { SessionId, StoreEvent } from "../../core/seam.ts";
import { delayed } from "../../testing/delayed.ts";
import { newId } from "../../testing/new-id.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { readHead } from "./head.ts";
import { layoutKey, numberKeys } from "./keys.ts";
import { racers, type Child } from "../child.fixture.ts";
import { childIn } from "./lmdb-child.fixture.ts";
import { lmdbStore, openLmdb, type LmdbStore, type LmdbStoreOptions } from "./lmdb.ts";

const ended = '{"at":1,"reason":"closed"}';
const containing = (text: string): unknown => expect.stringContaining(text);
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-lmdb-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
function rootIn(folder: string): RootDatabase {
  const root = openLmdb(open, folder);
  undo.push(() => root.close());
  return root;
}
function storeOn(root: RootDatabase, options?: LmdbStoreOptions): LmdbStore {
  const store = lmdbStore(root, options);
  undo.push(() => store.close());
  return store;
}

async function spawn(folder: string): Promise<Child> {
  const child = await childIn(folder);
  undo.push(() => child.kill());
  return child;
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

async function created(store: LmdbStore, count: number, more?: object): Promise<SessionId[]> {
  const ids = Array.from({ length: count }, newId);
  await Promise.all(ids.map((id) => store.commit({ id, expect: "absent", kind: "main/web", ...more })));
  return ids;
}

describe("the store contract", () => {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-lmdb-"));
  const root = openLmdb(open, folder);
  const stores = [lmdbStore(root), lmdbStore(root)];
  const early = lmdbStore(root, { durability: "relaxed" });
  const flushed = lmdbStore(root, { durability: "flushed", live: 2 });
  afterAll(async () => {
    for (const store of [...stores, early, flushed]) await store.close();
    await root.close();
    rmSync(folder, { recursive: true });
  });

  const racing = racers(() => childIn(folder));
  afterAll(() => racing.end());

  const ways = {
    "as given, races between processes": { views: stores, race: racing.race },
    "with delayed answers": { views: stores.map(delayed) },
    "relaxed, one view": { views: [early, early] },
    "flushed, two records live": { views: [flushed, flushed] },
  };
  for (const [how, { views, ...harness }] of Object.entries(ways)) {
    describe(how, () => {
      let next = 0;
      keepsTheContract({ open: () => views[next++ % 2] as LmdbStore, ...harness });
    });
  }
});

describe("several processes", () => {
  it("a load after an end that another process acknowledged says ended, every time", async () => {
    const folder = temporary();
    const store = storeOn(rootIn(folder));
    const ids = await created(store, 300, { set: { cart: "[]" } });
    const other = await spawn(folder);
    for (const id of ids) {
      expect(store.load(id)?.ended).toBeUndefined();
      await other.ask("commit", { id, expect: "live", ended });
      expect(store.load(id)?.ended).toBe(ended);
    }
  });

  it("a load gives the same object until the record changes, whoever changes it", async () => {
    const folder = temporary();
    const store = storeOn(rootIn(folder));
    const [id, neighbour] = (await created(store, 2)) as [SessionId, SessionId];
    const other = await spawn(folder);
    const before = store.load(id);
    const beside = store.load(neighbour);
    expect(store.load(id)).toBe(before);
    await other.ask("commit", { id, expect: "live", set: { a: "1" } });
    expect(store.load(id)).toMatchObject({ version: 2, fields: { a: "1" } });
    expect(store.load(neighbour)).toBe(beside);
    const outcome = await store.commit({ id, expect: 2, set: { a: "2" } });
    expect(outcome.ok && outcome.record).toBe(store.load(id));
  });

  const notLinux = process.platform === "linux" ? "" : " (what a stopped process does with LMDB's lock has been looked at on Linux only)";
  it.skipIf(notLinux !== "")(
    `a process stopped inside a write transaction stops neither our event loop nor our loads, and a deadline withdraws what waits${notLinux}`,
    async () => {
      const folder = temporary();
      const store = storeOn(rootIn(folder));
      const [id] = (await created(store, 1, { set: { n: "0" } })) as [SessionId];
      const other = await spawn(folder);
      const resumed = other.ask("stopInside");
      const pid = other.process.pid as number;
      await until(() => /\) T /.test(readFileSync(`/proc/${pid}/stat`, "latin1")));

      const late = store.commit({ id, expect: "live", set: { n: "late" } }, { deadline: Date.now() + 60 });
      const patient = store.commit({ id, expect: "live", set: { m: "patient" } });
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      undo.push(() => clearInterval(timer));
      await expect(late).rejects.toMatchObject({ code: "store_unavailable", message: containing("nothing was written") });
      const more = Array.from({ length: 20 }, (_, i) => store.commit({ id, expect: "live", set: { [`f${i}`]: "1" } }, { deadline: Date.now() + 40 }));
      expect((await Promise.allSettled(more)).map(({ status }) => status)).toEqual(more.map(() => "rejected"));
      await until(() => ticks > 10);
      expect(store.load(id)?.fields).toEqual({ n: "0" });
      expect(store.find({ kind: "main/web" }).records).toHaveLength(1);

      process.kill(pid, "SIGCONT");
      await resumed;
      expect(await patient).toMatchObject({ ok: true, version: 2 });
      expect(store.load(id)?.fields).toEqual({ n: "0", m: "patient" });
    },
  );

  it("a process killed while it writes loses nothing that it acknowledged, and holds nobody up", async () => {
    const folder = temporary();
    const ids = await created(storeOn(rootIn(folder)), 32);
    for (let cycle = 0; cycle < 3; cycle++) {
      const other = await spawn(folder);
      let text = "";
      other.process.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
      other.process.send({ run: "writeForever", with: ids });
      await until(() => text.length > 60_000);
      const closed = new Promise((resolve) => other.process.stdout?.once("close", resolve));
      other.process.kill("SIGKILL");
      await closed;
      const acknowledged = new Map(
        text
          .slice(0, text.lastIndexOf("\n"))
          .split("\n")
          .map((line) => line.split(" ") as [SessionId, string]),
      );
      const store = storeOn(rootIn(folder));
      expect(acknowledged.size).toBe(ids.length);
      for (const [id, n] of acknowledged) expect(Number(store.load(id)?.fields["n"])).toBeGreaterThanOrEqual(Number(n));
      expect(await store.commit({ id: ids[0] as SessionId, expect: "live", set: { n: "0" } })).toMatchObject({ ok: true });
    }
  });

  it("a snapshot left behind by a killed process is freed when a store is opened", async () => {
    const folder = temporary();
    const root = rootIn(folder);
    storeOn(root);
    const other = await spawn(folder);
    await other.ask("readForever");
    const reader = new RegExp(`^\\s*${other.process.pid}\\s`, "m");
    expect(root.readerList()).toMatch(reader);
    const gone = new Promise((resolve) => other.process.once("exit", resolve));
    other.process.kill("SIGKILL");
    await gone;
    expect(root.readerList()).toMatch(reader);
    storeOn(root);
    expect(root.readerList()).not.toMatch(reader);
  });

  it("the feed tells of another process's commits in order, and replays them after a cursor", async () => {
    const folder = temporary();
    const store = storeOn(rootIn(folder));
    const other = await spawn(folder);
    const events: (StoreEvent | "gap")[] = [];
    undo.push(store.watch((event) => events.push(event)));
    const id = newId();
    await other.ask("commit", { id, expect: "absent", kind: "main/web" });
    await other.ask("commit", { id, expect: "live", set: { a: "1" } });
    await store.commit({ id, expect: "live", set: { b: "1" } });
    await other.ask("commit", { id, expect: "live", ended });
    await other.ask("commit", { id, expect: 4, erase: true });
    await until(() => events.length === 5);
    expect(events.map((event) => event !== "gap" && [event.id, event.version, event.ended])).toEqual([
      [id, 1, false],
      [id, 2, false],
      [id, 3, false],
      [id, 4, true],
      [id, 4, true],
    ]);
    const replayed: (StoreEvent | "gap")[] = [];
    undo.push(store.watch((event) => replayed.push(event), { after: (events[1] as StoreEvent).cursor }));
    await until(() => replayed.length === 3);
    expect(replayed).toEqual(events.slice(2));
  });
});

describe("the log", () => {
  it("a cursor that is older than the log begins with a gap", async () => {
    const store = storeOn(rootIn(temporary()), { feed: 100 });
    const events: StoreEvent[] = [];
    undo.push(store.watch((event) => event !== "gap" && events.push(event)));
    const [id] = (await created(store, 1)) as [SessionId];
    // A wake is written to its place at once, so that nothing keeps the log from being cut.
    for (let i = 1; i <= 400; i++) await store.commit({ id, expect: i, wake: i });
    await until(() => events.length === 401);
    const replayed: (StoreEvent | "gap")[] = [];
    undo.push(store.watch((event) => replayed.push(event), { after: (events[0] as StoreEvent).cursor }));
    await until(() => replayed.at(-1) !== "gap" && (replayed.at(-1) as StoreEvent | undefined)?.version === 401);
    expect(replayed[0]).toBe("gap");
    expect(replayed.length).toBeGreaterThan(100);
    expect(replayed.length).toBeLessThan(300);
    expect(replayed.slice(1)).toEqual(events.slice(-replayed.length + 1));
  });

  it("what is not in its place yet is kept in the log, however little the feed keeps", async () => {
    const root = rootIn(temporary());
    const store = storeOn(root, { feed: 10 });
    const [id] = (await created(store, 1)) as [SessionId];
    for (let i = 0; i < 300; i++) await store.commit({ id, expect: "live", set: { [`f${i % 150}`]: String(i) } });
    expect(storeOn(root).load(id)).toEqual(store.load(id));
    expect(Object.keys(store.load(id)?.fields ?? {})).toHaveLength(150);
  });

  it("10,000 merges of one session and one each of 2,500 are there for a store opened afterwards, folded or not", async () => {
    const root = rootIn(temporary());
    const store = storeOn(root, { live: 10 });
    const beside = storeOn(root, { live: 10 });
    const ids = await created(store, 2500, { set: { keep: "1", drop: "1" } });
    const [hot] = ids as [SessionId];
    await Promise.all(ids.map((id, i) => store.commit({ id, expect: "live", set: { mine: String(i) }, unset: ["drop"] })));
    for (let i = 0; i < 100; i++) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => store.commit({ id: hot, expect: "live", set: { [`f${j}`]: String(i) } })));
      if (i % 20 === 0) expect(beside.load(hot)?.fields["f99"]).toBe(String(i));
    }
    for (const reader of [store, beside, storeOn(root)]) {
      expect(ids.map((id) => reader.load(id)?.fields["mine"])).toEqual(ids.map((_, i) => String(i)));
      expect(ids.some((id) => reader.load(id)?.fields["drop"] !== undefined)).toBe(false);
      const { version, fields } = reader.load(hot) ?? expect.fail();
      expect([version, fields["keep"], fields["f0"], fields["f99"]]).toEqual([10_002, "1", "99", "99"]);
    }
    const { last, folded } = readHead(root.openDB({ name: "sojourn.log", encoding: "binary", keyEncoder: numberKeys } as { name: string }));
    expect(last - folded).toBeLessThan(9000);
    // Folded: the records in their places say it without the log.
    const records = root.openDB({ name: "sojourn.records", encoding: "binary", keyEncoding: "binary" });
    const place = (id: SessionId): string => (records.get(Buffer.from(id)) as Buffer).toString("latin1");
    expect(place(ids[1] as SessionId)).toContain("mine");
    expect(place(hot)).toContain("f99");
  });

  it("a record that cannot be read fails its own change and its own load, not its neighbours'", async () => {
    const root = rootIn(temporary());
    const writing = storeOn(root);
    const [broken, sound] = (await created(writing, 2)) as [SessionId, SessionId];
    const records = root.openDB({ name: "sojourn.records", encoding: "binary", keyEncoding: "binary" });
    await records.put(Buffer.from(broken), Buffer.from("not a record"));
    const store = storeOn(root);
    const both = await Promise.allSettled([broken, sound].map((id) => store.commit({ id, expect: "live", set: { a: "1" } })));
    expect(both).toMatchObject([
      { status: "rejected", reason: { code: "record_unreadable" } },
      { status: "fulfilled", value: { ok: true, version: 2 } },
    ]);
    expect(() => store.load(broken)).toThrow(expect.objectContaining({ code: "record_unreadable" }));
    expect(store.load(sound)?.fields).toEqual({ a: "1" });
  });

  it("a layout of a newer release is refused by name", () => {
    const root = rootIn(temporary());
    storeOn(root);
    root.openDB({ name: "sojourn.log", encoding: "binary", keyEncoder: numberKeys } as { name: string }).putSync(layoutKey, Buffer.from([9]));
    expect(() => lmdbStore(root)).toThrow(expect.objectContaining({ code: "invalid_option", message: containing("layout 9") }));
  });
});

describe("answers", () => {
  it("relaxed: a merge is acknowledged and read before its transaction; other changes wait", async () => {
    const root = rootIn(temporary());
    const store = storeOn(root, { durability: "relaxed" });
    const other = storeOn(root);
    const [id] = (await created(store, 1)) as [SessionId];
    expect(store.commit({ id, expect: "live", set: { a: "1" } })).toMatchObject({ ok: true, version: 2, record: { fields: { a: "1" } } });
    expect(store.load(id)).toMatchObject({ version: 2, fields: { a: "1" } });
    expect(store.load(id)).toBe(store.load(id));
    expect(other.load(id)).toMatchObject({ version: 1, fields: {} });
    expect(store.commit({ id, expect: 2, set: { b: "1" } })).toBeInstanceOf(Promise);
    const end = store.commit({ id, expect: "live", ended });
    expect(store.commit({ id, expect: "live", set: { late: "1" } })).toBeInstanceOf(Promise);
    expect(await end).toMatchObject({ ok: true, version: 4 });
    expect(other.load(id)).toMatchObject({ version: 4, ended, fields: { a: "1", b: "1" } });
    expect(store.load(id)).toEqual(other.load(id));
  });

  it("relaxed: close waits for what was acknowledged", async () => {
    const root = rootIn(temporary());
    const store = lmdbStore(root, { durability: "relaxed" });
    const [id] = (await created(store, 1)) as [SessionId];
    for (let i = 0; i < 50; i++) await store.commit({ id, expect: "live", set: { n: String(i) } });
    await store.close();
    expect(storeOn(root).load(id)).toMatchObject({ version: 51, fields: { n: "49" } });
  });

  it("a deadline that passes while the transaction is committed is outcome_unknown, and the change may be there", async () => {
    const root = rootIn(temporary());
    const news: { hold?: Promise<void> } = {};
    // The real root; only the news of a commit comes late.
    const slow = new Proxy(root, {
      get(target, name) {
        if (name === "childTransaction") return async (action: () => unknown) => [await target.childTransaction(action), await news.hold][0];
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
    });
    const store = storeOn(slow);
    const [id] = (await created(store, 1)) as [SessionId];
    let release = (): void => undefined;
    news.hold = new Promise((resolve) => (release = resolve));
    await expect(store.commit({ id, expect: "live", set: { a: "1" } }, { deadline: Date.now() + 50 })).rejects.toMatchObject({ code: "outcome_unknown" });
    expect(store.load(id)?.fields).toEqual({ a: "1" });
    release();
    await expect(store.commit({ id, expect: "live", set: { a: "2" } }, { deadline: Date.now() - 1 })).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.commit({ id, expect: 2, set: { a: "3" } })).toMatchObject({ ok: true, version: 3 });
  });

  it("flushed: a commit is acknowledged only when the disk has it, and a deadline that passes meanwhile is outcome_unknown", async () => {
    const root = rootIn(temporary());
    const disk: { sync?: Promise<void> } = {};
    // The real root; only the news of the flush comes late.
    const slow = new Proxy(root, {
      get(target, name) {
        if (name === "flushed") return target.flushed.then(() => disk.sync);
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
    });
    const store = storeOn(slow, { durability: "flushed" });
    const [id] = (await created(store, 1)) as [SessionId];
    let release = (): void => undefined;
    disk.sync = new Promise((resolve) => (release = resolve));
    const patient = Promise.resolve(store.commit({ id, expect: "live", set: { a: "1" } }));
    await expect(store.commit({ id, expect: "live", set: { b: "1" } }, { deadline: Date.now() + 50 })).rejects.toMatchObject({ code: "outcome_unknown" });
    expect(store.load(id)?.fields).toEqual({ a: "1", b: "1" });
    let acknowledged = false;
    void patient.then(() => (acknowledged = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(acknowledged).toBe(false);
    release();
    expect(await patient).toMatchObject({ ok: true, version: 2 });
  });

  it("a transaction that LMDB refuses is store_unavailable, and the store goes on", async () => {
    const root = rootIn(temporary());
    let fail = false;
    const failing = new Proxy(root, {
      get(target, name) {
        if (name === "childTransaction") {
          return (action: () => unknown) =>
            target.childTransaction(() => {
              const result = action();
              if (fail) throw new Error("MDB_MAP_FULL");
              return result;
            });
        }
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
    });
    const store = storeOn(failing);
    const [id] = (await created(store, 1)) as [SessionId];
    fail = true;
    await expect(store.commit({ id, expect: "live", set: { a: "1" } })).rejects.toMatchObject({
      code: "store_unavailable",
      cause: { message: "MDB_MAP_FULL" },
    });
    await expect(store.commit({ id: newId(), expect: "absent", kind: "main/web" })).rejects.toMatchObject({ code: "store_unavailable" });
    fail = false;
    expect(store.load(id)).toMatchObject({ version: 1 });
    expect(store.count({ kind: "main/web" })).toBe(1);
    expect(await store.commit({ id, expect: 1, set: { a: "2" } })).toMatchObject({ ok: true, version: 2 });
    expect(storeOn(root).load(id)).toMatchObject({ version: 2, fields: { a: "2" } });
  });

  it("after close every call says so, and the root is open", async () => {
    const root = rootIn(temporary());
    const store = lmdbStore(root);
    const queued = created(store, 1);
    await store.close();
    await queued;
    expect(() => store.load(newId())).toThrow(expect.objectContaining({ code: "store_unavailable" }));
    await expect(store.commit({ id: newId(), expect: "absent", kind: "k" })).rejects.toMatchObject({ code: "store_unavailable" });
    expect(storeOn(root).count({ kind: "main/web" })).toBe(1);
  });

  it("settings that make no sense are refused by name", () => {
    const root = rootIn(temporary());
    for (const [name, options] of Object.entries({ live: { live: 0 }, feed: { feed: 1.5 }, durability: { durability: "always" as "flushed" } })) {
      expect(() => lmdbStore(root, options)).toThrow(expect.objectContaining({ code: "invalid_option", message: containing(name) }));
    }
  });
});

it("two stores on one root that are both watched lose sight of no merge of the other", async () => {
  const root = rootIn(temporary());
  const [a, b, judge] = [storeOn(root), storeOn(root), storeOn(root)];
  for (const store of [a, b]) undo.push(store.watch(() => undefined));
  for (let round = 0; round < 40; round++) {
    const [id] = (await created(a, 1)) as [SessionId];
    const merge = async (store: LmdbStore, mark: string): Promise<void> => {
      for (let n = 0; n < 12; n++) {
        const outcome = await store.commit({ id, expect: "live", set: { [`${mark}${n}`]: "1" } });
        // What a commit answers and what a load gives is whole, whoever wrote it.
        const seen = store.load(id);
        expect(Object.keys(seen?.fields ?? {}).length).toBe((seen?.version ?? 0) - 1);
        if (outcome.ok && outcome.record !== undefined) expect(Object.keys(outcome.record.fields).length).toBe(outcome.version - 1);
        if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([merge(a, "a"), merge(b, "b"), merge(a, "c"), merge(b, "d")]);
    expect([a, b, judge].map((store) => Object.keys(store.load(id)?.fields ?? {}).length)).toEqual([48, 48, 48]);
  }
});
