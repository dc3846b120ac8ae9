import { missingRedis, startRedis, startRedisCluster, type RedisServer } from "@sojourn/peers/redis";
import fc from "fast-check";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { connections, type Connected } from "./clients.fixture.ts";
import { redisStore, type RedisClient, type RedisStore } from "./redis.ts";
import { shardOf } from "./tags.ts";

const reason = missingRedis();

describe.skipIf(reason !== undefined)(`what each verb sends${reason === undefined ? "" : `: ${reason}`}`, () => {
  let server: RedisServer;
  let connected: Connected;
  let store: RedisStore;
  let closeMonitor = (): void => undefined;
  let id: SessionId;
  /** Every command that the server runs. */
  const seen: string[] = [];
  let answers = 0;
  /** Moments at which something was sent, told apart by the answers that had come: those of one trip are sent together. */
  let trips = new Set<number>();
  beforeAll(async () => {
    server = await startRedis();
    connected = await connections["node-redis"]([server.url]);
    const counting: RedisClient = {
      ...connected.client,
      command(key, args, deadline) {
        trips.add(answers);
        return connected.client.command(key, args, deadline).finally(() => answers++);
      },
    };
    store = redisStore(counting);
    const monitor = createClient({ url: server.url });
    await monitor.connect();
    closeMonitor = () => monitor.destroy();
    await monitor.monitor((line) => void seen.push(line));
    id = newId();
    await store.commit({ id, expect: "absent", kind: "k", wake: 1, set: { a: "1" } });
    // The scripts are known from here on.
    await store.commit({ id, expect: "live", set: { a: "2" }, unset: ["b"] });
    await store.commit({ id, expect: "live", set: { a: "2" }, claim: ["x"], subject: "s" });
    await store.commit({ id, expect: "live", release: ["x"], subject: null });
    await store.commit({ id: newId(), expect: "live", set: { a: "1" } });
    await store.commit({ id, expect: "live", set: { a: "1" } });
    for (const query of [{ kind: "no" }, { wakeBefore: 0 }, { alias: "no" }, { subject: "no" }]) await store.find(query);
    await store.count({ kind: "k" });
    await store.load(id);
    const doomed = newId();
    await store.commit({ id, expect: "live", claim: ["warm"] });
    await store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["warm"] });
    await store.commit({ id: doomed, expect: "absent", kind: "k" });
    await store.commit({ id: doomed, expect: "live", ended: "{}" });
  });
  afterAll(async () => {
    closeMonitor();
    await store.close();
    connected.close();
    await server.stop();
  });

  /** What the server itself saw (MONITOR), without what scripts call, and how many trips one behind the other there were until the answer. */
  async function sent(act: () => Promise<unknown>): Promise<readonly [commands: Record<string, number>, trips: number]> {
    await new Promise((resolve) => setTimeout(resolve, 30));
    seen.length = 0;
    trips = new Set();
    let took = 0;
    await act().then(() => (took = trips.size));
    const marker = newId();
    await server.ask("ECHO", marker);
    while (!seen.some((line) => line.includes(marker))) await new Promise((resolve) => setTimeout(resolve, 5));
    const commands: Record<string, number> = {};
    for (const line of seen) {
      const name = /\[0 (?!lua).*?\] "(\w+)"/.exec(line)?.[1]?.toLowerCase();
      if (name !== undefined && name !== "echo") commands[name] = (commands[name] ?? 0) + 1;
    }
    return [commands, took];
  }

  it("load: one command", async () => expect(await sent(() => store.load(id))).toEqual([{ evalsha: 1 }, 1]));
  it.each([{ set: { a: "3" } }, { unset: ["a"] }, { set: { a: "3" }, wake: 5 }])("merge %j: one", async (change) =>
    expect(await sent(() => store.commit({ id, expect: "live", ...change }))).toEqual([{ evalsha: 1 }, 1]),
  );
  it("compare-and-set: one", async () => {
    const { version } = (await store.load(id)) ?? expect.fail();
    expect(await sent(() => store.commit({ id, expect: version, set: { a: "4" }, epoch: 1, wake: 9 }))).toEqual([{ evalsha: 1 }, 1]);
  });
  it("create without names: one", async () =>
    expect(await sent(() => store.commit({ id: newId(), expect: "absent", kind: "k" }))).toEqual([{ evalsha: 1 }, 1]));
  it("log-in under a limit: two, one behind the other", async () =>
    expect(await sent(() => store.commit({ id, expect: "live", subject: "s", subjectLimit: 3, set: { a: "5" } }))).toEqual([{ evalsha: 2 }, 2]));
  it("claiming two aliases and a subject: four, in two trips", async () =>
    expect(await sent(() => store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["y", "z"], subject: "t" }))).toEqual([{ evalsha: 4 }, 2]));
  it("taken: reserve, ask the holder, look whether the change was lawful; it takes back nothing", async () =>
    expect(await sent(() => store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["y"] }))).toEqual([{ evalsha: 3 }, 3]));
  it("end: one that matters; the places are cleaned behind it", async () => {
    const over = newId();
    await store.commit({ id: over, expect: "absent", kind: "k", claim: ["w"], subject: "s" });
    let awaited = answers;
    const [commands] = await sent(async () => {
      await store.commit({ id: over, expect: "live", ended: "{}" });
      awaited = answers - awaited;
    });
    expect([commands, awaited]).toEqual([{ evalsha: 3 }, 1]);
  });
  it("find by alias: two, one behind the other", async () => expect(await sent(() => store.find({ alias: "y" }))).toEqual([{ evalsha: 2 }, 2]));
  it.each([{ kind: "nobody" }, { wakeBefore: -1 }])("find %j with nothing to find: one for all shards", async (query) =>
    expect(await sent(() => store.find(query))).toEqual([{ evalsha: 1 }, 1]),
  );
  it("count: one for all shards", async () => expect(await sent(() => store.count({ kind: "k" }))).toEqual([{ evalsha: 1 }, 1]));
});

describe.skipIf(reason !== undefined)(`what is never sent late${reason === undefined ? "" : `: ${reason}`}`, () => {
  const engines = {
    "node-redis": () => startRedis(),
    "node-redis Cluster": () => startRedisCluster({ primaries: 3, replicas: 0 }),
  };
  const shards = 4;

  /** No server has so few sessions that its share fits into the buffers on the way to it. */
  function tenOfEachShard(): readonly SessionId[] {
    const ids = Array.from({ length: 400 }, newId);
    return Array.from({ length: shards }, (_, shard) => ids.filter((id) => shardOf(id, shards) === shard).slice(0, 10)).flat();
  }

  it.each(["node-redis", "node-redis Cluster"] as const)(
    "%s: what waits behind a full socket is given up at its deadline, and nothing else is",
    async (name) => {
      const engine = await engines[name]();
      const servers = "nodes" in engine ? engine.nodes : [engine];
      const { client, close } = await connections[name](servers.map(({ url }) => url));
      const store = redisStore(client, { shards });
      try {
        const ids = tenOfEachShard();
        for (const id of ids) expect(await store.commit({ id, expect: "absent", kind: "k" })).toEqual({ ok: true, version: 1 });
        for (const id of ids) expect(await store.commit({ id, expect: "live", set: { a: "1" } })).toEqual({ ok: true, version: 2 });
        for (const server of servers) server.kill("SIGSTOP");
        const patient = { deadline: Date.now() + 60_000 };
        // Ten of them are more than all buffers between here and a server hold: Linux gives a connection up to 4 MB to send from and 33 to receive into.
        const text = "x".repeat(4_000_000);
        const large = Promise.allSettled(ids.map((id) => store.commit({ id, expect: "live", set: { text } }, patient)));
        await new Promise((resolve) => setTimeout(resolve, 50));
        const deadline = Date.now() + 400;
        const given = ids.map((id) =>
          store.commit({ id, expect: "live", set: { late: "1" } }, { deadline }).then(
            (outcome) => ({ outcome, at: Date.now() }),
            (error: unknown) => ({ error, at: Date.now() }),
          ),
        );
        const kept = Promise.allSettled(ids.map((id) => store.commit({ id, expect: "live", set: { kept: "1" } }, patient)));
        const soon = new Promise((resolve) => setTimeout(resolve, 5_000));
        const inTime = await Promise.race([Promise.all(given).then(() => true), soon.then(() => false)]);
        for (const server of servers) server.kill("SIGCONT");
        const told = await Promise.all(given);
        // They were told while the servers stood still.
        expect(inTime).toBe(true);
        for (const { at, ...one } of told) {
          expect(one).toMatchObject({ error: { code: "store_unavailable", message: expect.stringContaining("nothing was written") as unknown } });
          expect(at).toBeGreaterThanOrEqual(deadline - 400 / 16);
        }
        for (const one of [...(await large), ...(await kept)]) expect(one).toMatchObject({ status: "fulfilled", value: { ok: true } });
        for (const id of ids) expect(Object.keys((await store.load(id))?.fields ?? {}).toSorted()).toEqual(["a", "kept", "text"]);
      } finally {
        for (const server of servers) server.kill("SIGCONT");
        await store.close();
        close();
        await engine.stop();
      }
    },
  );
});

describe.skipIf(reason !== undefined)(`what a load gives${reason === undefined ? "" : `: ${reason}`}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it.each(["node-redis", "ioredis"] as const)("%s: every text and every name, whatever is in them", async (name) => {
    const { client, close } = await connections[name]([server.url]);
    const store = redisStore(client, { prefix: name });
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("\0", "0", "2", "\n", '"', "é", "😀", ".") }),
      fc.constant("__proto__"),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(texts, texts, { noNullPrototype: false }), async (fields) => {
        const id = newId();
        expect(await store.commit({ id, expect: "absent", kind: "k", set: fields })).toMatchObject({ ok: true });
        const record = await store.load(id);
        expect(new Map(Object.entries(record?.fields ?? expect.fail()))).toEqual(new Map(Object.entries(fields)));
        expect(Object.getPrototypeOf(record?.fields)).toBeNull();
      }),
      { numRuns: 300 },
    );
    await store.close();
    close();
  });
});
