import * as fc from "fast-check";
import { missingRedis, startRedis, type RedisServer } from "@sojourn/peers/redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Cursor, Page, SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { connections, type Connected } from "./clients.fixture.ts";
import { entryOf, keysFor, type Keys, type Layout } from "./keys.ts";
import { redisStore, type RedisClient, type RedisStore } from "./redis.ts";

const reason = missingRedis();

describe.skipIf(reason !== undefined)(`the index in buckets${reason === undefined ? "" : `: ${reason}`}`, () => {
  let server: RedisServer;
  let connected: Connected;
  let ask: RedisServer["ask"];
  let scripts = 0;
  let prefixes = 0;
  const stores: RedisStore[] = [];
  beforeAll(async () => {
    server = await startRedis();
    ask = server.ask;
    connected = await connections["node-redis"]([server.url]);
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(async () => {
    connected.close();
    await server.stop();
  });

  function opened(layout: Layout): { readonly store: RedisStore; readonly keys: Keys } {
    const client: RedisClient = {
      ...connected.client,
      command(key, args, deadline) {
        scripts++;
        return connected.client.command(key, args, deadline);
      },
    };
    const prefix = `i${++prefixes}`;
    const store = redisStore(client, { prefix, ...layout });
    stores.push(store);
    return { store, keys: keysFor(prefix, layout) };
  }

  const begun = (store: RedisStore, ids: readonly SessionId[], more: (i: number) => object = () => ({})): Promise<unknown> =>
    Promise.all(ids.map(async (id, i) => expect(await store.commit({ id, expect: "absent", kind: "main:web", ...more(i) })).toEqual({ ok: true, version: 1 })));

  async function listed(store: RedisStore, kind: string, page: Page): Promise<SessionId[]> {
    const ids: SessionId[] = [];
    for (let next: Cursor | undefined, first = true; first || next !== undefined; first = false) {
      const found = await store.find({ kind }, { ...page, ...(next !== undefined && { after: next }) });
      expect(found.records.length).toBeLessThanOrEqual(page.limit ?? 100);
      ids.push(...found.records.map(({ id }) => id));
      next = found.next;
    }
    return ids;
  }

  /** Number of text in a sorted set, `undefined` where it is not there. */
  const scoreOf = async (key: string, member: string): Promise<number | undefined> => {
    const score = await ask("ZSCORE", key, member);
    return score === "" ? undefined : Number(score);
  };

  it("a session has one entry: by its wake, or at the end of its bucket; it is gone with its record", async () => {
    const { store, keys } = opened({ shards: 2, buckets: 3 });
    const id = newId();
    const bucket = keys.of(id).index + keys.bucket(id);
    const entries = async (): Promise<string> => ask("ZRANGE", bucket, "0", "-1", "WITHSCORES");
    const entry = entryOf("main:web", id);
    await begun(store, [id]);
    expect(await entries()).toBe(`${entry}\ninf`);
    await store.commit({ id, expect: "live", wake: 1_700_000_000_000.25 });
    expect(await entries()).toBe(`${entry}\n1700000000000.25`);
    await store.commit({ id, expect: "live", wake: 1_800_000_000_000 });
    expect(await entries()).toBe(`${entry}\n1700000000000.25`);
    await store.commit({ id, expect: 3, wake: 1_800_000_000_000 });
    expect(await entries()).toBe(`${entry}\n1800000000000`);
    await store.commit({ id, expect: 4, wake: null, ended: "{}" });
    expect(await entries()).toBe(`${entry}\ninf`);
    await store.commit({ id, expect: 5, wake: -5 });
    expect(await entries()).toBe(`${entry}\n-5`);
    await store.commit({ id, expect: 6, erase: true });
    expect(await entries()).toBe("");
    expect(await store.find({ wakeBefore: Infinity })).toEqual({ records: [] });
  });

  it("no bucket is ever due after a wake in it, and whoever looks puts right what it reads", async () => {
    const { store, keys } = opened({ shards: 2, buckets: 3 });
    const wakes = new Map<SessionId, number | undefined>();
    const known = Array.from({ length: 24 }, newId);
    const step = fc.record({
      id: fc.constantFrom(...known),
      wake: fc.option(fc.integer({ min: 0, max: 20 })),
      way: fc.constantFrom("live", "exact", "erase", "find"),
    });
    async function judge(before: number): Promise<void> {
      const due = [...wakes].filter(([, wake]) => wake !== undefined && wake <= before).map(([id]) => id);
      const { records } = await store.find({ wakeBefore: before });
      expect(records.map(({ id }) => id).toSorted()).toEqual(due.toSorted());
      expect(records.map(({ wake }) => wake)).toEqual(records.map(({ wake }) => wake as number).toSorted((x, y) => x - y));
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
        for (const { id, wake, way } of steps) {
          const record = await store.load(id);
          if (way === "find") await judge(wake ?? Infinity);
          else if (record === undefined) {
            await store.commit({ id, expect: "absent", kind: "main:web", ...(wake !== null && { wake }) });
            wakes.set(id, wake ?? undefined);
          } else if (way === "erase") {
            await store.commit({ id, expect: record.version, erase: true });
            wakes.delete(id);
          } else if (way === "exact") {
            await store.commit({ id, expect: record.version, wake });
            wakes.set(id, wake ?? undefined);
          } else if (wake !== null) {
            await store.commit({ id, expect: "live", wake });
            wakes.set(id, Math.min(wakes.get(id) ?? Infinity, wake));
          }
          for (const [of, moment] of wakes) {
            if (moment !== undefined) expect(await scoreOf(keys.of(of).due, String(keys.bucket(of)))).toBeLessThanOrEqual(moment);
          }
        }
        await judge(Infinity);
        // It has read all buckets: each is due when its earliest wake is.
        for (const { index, due } of keys.shards) {
          for (let bucket = 0; bucket < 3; bucket++) {
            const [, first] = (await ask("ZRANGE", index + bucket, "0", "0", "WITHSCORES")).split("\n");
            expect(await scoreOf(due, String(bucket))).toBe(first === undefined || first === "inf" ? undefined : Number(first));
          }
        }
      }),
      { numRuns: 8 },
    );
  });

  it.each([
    { shards: 1, buckets: 1 },
    { shards: 3, buckets: 7 },
    { shards: 1, buckets: 600 },
  ])("of many that are due the earliest come, in %j, whatever the limit", async (layout) => {
    const { store, keys } = opened(layout);
    const ids = Array.from({ length: 1500 }, newId);
    const wakes = ids.map((_, i) => (i % 5 === 0 ? 500 : (i * 7919) % 1499));
    await begun(store, ids, (i) => ({ wake: wakes[i] }));
    const sorted = wakes.toSorted((x, y) => x - y);
    for (const limit of [1, 2, 99, 100, 700, 2000]) {
      for (const before of [-1, 0, 499, 500, 1e15, Infinity]) {
        const { records } = await store.find({ wakeBefore: before }, { limit, only: [] });
        expect(records.map(({ wake }) => wake)).toEqual(sorted.filter((wake) => wake <= before).slice(0, limit));
        expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
      }
    }
    // Swept until nothing is due: then nothing says so.
    for (let swept = 0; swept < 1500;) {
      const { records } = await store.find({ wakeBefore: 2000 }, { limit: 250, only: [] });
      swept += records.length;
      expect(records.length).toBeGreaterThan(0);
      await Promise.all(records.map(({ id, version }, i) => store.commit({ id, expect: version, ...(i % 2 === 0 ? { erase: true } : { wake: null }) })));
    }
    expect(await store.find({ wakeBefore: 1e15 })).toEqual({ records: [] });
    for (const { due } of keys.shards) expect(await ask("ZCARD", due)).toBe("0");
  });

  it("of many that are due at one moment no more buckets are read than a page needs", async () => {
    const { store } = opened({ shards: 8, buckets: 256 });
    const ids = Array.from({ length: 2_000 }, newId);
    await begun(store, ids, () => ({ wake: 500 }));
    const left = new Set(ids);
    await ask("CONFIG", "RESETSTAT");
    for (let page = 0; page < 10; page++) {
      const { records } = await store.find({ wakeBefore: 1_000 }, { limit: 16, only: [] });
      expect(records).toHaveLength(16);
      for (const { id, version } of records) {
        expect(left.delete(id)).toBe(true);
        await store.commit({ id, expect: version, erase: true });
      }
    }
    const read = Number(/cmdstat_zrangebyscore:calls=(\d+)/.exec(await ask("INFO", "commandstats"))?.[1]);
    // Of each of ten pages: some buckets of the first shard, and of every shard those that may be due.
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10 * 100);
  });

  it("what is due is found in a full memory, and what says so is put right", async () => {
    const { store, keys } = opened({ shards: 1, buckets: 1 });
    const id = newId();
    await begun(store, [id], () => ({ wake: 5 }));
    expect(await store.commit({ id, expect: 1, wake: 50 })).toMatchObject({ ok: true });
    const { due } = keys.of(id);
    expect(await ask("ZRANGE", due, "0", "-1", "WITHSCORES")).toBe("0\n5");
    await ask("CONFIG", "SET", "maxmemory", "1mb");
    try {
      expect(await store.commit({ id, expect: 2, wake: 51 })).toEqual({ ok: false, why: "full", of: "store" });
      expect(await store.find({ wakeBefore: 10 })).toEqual({ records: [] });
      expect(await ask("ZRANGE", due, "0", "-1", "WITHSCORES")).toBe("0\n50");
      expect((await store.find({ wakeBefore: 50 })).records).toMatchObject([{ id, wake: 50 }]);
    } finally {
      await ask("CONFIG", "SET", "maxmemory", "0");
    }
  });

  it.each([
    { shards: 1, buckets: 1 },
    { shards: 3, buckets: 5 },
    { shards: 2, buckets: 300 },
  ])("a kind is listed bucket by bucket in %j: every session once, whatever the page, and no other kind's", async (layout) => {
    const { store, keys } = opened(layout);
    const alike = [
      "z",
      "1",
      "12345",
      "zzzzzzz",
      "zzzzzzzz",
      "zzzzzzzzz",
      "a-checkpoint-of-one",
      "b-checkpoint-of-one",
      "ab-checkpoint-of-one",
      "長-checkpoint-of-one",
    ] as SessionId[];
    const ids = [...alike, ...Array.from({ length: 300 }, newId)];
    await begun(store, ids, (i) => (i % 3 === 0 ? { wake: i } : {}));
    const others = Array.from({ length: 60 }, newId);
    await begun(store, others, (i) => ({ kind: ["main:we", "main:web2", "main:web\0", "#main:web"][i % 4] }));
    for (const limit of [1, 7, 64, 310, 1000]) expect((await listed(store, "main:web", { limit, only: [] })).toSorted()).toEqual(ids.toSorted());
    expect(await listed(store, "main:we", { limit: 4 })).toHaveLength(15);
    expect(await listed(store, "main:web\0", { limit: 4 })).toHaveLength(15);
    // As its page says: by shard, and by bucket.
    const order = (await listed(store, "main:web", { only: [] })).map((id) => keys.shards.indexOf(keys.of(id)) * layout.buckets + keys.bucket(id));
    expect(order).toEqual(order.toSorted((x, y) => x - y));
    // Where the session on which a page ended is gone, the next begins behind its place.
    const first = await store.find({ kind: "main:web" }, { limit: 150 });
    const last = first.records.at(-1) as { id: SessionId };
    await store.commit({ id: last.id, expect: "live", erase: true });
    const rest: SessionId[] = [];
    for (let after = first.next; after !== undefined;) {
      const page = await store.find({ kind: "main:web" }, { limit: 20, after });
      rest.push(...page.records.map(({ id }) => id));
      after = page.next;
    }
    expect([...first.records.map(({ id }) => id), ...rest].toSorted()).toEqual(ids.toSorted());
  });

  it("a listing looks at some thousand entries in a step, goes on where it stopped, and asks nothing of buckets that are empty", async () => {
    const { store, keys } = opened({ shards: 4, buckets: 8 });
    const ids = Array.from({ length: 40 }, newId);
    await begun(store, ids, () => ({ kind: "main:rare" }));
    // Entries of others, 1,500 in each bucket: more than one step looks at, in most of the shards.
    for (const { index } of keys.shards.slice(0, 3)) {
      for (let bucket = 0; bucket < 8; bucket++) {
        const many = Array.from({ length: 1500 }, (_, i) => ["0", entryOf("main:web", `other${i}`)]).flat();
        await connected.client.command(index, ["ZADD", index + bucket, ...many]);
      }
    }
    scripts = 0;
    expect(await listed(store, "main:nobody", {})).toEqual([]);
    // Four buckets are more than 5,000.
    expect(scripts).toBe((3 * 8) / 4 + 1);
    for (const limit of [1, 3, 100]) expect((await listed(store, "main:rare", { limit })).toSorted()).toEqual(ids.toSorted());
    const empty = opened({ shards: 64, buckets: 1000 });
    await empty.store.count({ kind: "k" });
    scripts = 0;
    expect(await listed(empty.store, "k", {})).toEqual([]);
    expect(scripts).toBe(1);
  });

  it("a cursor of another store is refused", async () => {
    const { store } = opened({ shards: 1, buckets: 1 });
    for (const after of ["x", "1:y", "1.:y", "01jd0c5n2k8m4qx7v3b9r6t1yz"] as Cursor[]) {
      await expect(store.find({ kind: "k" }, { after })).rejects.toMatchObject({ code: "invalid_option" });
    }
  });

  it("an entry that leads to no session is taken away by whoever comes upon it, by kind or by wake", async () => {
    const { store, keys } = opened({ shards: 2, buckets: 2 });
    for (const query of [{ kind: "main:web" }, { wakeBefore: 9 }]) {
      const id = newId();
      await begun(store, [id], () => ({ wake: 5 }));
      await ask("DEL", keys.of(id).session + id);
      expect(await store.find(query)).toEqual({ records: [] });
      const bucket = keys.of(id).index + keys.bucket(id);
      for (let i = 0; i < 100 && (await ask("ZCARD", bucket)) !== "0"; i++) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await ask("ZCARD", bucket)).toBe("0");
    }
  });
});
