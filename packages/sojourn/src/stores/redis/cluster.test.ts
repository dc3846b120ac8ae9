import { setTimeout as sleep } from "node:timers/promises";
import { missingRedis, startRedisCluster, type RedisCluster, type RedisServer } from "@sojourn/peers/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cursor, SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { connections } from "./clients.fixture.ts";
import { keysFor, type ShardKeys } from "./keys.ts";
import { redisStore } from "./redis.ts";
import { crc16 } from "./tags.ts";

const reason = missingRedis();

describe.skipIf(reason !== undefined)(`a Cluster that changes${reason === undefined ? "" : `: ${reason}`}`, () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ primaries: 3, replicas: 0 });
  }, 60_000);
  afterAll(() => cluster.stop());

  /** Begins to move the slot of a key to another primary. */
  async function halfMoved(key: string): Promise<{
    readonly source: RedisServer;
    readonly slot: string;
    /** Id of the target. */
    readonly to: string;
    /** All primaries, the target first. */
    readonly others: readonly RedisServer[];
    move(...moved: readonly string[]): Promise<string>;
  }> {
    const slot = String(crc16(/\{(.*)\}/.exec(key)?.[1] as string) % 16_384);
    const primaries = await cluster.primaries();
    const lists = await Promise.all(primaries.map((node) => node.ask("CLUSTER", "GETKEYSINSLOT", slot, "100")));
    const source = primaries[lists.findIndex((list) => list !== "")] as RedisServer;
    const target = primaries.find((node) => node !== source) as RedisServer;
    const [from, to] = await Promise.all([source.ask("CLUSTER", "MYID"), target.ask("CLUSTER", "MYID")]);
    await target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", from);
    await source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to);
    return {
      source,
      slot,
      to,
      others: [target, ...primaries.filter((one) => one !== target)],
      move: (...moved) => source.ask("MIGRATE", "127.0.0.1", String(target.port), "", "0", "5000", "KEYS", ...moved),
    };
  }

  // What is asked where it was, and where it will be: neither node has all of a shard then.
  it.each([
    ["what is due is there, the buckets are not yet", "due"],
    ["a bucket is there, what is due is not yet", "index"],
    ["nothing is there yet", ""],
  ] as const)("in the middle of a slot's move listings miss nothing: %s", async (_, first) => {
    const { client, close } = await connections["node-redis Cluster"](cluster.urls);
    const prefix = `listed${first}`;
    const store = redisStore(client, { prefix, shards: 1, buckets: 2 });
    const ids = Array.from({ length: 12 }, newId);
    for (const id of ids) await store.commit({ id, expect: "absent", kind: "main:web", wake: 5 });
    const keys = keysFor(prefix, { shards: 1, buckets: 2 });
    const [shard] = keys.shards as [ShardKeys];
    const { source, slot, to, others, move } = await halfMoved(shard.due);
    if (first !== "") await move(...(first === "due" ? [shard.due] : [`${shard.index}0`]));
    let done = false;
    const listings = Promise.all([
      store.find({ kind: "main:web" }),
      store.find({ wakeBefore: 10 }),
      store.find({ kind: "main:web" }, { after: `0.0:${ids[0] ?? ""}` as Cursor }),
    ]).finally(() => (done = true));
    await sleep(200);
    // Where all that is there is asked together, it answers; else it waits.
    expect(done).toBe(first === "");
    await move(...(await source.ask("CLUSTER", "GETKEYSINSLOT", slot, "100")).split("\n"));
    for (const node of others) await node.ask("CLUSTER", "SETSLOT", slot, "NODE", to);
    const [kind, due] = await listings;
    for (const { records } of [kind, due, await store.find({ wakeBefore: 5 })]) expect(records.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(await store.scrub()).toMatchObject({ records: 12, missing: 0, dead: 0, miscounted: 0 });
    await store.close();
    close();
  });

  it.each(["node-redis Cluster", "ioredis Cluster"] as const)(
    "%s: in the middle of a slot's move fields are merged, and what needs all keys of the shard waits",
    async (name) => {
      const { client, close } = await connections[name](cluster.urls);
      const prefix = `half-${name.replace(" ", "-")}`;
      const store = redisStore(client, { prefix, shards: 16 });
      const id = newId();
      const keys = keysFor(prefix, { shards: 16, buckets: 64 }).of(id);
      expect(await store.commit({ id, expect: "absent", kind: "main:web", wake: 5 })).toMatchObject({ ok: true });
      const { source, slot, to, others, move } = await halfMoved(keys.session);
      await move(keys.session + id);
      expect(await store.commit({ id, expect: "live", set: { a: "1" } })).toEqual({ ok: true, version: 2 });
      expect(await store.load(id)).toMatchObject({ version: 2, fields: { a: "1" } });
      let done = false;
      const end = store.commit({ id, expect: "live", wake: 1, set: { b: "1" } }).finally(() => (done = true));
      await sleep(200);
      expect(done).toBe(false);
      await move(...(await source.ask("CLUSTER", "GETKEYSINSLOT", slot, "100")).split("\n"));
      for (const node of others) await node.ask("CLUSTER", "SETSLOT", slot, "NODE", to);
      expect(await end).toEqual({ ok: true, version: 3 });
      expect((await store.find({ wakeBefore: 1 })).records).toMatchObject([{ id, version: 3, wake: 1 }]);
      expect(await store.scrub()).toMatchObject({ records: 1, missing: 0, dead: 0, miscounted: 0 });
      await store.close();
      close();
    },
  );

  it.each(["node-redis Cluster", "ioredis Cluster"] as const)(
    "%s: slots move under load, and no acknowledged write is lost",
    { timeout: 60_000 },
    async (name) => {
      const { client, close } = await connections[name](cluster.urls);
      const store = redisStore(client, { prefix: name.replace(" ", "-"), feed: true });
      const told = new Map<SessionId, number[]>();
      let gaps = 0;
      const stop = await store.watch?.((event) => {
        if (event === "gap") gaps++;
        else told.set(event.id, [...(told.get(event.id) ?? []), event.version]);
      });
      const ids = Array.from({ length: 64 }, newId);
      for (const id of ids) expect(await store.commit({ id, expect: "absent", kind: "main:web", wake: 1, set: { n: "0" } })).toMatchObject({ ok: true });
      let over = false;
      let writes = 0;
      const unknown: unknown[] = [];
      const writers = ids.map(async (id, i) => {
        let n = 0;
        while (!over) {
          const change = n % 4 === 3 ? { claim: [`${name}${i}-${n % 8}`], release: [`${name}${i}-${(n + 4) % 8}`] } : {};
          const outcome = await store.commit({ id, expect: "live", ...change, set: { n: String(n + 1) } }).catch((error: unknown) => error as { code: string });
          if ("ok" in outcome) {
            expect(outcome).toMatchObject({ ok: true, version: n + 2 });
            n++;
            writes++;
          } else {
            unknown.push(outcome);
            return;
          }
          await sleep(2);
        }
        return { id, n };
      });
      const [one, two] = (await cluster.primaries()) as [RedisServer, RedisServer];
      await cluster.reshard(one, two, 300);
      await cluster.reshard(two, one, 300);
      over = true;
      const last = await Promise.all(writers);
      expect(unknown).toEqual([]);
      for (const written of last)
        expect(await store.load(written?.id as SessionId)).toMatchObject({ version: (written?.n as number) + 1, fields: { n: String(written?.n) } });
      expect((await store.find({ wakeBefore: 1 })).records).toHaveLength(64);
      expect(await store.count({ kind: "main:web" })).toBe(64);
      expect(await store.scrub()).toMatchObject({ records: 64, missing: 0, miscounted: 0, conflicts: [], unreadable: [] });
      for (const { id, n } of last as { id: SessionId; n: number }[]) {
        for (let i = 0; i < 1000 && told.get(id)?.at(-1) !== n + 1; i++) await sleep(10);
        expect(told.get(id)).toEqual(Array.from({ length: n + 1 }, (_, i) => i + 1));
      }
      expect(gaps).toBe(0);
      process.stdout.write(`${name}: ${writes} writes while 600 slots moved\n`);
      stop?.();
      await store.close();
      close();
    },
  );
});
