import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { missingRedis, startRedis, startReplica, type RedisServer } from "@sojourn/peers/redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Outcome, SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { connections, type Connected } from "./clients.fixture.ts";
import { isMoving } from "./faults.ts";
import { keysFor } from "./keys.ts";
import { fromIoredis, fromNodeRedis, redisStore, type RedisClient, type RedisStore, type RedisStoreOptions } from "./redis.ts";

const reason = missingRedis();
const ended = '{"at":1,"reason":"closed"}';
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const containing = (text: string): unknown => expect.stringContaining(text);
let server: RedisServer;
let prefixes = 0;

async function connect(url = server.url, name: keyof typeof connections = "node-redis"): Promise<Connected> {
  const connected = await connections[name]([url]);
  undo.push(connected.close);
  return connected;
}
/** A store under a prefix of its own. */
async function storeOn(client: RedisClient, options: RedisStoreOptions = {}): Promise<RedisStore & { readonly prefix: string }> {
  const prefix = options.prefix ?? `p${++prefixes}`;
  const store = redisStore(client, { shards: 4, ...options, prefix });
  undo.push(() => store.close());
  return { ...store, prefix };
}
async function session(store: RedisStore, more: object = {}): Promise<SessionId> {
  const id = newId();
  expect(await store.commit({ id, expect: "absent", kind: "main:web", ...more })).toEqual({ ok: true, version: 1 });
  return id;
}

// What the tests of a Cluster run on is one release; these are the words of others, from their sources.
it.each([
  ["TRYAGAIN Multiple keys request during rehashing of slot", true],
  ["ERR Script attempted to access a non local key in a cluster node script: 344bac49, on @user_script:25.", true],
  [
    "ERR Unable to execute command 'exists' in script because undeclared keys were accessed during rehashing of the slot script: 344bac49, on @user_script:25.",
    true,
  ],
  ["ERR Error running script: slot", false],
  ["CLUSTERDOWN Hash slot not served", false],
])("a slot on its way is known by %s: %s", (message, moving) => {
  expect(isMoving({ verdict: () => "refused" } as unknown as RedisClient, new Error(message))).toBe(moving);
});

describe.skipIf(reason !== undefined)(`what goes wrong${reason === undefined ? "" : `: ${reason}`}`, () => {
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it("scripts that are flushed in the middle of everything are sent again", async () => {
    const store = await storeOn((await connect()).client);
    const id = await session(store);
    let over = false;
    const flushing = (async () => {
      while (!over) await server.ask("SCRIPT", "FLUSH");
    })();
    for (let i = 0; i < 100; i++) {
      const change = i % 2 === 0 ? { set: { n: String(i) } } : { set: { n: String(i) }, claim: [`${store.prefix}${i}`] };
      expect(await store.commit({ id, expect: "live", ...change })).toEqual({ ok: true, version: i + 2 });
    }
    over = true;
    await flushing;
    expect(await store.load(id)).toMatchObject({ version: 101, fields: { n: "99" } });
  });

  it("a full memory is a value, ending and erasing make room, and then there is room", async () => {
    const full = await startRedis({ args: ["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"] });
    undo.push(() => full.stop());
    const store = await storeOn((await connect(full.url)).client);
    const first = await session(store, { subject: "s", claim: ["first"], set: { f: "x".repeat(50_000) } });
    let outcome: Outcome = { ok: true, version: 1 };
    for (let i = 0; outcome.ok && i < 500; i++) outcome = await store.commit({ id: newId(), expect: "absent", kind: "k", set: { f: "x".repeat(50_000) } });
    expect(outcome).toEqual({ ok: false, why: "full", of: "store" });
    // What the last one took for a moment is free again: now it is full for the smallest change.
    await full.ask("CONFIG", "SET", "maxmemory", "3mb");
    expect(await store.commit({ id: first, expect: "live", set: { g: "1" } })).toEqual({ ok: false, why: "full", of: "store" });
    expect(await store.commit({ id: first, expect: "live", claim: ["second"] })).toEqual({ ok: false, why: "full", of: "store" });
    expect(await store.load(first)).toMatchObject({ version: 1, aliases: ["first"] });
    expect(await store.commit({ id: first, expect: "live", ended })).toEqual({ ok: true, version: 2 });
    expect(await store.commit({ id: first, expect: 2, erase: true })).toEqual({ ok: true, version: 2 });
    for (const { id, version } of (await store.find({ kind: "k" }, { limit: 30 })).records) await store.commit({ id, expect: version, erase: true });
    expect(await store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["first"], subject: "s", subjectLimit: 1 })).toEqual({ ok: true, version: 1 });
  });

  it.each(["node-redis", "ioredis"] as const)(
    "%s: a server that dies is outcome_unknown for what was sent, store_unavailable for what was not, and then works again",
    async (name) => {
      const mortal = await startRedis();
      undo.push(() => mortal.stop());
      const store = await storeOn((await connect(mortal.url, name)).client);
      const id = await session(store);
      mortal.kill("SIGSTOP");
      const sent = [store.commit({ id, expect: "live", set: { a: "1" } }), store.commit({ id, expect: "live", ended })].map((commit) =>
        commit.then(String, (error: unknown) => error),
      );
      const load = store.load(id).then(String, (error: unknown) => error);
      await sleep(50);
      mortal.kill("SIGKILL");
      expect(await Promise.all(sent)).toMatchObject([{ code: "outcome_unknown" }, { code: "outcome_unknown" }]);
      expect(await load).toMatchObject({ code: "store_unavailable" });
      await expect(store.commit({ id, expect: "live", set: { a: "1" } })).rejects.toMatchObject({
        code: "store_unavailable",
        message: containing("nothing was written"),
      });
      await expect(store.load(id)).rejects.toMatchObject({ code: "store_unavailable", message: containing("not connected") });
      await mortal.restart();
      const again = { id, expect: "absent", kind: "main:web" } as const;
      for (let tries = 0; tries < 400; tries++) {
        const done = await store.commit(again).catch(() => undefined);
        if (done?.ok) break;
        await sleep(25);
      }
      // What was not kept on a disk is gone, and what was sent before has not landed late.
      const { fields, ...rest } = (await store.load(id)) ?? expect.fail();
      expect([{ ...fields }, rest]).toEqual([{}, { id, version: 1, kind: "main:web", epoch: 0, aliases: [] }]);
    },
  );

  it("a deadline that has passed is refused, and nothing was sent", async () => {
    const store = await storeOn((await connect()).client);
    const id = await session(store);
    const changes = [{ set: { a: "1" } }, { claim: ["late"] }, { ended }];
    // The server knows the scripts: nothing but the deadline is in the way.
    const other = await session(store);
    for (const change of changes) expect(await store.commit({ id: other, expect: "live", ...change })).toMatchObject({ ok: true });
    for (const change of changes) {
      await expect(store.commit({ id, expect: "live", ...change }, { deadline: Date.now() - 1 })).rejects.toMatchObject({ code: "store_unavailable" });
    }
    expect(await store.load(id)).toMatchObject({ version: 1 });
  });

  it("a wrong password, a user who may not, and a client that was never connected", async () => {
    await server.ask("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+@connection", "+info");
    const stranger = createClient({ url: `redis://reader:wrong@127.0.0.1:${server.port}`, disableOfflineQueue: true, socket: { reconnectStrategy: false } });
    stranger.on("error", () => undefined);
    await expect(stranger.connect()).rejects.toThrow("WRONGPASS");
    const store = await storeOn(fromNodeRedis(stranger));
    await expect(store.load(newId())).rejects.toMatchObject({ code: "store_unavailable", message: containing("not connected") });
    const reader = await connect(`redis://reader:secret@127.0.0.1:${server.port}`);
    const failed = (await storeOn(reader.client)).commit({ id: newId(), expect: "absent", kind: "k" });
    await expect(failed).rejects.toMatchObject({ code: "store_unavailable", message: containing("ACL") });
    await expect(failed).rejects.toSatisfy((error: Error) => !error.message.includes("secret"));
    const io = new Redis(server.port, {
      username: "reader",
      password: "wrong",
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: null,
    });
    io.on("error", () => undefined);
    undo.push(() => io.disconnect());
    await expect((await storeOn(fromIoredis(io))).load(newId())).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("the rights that the store's page names are enough for everything, and no key outside the prefix is touched", async () => {
    const rights = /`~<prefix>:\* (.*?)`, for a feed also `(.*?)`, for `durable` `(.*?)`, for `scrub` `(.*?)`/.exec(
      readFileSync(new URL("README.md", import.meta.url), "utf8"),
    );
    const words = (rights?.slice(1) ?? []).flatMap((some) => some.replaceAll("<prefix>", "mine").split(" "));
    expect(words.length).toBeGreaterThan(5);
    await server.ask("ACL", "SETUSER", "narrow", "on", ">secret", "~mine:*", ...words);
    const store = await storeOn((await connect(`redis://narrow:secret@127.0.0.1:${server.port}`)).client, { prefix: "mine", feed: true });
    const heard: unknown[] = [];
    const stop = await store.watch?.((event) => heard.push(event));
    const id = await session(store, { subject: "s", subjectLimit: 1, kindLimit: 1, claim: ["x"], wake: 1 });
    await store.commit({ id, expect: "live", set: { a: "1" } });
    const plain = redisStore((await connect(`redis://narrow:secret@127.0.0.1:${server.port}`)).client, { prefix: "mine" });
    expect(await plain.commit({ id, expect: "live", set: { b: "1" } })).toMatchObject({ ok: true, version: 3 });
    for (const query of [{ alias: "x" }, { subject: "s" }, { kind: "main:web" }, { wakeBefore: 1 }]) expect((await store.find(query)).records).toHaveLength(1);
    expect(await store.count({ kind: "main:web" })).toBe(1);
    expect(await store.now()).toBeGreaterThan(0);
    await store.commit({ id, expect: "live", ended });
    expect(await store.scrub({ repair: true })).toMatchObject({ records: 1, missing: 0 });
    for (let i = 0; i < 400 && heard.length < 3; i++) await sleep(10);
    expect(heard).toHaveLength(3);
    stop?.();
  });

  it("foreign keys under the prefix are told, and nothing is written beside them", async () => {
    const store = await storeOn((await connect()).client, { buckets: 2 });
    const keys = keysFor(store.prefix, { shards: 4, buckets: 2 });
    const id = await session(store);
    const at = keys.of(id);
    const bucket = keys.bucket(id);
    const beside = Array.from({ length: 199 }, newId).find((other) => keys.of(other) === at && keys.bucket(other) === bucket) as SessionId;
    for (const index of [at.index + bucket, at.due, at.counts, at.forbidden]) {
      await server.ask("RENAME", index, "away").catch(() => undefined);
      await server.ask("SET", index, "foreign");
      const change = { id: beside, expect: "absent", kind: "k", wake: 1, subject: "s", claim: [`${store.prefix}x`] } as const;
      await expect(store.commit(change)).rejects.toMatchObject({ code: "store_unavailable", message: containing("prefix") });
      await expect(store.commit({ id, expect: 1, wake: 5, set: { a: "1" } })).rejects.toMatchObject({ code: "store_unavailable" });
      await server.ask("DEL", index);
      await server.ask("RENAME", "away", index).catch(() => undefined);
      expect(await store.load(beside)).toBeUndefined();
      expect(await store.load(id)).toMatchObject({ version: 1, fields: {} });
    }
    await server.ask("SET", at.session + beside, "foreign");
    await expect(store.load(beside)).rejects.toMatchObject({ code: "store_unavailable", message: containing("prefix") });
    await expect(store.commit({ id: beside, expect: "absent", kind: "k" })).rejects.toMatchObject({ message: containing("prefix") });
    await server.ask("HSET", at.session + id, "v", "minus one");
    await expect(store.load(id)).rejects.toMatchObject({ code: "record_unreadable" });
    expect((await store.find({ kind: "main:web" })).records).toEqual([]);
  });

  it("a layout of a newer release, another number of shards, a prefix that is somebody else's", async () => {
    const { client } = await connect();
    const store = await storeOn(client);
    await session(store);
    await expect(redisStore(client, { prefix: store.prefix, shards: 8 }).load(newId())).rejects.toMatchObject({
      code: "invalid_option",
      message: containing("4 shards"),
    });
    await expect(redisStore(client, { prefix: store.prefix, buckets: 8 }).load(newId())).rejects.toMatchObject({
      code: "invalid_option",
      message: containing("64 buckets of each shard. Give 64"),
    });
    expect(await redisStore(client, { prefix: store.prefix }).count({ kind: "main:web" })).toBe(1);
    await server.ask("HSET", `${store.prefix}:meta`, "layout", "2");
    await expect(redisStore(client, { prefix: store.prefix }).load(newId())).rejects.toMatchObject({
      code: "invalid_option",
      message: containing("newer release"),
    });
    await server.ask("HSET", "other:meta", "theirs", "1");
    await expect(redisStore(client, { prefix: "other" }).load(newId())).rejects.toMatchObject({ code: "invalid_option", message: containing("prefix") });
    await server.ask("SET", "another:meta", "1");
    await expect(redisStore(client, { prefix: "another" }).load(newId())).rejects.toMatchObject({ code: "store_unavailable", message: containing("prefix") });
  });

  it("a server that would evict sessions is refused by the setting's name, and taken once it is set right", async () => {
    const { client } = await connect();
    const store = await storeOn(client);
    await server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    await expect(store.load(newId())).rejects.toMatchObject({ code: "invalid_option", message: containing("maxmemory-policy is allkeys-lru") });
    await server.ask("CONFIG", "SET", "maxmemory-policy", "volatile-lru");
    expect(await store.load(newId())).toBeUndefined();
  });

  it("a replica takes no writes and says so", async () => {
    const store = await storeOn((await connect()).client, { prefix: "copied" });
    const id = await session(store);
    const replica = await startReplica(server);
    undo.push(() => replica.stop());
    const there = await storeOn((await connect(replica.url)).client, { prefix: "copied" });
    expect(await there.load(id).catch((error: unknown) => error)).toMatchObject({ version: 1 });
    await expect(there.commit({ id, expect: "live", set: { a: "1" } })).rejects.toMatchObject({ code: "store_unavailable", message: containing("replica") });
    await expect(there.commit({ id, expect: "live", ended })).rejects.toMatchObject({ code: "store_unavailable", message: containing("replica") });
  });

  it("a server that cannot save to its disk takes no writes and says so", async () => {
    const broken = await startRedis({ args: ["--save", "900 1", "--dbfilename", "broken.rdb"] });
    undo.push(() => broken.stop());
    const folder = (await broken.ask("CONFIG", "GET", "dir")).split("\n")[1] as string;
    mkdirSync(join(folder, "broken.rdb"));
    const store = await storeOn((await connect(broken.url)).client);
    const id = await session(store);
    await broken.ask("BGSAVE");
    for (let i = 0; i < 400 && !(await broken.ask("INFO", "persistence")).includes("rdb_last_bgsave_status:err"); i++) await sleep(25);
    await expect(store.commit({ id, expect: "live", set: { a: "1" } })).rejects.toMatchObject({ code: "store_unavailable", message: containing("MISCONF") });
    await expect(store.commit({ id, expect: "live", ended })).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.load(id)).toMatchObject({ version: 1 });
    await broken.ask("CONFIG", "SET", "save", "");
    expect(await store.commit({ id, expect: "live", ended })).toMatchObject({ ok: true, version: 2 });
  });

  it("durable: acknowledged when a replica has it; without one it is outcome_unknown, and written", async () => {
    const primary = await startRedis();
    undo.push(() => primary.stop());
    const replica = await startReplica(primary);
    undo.push(() => replica.stop());
    const store = await storeOn((await connect(primary.url)).client, { prefix: "kept", durable: { replicas: 1, within: "2s" } });
    const id = await session(store);
    const copy = await storeOn((await connect(replica.url)).client, { prefix: "kept" });
    for (let round = 0; round < 20; round++) {
      const all = await Promise.all(Array.from({ length: 20 }, (_, i) => store.commit({ id, expect: "live", set: { [`f${i}`]: String(round) } })));
      // Each was acknowledged only when the replica had it.
      expect((await copy.load(id))?.version).toBeGreaterThanOrEqual(Math.max(...all.map((one) => (one.ok ? one.version : 0))));
    }
    await replica.stop();
    const impatient = await storeOn((await connect(primary.url)).client, { prefix: "kept", durable: { replicas: 1, within: "50ms" } });
    await expect(impatient.commit({ id, expect: "live", ended })).rejects.toMatchObject({ code: "outcome_unknown", message: containing("0 of 1 replicas") });
    expect(await impatient.load(id)).toMatchObject({ ended });
  });

  it("an alias that a dead process had reserved is free again after the grace", async () => {
    const { client } = await connect();
    const grace = 150;
    const store = await storeOn(client, { grace });
    await session(store);
    // The process that dies between the reservation and the commit: its commit is never sent. The first script of two is the reservation.
    let scripts = 0;
    const dying: RedisClient = {
      ...client,
      command: (key, args, deadline) =>
        args[0] === "EVALSHA" && key.includes("{") && ++scripts > 0 ? new Promise(() => undefined) : client.command(key, args, deadline),
    };
    void redisStore(dying, { prefix: store.prefix, grace }).commit({ id: newId(), expect: "absent", kind: "k", claim: ["x"], subject: "s", subjectLimit: 1 });
    while (scripts === 0) await sleep(1);
    const change = { expect: "absent", kind: "k", claim: ["x"], subject: "s", subjectLimit: 1 } as const;
    const refused = await store.commit({ id: newId(), ...change });
    expect(refused).toMatchObject({ ok: false });
    await sleep(grace + 50);
    expect(await store.commit({ id: newId(), ...change })).toEqual({ ok: true, version: 1 });
  });

  it("a process that slept past the grace between reservation and commit does not get what another has taken", async () => {
    const { client } = await connect();
    const grace = 50;
    const store = await storeOn(client, { grace });
    await session(store);
    let wake = (): void => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    let scripts = 0;
    const sleepy: RedisClient = {
      ...client,
      command: async (key, args, deadline) => {
        if (args[0] === "EVALSHA" && key.includes("{") && ++scripts === 1) await asleep;
        return client.command(key, args, deadline);
      },
    };
    const change = { expect: "absent", kind: "k", claim: ["y"], subject: "t", subjectLimit: 1 } as const;
    const sleeper = newId();
    const late = redisStore(sleepy, { prefix: store.prefix, grace }).commit({ id: sleeper, ...change });
    while (scripts === 0) await sleep(1);
    await sleep(grace + 50);
    const winner = newId();
    expect(await store.commit({ id: winner, ...change })).toEqual({ ok: true, version: 1 });
    wake();
    expect(await late).toMatchObject({ ok: false });
    expect(await store.load(sleeper)).toBeUndefined();
    expect((await store.find({ alias: "y" })).records.map(({ id }) => id)).toEqual([winner]);
  });

  it("after close every call says so, and the client is open", async () => {
    const { client } = await connect();
    const store = redisStore(client, { prefix: "closed", feed: true });
    const id = await session(store);
    await store.close();
    await store.close();
    for (const call of [() => store.load(id), () => store.commit({ id, expect: "live" }), () => store.find({ kind: "k" }), () => store.count({ kind: "k" })]) {
      await expect(call()).rejects.toMatchObject({ code: "store_unavailable", message: containing("closed") });
    }
    expect(await redisStore(client, { prefix: "closed" }).load(id)).toMatchObject({ version: 1 });
  });

  it("settings that make no sense, of the store and of the clients, are refused by name", async () => {
    const { client } = await connect();
    const wrong: Record<string, RedisStoreOptions> = {
      prefix: { prefix: "a{b}" },
      shards: { shards: 5000 },
      buckets: { buckets: 65_537 },
      "buckets is 0.5": { buckets: 0.5 },
      grace: { grace: -1 },
      "durable.replicas": { durable: { replicas: 0, within: 1 } },
      "durable.within": { durable: { replicas: 1, within: 0 } },
    };
    for (const [name, options] of Object.entries(wrong))
      expect(() => redisStore(client, options)).toThrow(expect.objectContaining({ code: "invalid_option", message: containing(name) }));
    expect(() => fromNodeRedis(createClient({ url: server.url }))).toThrow("disableOfflineQueue: true");
    for (const [options, setting] of [
      [{}, "enableOfflineQueue: false"],
      [{ enableOfflineQueue: false }, "maxRetriesPerRequest: 0"],
    ] as const) {
      const io = new Redis({ port: server.port, lazyConnect: true, ...options });
      expect(() => fromIoredis(io)).toThrow(setting);
    }
  });
});
