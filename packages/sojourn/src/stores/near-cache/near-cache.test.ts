import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { open } from "lmdb";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import type { Change, LaggingStore, Outcome, SessionId, SessionRecord, Store, StoreEvent, WatchableStore } from "../../core/seam.ts";
import { delayed } from "../../testing/delayed.ts";
import { failingStore, type StoreCall } from "../../testing/failing-store.ts";
import { newId } from "../../testing/new-id.ts";
import { playHistory } from "../../testing/store-differential.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { lmdbStore, openLmdb } from "../lmdb/lmdb.ts";
import { memoryStore, type MemoryStore } from "../memory/memory.ts";
import { nearCache, type Invalidations, type NearCache, type NearCacheOptions } from "./near-cache.ts";

const ended = '{"at":1,"reason":"closed"}';
const undo: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const step of undo.splice(0).toReversed()) await step();
});

const folder = mkdtempSync(join(tmpdir(), "sojourn-near-cache-"));
const root = openLmdb(open, folder);
const stores = [lmdbStore(root), lmdbStore(root)] as const;
afterAll(async () => {
  for (const store of stores) await store.close();
  await root.close();
  rmSync(folder, { recursive: true });
});

/** The store with its verbs alone. */
function unwatched(store: Store): Store {
  return {
    load: (id, options) => store.load(id, options),
    commit: (change, options) => store.commit(change, options),
    find: (query, page) => store.find(query, page),
    close: () => store.close(),
  };
}

/** A store whose feed comes some milliseconds after the commit. */
function lateFeed(store: MemoryStore): MemoryStore {
  return { ...store, watch: (tell, options) => store.watch((event) => void setTimeout(tell, 3, event), options) };
}

/** Every load of it is one that must not be stale. */
function fresh<S extends Store>(store: S): S {
  return { ...store, load: (id, options) => store.load(id, { ...options, fresh: true }) };
}

/** Views on one database that acknowledge a commit when all of them have heard of it. */
function heardByAll(views: readonly (Store & WatchableStore)[]): readonly Store[] {
  const heard = views.map(() => new Set<string>());
  const nameOf = (id: SessionId, version: number, erased: boolean): string => `${id} ${version} ${erased}`;
  views.forEach((view, i) => {
    void view.watch((event) => {
      if (event === "gap") return;
      const name = nameOf(event.id, event.version, false);
      heard[i]?.add(heard[i].has(name) ? nameOf(event.id, event.version, true) : name);
    });
  });
  return views.map((view) => ({
    ...view,
    async commit(change, options): Promise<Outcome> {
      const outcome = await view.commit(change, options);
      if (!outcome.ok) return outcome;
      const name = nameOf(change.id, outcome.version, change.erase === true);
      while (!heard.every((names) => names.has(name))) await new Promise((resolve) => setTimeout(resolve, 2));
      return outcome;
    },
  }));
}

describe("the store contract", () => {
  const memory = memoryStore();
  const far = delayed(memoryStore());
  const late = [lateFeed(memoryStore()), lateFeed(memoryStore())] as const;
  const long: NearCacheOptions = { maxAge: "1h" };
  const views: Readonly<Record<string, readonly Store[]>> = {
    "memory, as given": [nearCache(memoryStore(), long)],
    "memory, two caches and a feed": [nearCache(memory, long), nearCache(memory, { ...long, entries: 1 })],
    "memory, delayed, two caches and a feed": [nearCache(far, long), nearCache(far, long)],
    "memory, delayed on the outside": [delayed(nearCache(memoryStore(), long))],
    "memory, without a feed": [nearCache(unwatched(memoryStore()), long)],
    "LMDB, one cache": [nearCache(stores[0], long)],
    "LMDB, one cache, few entries": [nearCache(stores[1], { ...long, entries: 2 })],
    "memory, two caches and a late feed, what must not be stale": [nearCache(late[0], long), nearCache(late[0], long)].map(fresh),
    "memory, two caches and a late feed, once it was heard": heardByAll([nearCache(late[1], long), nearCache(late[1], long)]),
  };
  describe.each(Object.entries(views))("%s", (_, given) => {
    let next = 0;
    keepsTheContract({ open: () => given[next++ % given.length] as Store });
  });
});

test.each(["as given", "delayed", "without records in outcomes"])("random changes become what apply() says, %s", async (how) => {
  const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const inner = memoryStore();
  const bare = {
    ...inner,
    commit(change: Change): Outcome {
      const outcome = inner.commit(change);
      return outcome.ok ? { ok: true, version: outcome.version } : outcome;
    },
  };
  const store = nearCache(how === "delayed" ? delayed(inner) : how === "as given" ? inner : bare, { entries: 3 });
  const histories = fc.array(fc.array(fc.nat(), { minLength: 12, maxLength: 48, size: "max" }), { minLength: 1, maxLength: 50, size: "max" });
  await fc.assert(
    fc.asyncProperty(histories, (history) => playHistory({ open: () => store }, history)),
    { seed, numRuns: how === "delayed" ? 4 : 25, endOnFailure: true },
  );
});

interface Scene {
  readonly memory: MemoryStore;
  readonly near: NearCache<MemoryStore>;
  readonly calls: StoreCall[];
  readonly id: SessionId;
}

/** A near cache around a memory store whose calls are noted. */
function scene(options?: NearCacheOptions, wrap: (store: MemoryStore) => MemoryStore = (store) => store): Scene {
  const memory = memoryStore();
  const calls: StoreCall[] = [];
  const near = nearCache(wrap(failingStore(memory, (call) => void calls.push(call))), options);
  calls.length = 0;
  const id = newId();
  memory.commit({ id, expect: "absent", kind: "main:web", set: { n: "1" } });
  return { memory, near, calls, id };
}
const loads = (calls: readonly StoreCall[]): number => calls.filter(({ verb }) => verb === "load").length;

describe("commands to the engine", () => {
  test("a hit costs none and gives the same object; a miss costs one", async () => {
    const { near, calls, id } = scene();
    const first = await near.load(id);
    for (let i = 0; i < 100; i++) expect(await near.load(id)).toBe(first);
    expect(loads(calls)).toBe(1);
    expect(near.usage()).toEqual({ entries: 1, hits: 100, misses: 1, trusted: true });
  });

  test("all who ask at once share one load, and whoever asks for a fresh one has it", async () => {
    const memory = memoryStore();
    const calls: StoreCall[] = [];
    const near = nearCache(delayed(failingStore(memory, (call) => void calls.push(call))));
    await vi.waitUntil(() => near.usage().trusted);
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    const records = await Promise.all(Array.from({ length: 50 }, () => near.load(id)));
    expect(new Set(records).size).toBe(1);
    expect(loads(calls)).toBe(1);
    await Promise.all([near.load(id, { fresh: true }), near.load(id, { fresh: true }), near.load(id)]);
    expect(loads(calls)).toBe(3);
  });

  test.each([true, false])("a write keeps what it made of the record, which costs no load (record in the outcome: %s)", async (given) => {
    const without = (store: MemoryStore): MemoryStore => ({
      ...store,
      commit(change) {
        const outcome = store.commit(change);
        return outcome.ok ? { ok: true, version: outcome.version } : outcome;
      },
    });
    const { near, memory, calls, id } = scene({}, given ? undefined : without);
    await near.load(id);
    await near.commit({ id, expect: "live", set: { n: "2" }, wake: 7 });
    expect(near.load(id)).toEqual(memory.load(id));
    await near.commit({ id, expect: 2, subject: "s", claim: ["a"], wake: null, epoch: 3 });
    expect(near.load(id)).toEqual(memory.load(id));
    const other = newId();
    await near.commit({ id: other, expect: "absent", kind: "k", set: { a: "1" } });
    expect(near.load(other)).toEqual(memory.load(other));
    expect(loads(calls)).toBe(1);
  });

  test("where only what was loaded is told about, a write's record is not kept", async () => {
    const tells: Parameters<Invalidations["subscribe"]>[0][] = [];
    const { near, calls, id } = scene({ invalidations: { subscribe: (tell) => (tells.push(tell), () => undefined) } });
    await near.load(id);
    await near.commit({ id, expect: "live", set: { n: "2" } });
    expect(near.load(id)).toMatchObject({ version: 2 });
    void near.load(id);
    expect(loads(calls)).toBe(2);
    tells[0]?.(id);
    void near.load(id);
    expect(loads(calls)).toBe(3);
  });

  test("a record that was loaded again and has not changed is the same object", async () => {
    const { near, calls, id, memory } = scene({ maxAge: 20 });
    const copies = { ...memory, load: (wanted: SessionId) => structuredClone(memory.load(wanted)) };
    const beside = nearCache(copies, { maxAge: 20 });
    const first = beside.load(id);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(beside.load(id)).toBe(first);
    await near.load(id);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await near.load(id);
    expect(loads(calls)).toBe(2);
  });

  test("no more records than `entries`, and what is used stays", async () => {
    const { near, memory, calls, id } = scene({ entries: 100 });
    const ids = Array.from({ length: 1_000 }, newId);
    for (const one of ids) memory.commit({ id: one, expect: "absent", kind: "k" });
    void near.load(id);
    for (const one of ids) {
      void near.load(id);
      void near.load(one);
      void near.load(newId());
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(near.usage().entries).toBe(100);
    expect(calls.filter((call) => call.verb === "load" && call.id === id)).toHaveLength(1);
  });
});

describe("what others did", () => {
  test("a refusal shows that the record is old", async () => {
    // Without a feed it has no other way to know.
    const memory = memoryStore();
    const near = nearCache(unwatched(memory), { maxAge: "1h" });
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    expect(near.load(id)).toMatchObject({ version: 1 });
    memory.commit({ id, expect: 1, epoch: 4 });
    expect(near.load(id)).toMatchObject({ version: 1 });
    expect(await near.commit({ id, expect: 1, set: { a: "1" } })).toEqual({ ok: false, why: "stale" });
    expect(near.load(id)).toMatchObject({ version: 2 });
    memory.commit({ id, expect: 2, epoch: 5 });
    expect(await near.commit({ id, expect: "live", fence: 4, set: { a: "1" } })).toEqual({ ok: false, why: "fenced" });
    expect(near.load(id)).toMatchObject({ version: 3 });
    memory.commit({ id, expect: "live", ended });
    expect(await near.commit({ id, expect: "live", set: { a: "1" } })).toEqual({ ok: false, why: "ended" });
    expect(near.load(id)).toMatchObject({ version: 4, ended });
    memory.commit({ id, expect: 4, erase: true });
    expect(await near.commit({ id, expect: "live", set: { a: "1" } })).toEqual({ ok: false, why: "missing" });
    expect(near.load(id)).toBeUndefined();
  });

  test("is missed for `maxAge` at the longest where nobody tells, and never by a fresh load", async () => {
    const { near, memory, id } = ((): { near: Store & LaggingStore; memory: MemoryStore; id: SessionId } => {
      const inner = memoryStore();
      const made = newId();
      inner.commit({ id: made, expect: "absent", kind: "k" });
      return { near: nearCache(unwatched(inner), { maxAge: 100 }), memory: inner, id: made };
    })();
    expect(near.lag).toBe(100);
    for (let round = 0; round < 10; round++) {
      await near.load(id);
      const { version } = (await memory.commit({ id, expect: "live", set: { n: String(round) } })) as { version: number };
      const acknowledged = performance.now();
      if (round === 9) expect(await near.load(id, { fresh: true })).toMatchObject({ version });
      for (;;) {
        const asked = performance.now();
        if ((await near.load(id))?.version === version) break;
        expect(asked - acknowledged).toBeLessThan(100);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  });

  test("whoever hears of a change by its feed and then loads sees it, in whatever order the feeds are told", async () => {
    const memory = memoryStore();
    const watchers: ((event: StoreEvent | "gap") => void)[] = [];
    const held = { ...memory, watch: (tell: (event: StoreEvent | "gap") => void) => (watchers.push(tell), () => undefined) };
    const near = nearCache(held, { maxAge: "1h" });
    const seen: (SessionRecord | undefined)[] = [];
    near.watch((event) => event !== "gap" && seen.push(near.load(event.id) as SessionRecord | undefined));
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    void near.load(id);
    memory.commit({ id, expect: "live", ended });
    const [, second] = watchers;
    second?.({ cursor: "1" as StoreEvent["cursor"], id, version: 2, ended: true });
    expect(seen).toMatchObject([{ version: 2, ended }]);
  });
});

describe("an acknowledgement that comes late", () => {
  /** A store whose outcomes are given when the test says so, in any order; one of them without the record. */
  function slow(): { memory: MemoryStore; near: NearCache<Store>; tell: (event: StoreEvent | "gap") => void; answers: (() => Promise<void>)[] } {
    const memory = memoryStore();
    const answers: (() => Promise<void>)[] = [];
    let tell: (event: StoreEvent | "gap") => void = () => undefined;
    const near = nearCache<Store & WatchableStore>(
      {
        ...memory,
        commit(change): Promise<Outcome> {
          const { record, ...rest } = memory.commit(change) as Outcome & { record?: SessionRecord };
          const outcome: Outcome = record?.fields["n"] === "3" ? rest : { ...rest, ...(record && { record }) };
          return new Promise((resolve) => {
            answers.push(async () => {
              resolve(outcome);
              await new Promise((turn) => setImmediate(turn));
            });
          });
        },
        watch: (told) => ((tell = told), () => undefined),
      },
      { maxAge: "1h" },
    );
    return { memory, near, tell: (event) => tell(event), answers };
  }

  test("puts nothing back that a later commit of this process has replaced", async () => {
    const { memory, near, answers } = slow();
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    await near.load(id);
    void near.commit({ id, expect: "live", set: { n: "2" } });
    void near.commit({ id, expect: "live", set: { n: "3" } });
    await answers[1]?.();
    await answers[0]?.();
    expect(await near.load(id)).toMatchObject({ version: 3 });
  });

  test("puts nothing back of a session that was erased and made again", async () => {
    const { memory, near, answers } = slow();
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    await near.load(id);
    void near.commit({ id, expect: "live", set: { n: "2" } });
    void near.commit({ id, expect: 2, erase: true });
    void near.commit({ id, expect: "absent", kind: "k" });
    await answers[1]?.();
    await answers[2]?.();
    await answers[0]?.();
    expect(await near.load(id)).toMatchObject({ version: 1 });
  });

  test("is not kept when news were missed meanwhile", async () => {
    const { memory, near, answers, tell } = slow();
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    await near.load(id);
    void near.commit({ id, expect: "live", set: { n: "2" } });
    memory.commit({ id, expect: "live", ended });
    tell("gap");
    await answers[0]?.();
    expect(await near.load(id)).toMatchObject({ version: 3, ended });
  });
});

describe("the feed", () => {
  /** A feed in the test's hands. */
  function held(memory: MemoryStore): { store: MemoryStore; tell: (event: StoreEvent | "gap") => void; fail: (how: boolean) => void; begun: () => number } {
    let told: ((event: StoreEvent | "gap") => void) | undefined;
    let failing = false;
    let begun = 0;
    memory.watch((event) => told?.(event));
    return {
      store: {
        ...memory,
        watch(tell) {
          begun++;
          if (failing) throw new Error("the feed cannot be had");
          told = tell;
          return () => (told = undefined);
        },
      },
      tell: (event) => told?.(event),
      fail: (how) => (failing = how),
      begun: () => begun,
    };
  }

  test("after a gap nothing of before is served, nor what was on its way; what is loaded from then on is", async () => {
    const memory = memoryStore();
    const feed = held(memory);
    const waiting: (() => void)[] = [];
    let slow = false;
    const near = nearCache(
      {
        ...feed.store,
        load(id: SessionId) {
          const record = memory.load(id);
          return slow ? new Promise<SessionRecord | undefined>((resolve) => waiting.push(() => resolve(record))) : record;
        },
      },
      { maxAge: "1h" },
    );
    const [id, other] = [newId(), newId()];
    for (const made of [id, other]) memory.commit({ id: made, expect: "absent", kind: "k" });
    void near.load(id);
    slow = true;
    const late = near.load(other);
    feed.tell("gap");
    expect(near.usage().entries).toBe(0);
    waiting.forEach((answer) => answer());
    await late;
    expect(near.usage().entries).toBe(0);
    slow = false;
    const kept = near.load(id);
    expect(near.load(id)).toBe(kept);
    expect(near.usage()).toMatchObject({ entries: 1, hits: 1 });
  });

  test("a load of before a gap whose answer is the newer one: the answer of a later load is given to those who wait for it, and not kept", async () => {
    const memory = memoryStore();
    const feed = held(memory);
    const answers: ((record: SessionRecord | undefined) => void)[] = [];
    const near = nearCache({ ...feed.store, load: () => new Promise<SessionRecord | undefined>((resolve) => answers.push(resolve)) }, { maxAge: "1h" });
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    const [first, second] = [memory.load(id), { ...(memory.load(id) as SessionRecord), version: 2 }];
    const early = near.load(id);
    feed.tell("gap");
    const late = near.load(id);
    answers[0]?.(second);
    expect(await early).toBe(second);
    answers[1]?.(first);
    expect(await late).toBe(first);
    const after = near.load(id);
    expect(answers).toHaveLength(3);
    answers[2]?.(second);
    expect(await after).toBe(second);
  });

  test("while it cannot be had every load goes to the store; it is tried again, and then trusted", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const memory = memoryStore();
    const feed = held(memory);
    feed.fail(true);
    const near = nearCache(feed.store);
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    for (let i = 0; i < 5; i++) void near.load(id);
    expect(near.usage()).toEqual({ entries: 0, hits: 0, misses: 5, trusted: false });
    vi.advanceTimersByTime(60_000);
    expect(feed.begun()).toBeGreaterThan(5);
    expect(feed.begun()).toBeLessThan(20);
    feed.fail(false);
    vi.advanceTimersByTime(10_000);
    expect(near.usage().trusted).toBe(true);
    for (let i = 0; i < 5; i++) void near.load(id);
    expect(near.usage()).toMatchObject({ entries: 1, hits: 4, misses: 6 });
  });

  test("a source that says that it hears nothing is believed, until it says that it does", () => {
    let tell: Parameters<Invalidations["subscribe"]>[0] = () => undefined;
    const stopped = vi.fn();
    const { near, id } = scene({ invalidations: { everySession: true, subscribe: (told) => ((tell = told), stopped) } });
    void near.load(id);
    tell("lost");
    void near.load(id);
    void near.load(id);
    expect(near.usage()).toEqual({ entries: 0, hits: 0, misses: 3, trusted: false });
    tell("gap");
    void near.load(id);
    void near.load(id);
    expect(near.usage()).toMatchObject({ hits: 1, trusted: true });
    void near.close();
    expect(stopped).toHaveBeenCalledOnce();
    tell("gap");
    expect(near.usage()).toMatchObject({ entries: 0, trusted: false });
  });

  test("close gives the feed back, also one that begins late", async () => {
    const memory = memoryStore();
    const stop = vi.fn();
    let begin: ((stop: () => void) => void) | undefined;
    const near = nearCache({ ...memory, watch: () => new Promise<() => void>((resolve) => (begin = resolve)) });
    await near.close();
    begin?.(stop);
    await vi.waitUntil(() => stop.mock.calls.length > 0);
    expect(() => near.load(newId())).toThrow(expect.objectContaining({ code: "store_unavailable" }));
  });
});

describe("an outage", () => {
  test("a load that fails is everybody's who waited for it, and nobody's afterwards", async () => {
    const memory = memoryStore();
    let broken = true;
    const near = nearCache(failingStore(delayed(memory), ({ verb }) => (verb === "load" && broken ? { fault: "after" } : undefined)));
    await vi.waitUntil(() => near.usage().trusted);
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    const answers = await Promise.allSettled([near.load(id), near.load(id)]);
    expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    broken = false;
    expect(await near.load(id)).toMatchObject({ version: 1 });
    broken = true;
    expect(near.load(id)).toMatchObject({ version: 1 });
  });

  test("a load that hangs holds up nobody who comes later", async () => {
    const memory = memoryStore();
    let hangs = true;
    const near = nearCache(failingStore(memory, ({ verb }) => (verb === "load" && hangs ? { fault: "hang" } : undefined)));
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    void near.load(id);
    hangs = false;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(near.load(id)).toMatchObject({ version: 1 });
  });

  test("a write whose answer was lost is read again; one that was certainly not made changes nothing", async () => {
    const memory = memoryStore();
    let fault: "before" | "after" | undefined;
    const near = nearCache(
      failingStore(unwatched(memory), ({ verb }) => (verb === "commit" && fault !== undefined ? { fault } : undefined)),
      { maxAge: "1h" },
    );
    const id = newId();
    memory.commit({ id, expect: "absent", kind: "k" });
    const first = near.load(id);
    fault = "before";
    await expect(async () => near.commit({ id, expect: "live", set: { a: "1" } })).rejects.toMatchObject({ code: "store_unavailable" });
    expect(near.load(id)).toBe(first);
    fault = "after";
    await expect(near.commit({ id, expect: "live", set: { a: "1" } })).rejects.toThrow("The connection broke");
    expect(near.load(id)).toMatchObject({ version: 2 });
  });
});

test("a manager's visits cost no command, a revocation is seen at once by its node, and a wrong token is judged by the store", async () => {
  const memory = memoryStore();
  const calls: StoreCall[] = [];
  const store = nearCache(failingStore(memory, (call) => void calls.push(call)));
  const sessions = createSessions({ store });
  const made = await sessions.create({ subject: "ana", data: { cart: 1 } });
  const token = made.token as string;
  await sessions.resume(token);
  calls.length = 0;
  for (let i = 0; i < 20; i++) expect((await sessions.resume(token))?.get("cart")).toBe(1);
  expect(calls.filter(({ verb }) => verb === "load" || verb === "find")).toEqual([]);
  await sessions.end({ id: made.id as string, subject: "ana" }, "revoked");
  expect(await sessions.resume(token)).toBeUndefined();
});

test("settings that make no sense are refused by name", () => {
  const memory = memoryStore();
  const wrong: Readonly<Record<string, () => unknown>> = {
    entries: () => nearCache(memory, { entries: 0 }),
    maxAge: () => nearCache(memory, { maxAge: "soon" as "1s" }),
    invalidations: () => nearCache(unwatched(memory)),
  };
  for (const [name, make] of Object.entries(wrong))
    expect(make).toThrow(expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(name) as string }));
});

test("it has the powers of the store that it is around, and no others", () => {
  const powers = (store: Store): string[] => ["watch", "count", "now", "scrub", "lag"].filter((power) => power in store);
  expect(powers(nearCache(memoryStore()))).toEqual(["watch", "count", "lag"]);
  expect(powers(nearCache(stores[0]))).toEqual(["watch", "count", "scrub", "lag"]);
  expect(powers(nearCache(unwatched(memoryStore()), { maxAge: 1 }))).toEqual(["lag"]);
});
