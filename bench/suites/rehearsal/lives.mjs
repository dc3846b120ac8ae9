// What the lives of sessions ask of an engine: `node lives.mjs <name> <place> <sessions>`, started by engines.mjs. Sends what it found.
import { createSessions } from "sojourn";
import { nearCache } from "sojourn/stores/near-cache";
import { ioredisStore, mysql2Store, natsMember, nodeRedis, nodeRedisStore, pgStore } from "../cluster/clients.mjs";
import { mariadbCounter, postgresCounter, redisCounter } from "../cluster/counters.mjs";
import { copyOf, fieldsOf, idle, lifeOf, subjectOf } from "./population.mjs";

/**
 * @typedef {{ event: string, each: number, of: Readonly<Record<string, number>> }} Asked of one event, by the name of the command.
 * @typedef {{ asked: readonly Asked[], rates: Readonly<Record<string, number>>, bytes: number | undefined, near: number | undefined }} Lives `rates`: events a second. `bytes` a session, in the engine and in a near cache.
 */

const [, , name = "", place = "", number = ""] = process.argv;
const together = 64;
/** In one page of the sweep. */
const counted = 64;
const day = 86_400_000;
const prefix = "sjl";
/** Sessions whose bytes are counted. */
const filled = 10 * Number(number);
/** As the store's page recommends for that many. */
const layout = { prefix: "sjb", shards: 8, buckets: Math.ceil(filled / 8 / 76) };

/**
 * `sized`: another store there, laid out for as many sessions as are counted, and the bytes that the engine has in use.
 * @typedef {import("../cluster/clients.mjs").Opened & { counter?: import("../cluster/counters.mjs").Counter, sized?: { store: import("sojourn").Store, used: () => Promise<number> } }} Place
 */

/** @type {Record<string, () => Promise<Place>>} */
const places = {
  async "Redis, node-redis"() {
    const watcher = await nodeRedis(place);
    await watcher.configSet("hash-max-listpack-value", "1024");
    const [{ store, close }, sized] = [await nodeRedisStore(place, { prefix }), await nodeRedisStore(place, layout)];
    return {
      store,
      counter: await redisCounter(place),
      sized: { store: sized.store, used: () => usedBy([watcher]) },
      async close() {
        watcher.destroy();
        await sized.close();
        await close();
      },
    };
  },
  "Redis, ioredis": async () => ({ ...(await ioredisStore(place, { prefix: "sji" })), counter: await redisCounter(place) }),
  "Redis Cluster, 3 primaries": cluster,
  PostgreSQL: async () => ({ ...(await pgStore(place, { schema: "lives" })), counter: await postgresCounter(place) }),
  MariaDB: async () => ({ ...(await mysql2Store(place)), counter: await mariadbCounter(place) }),
  "NATS, reads fresh": () => nats("fresh"),
  "NATS, reads replica": () => nats("replica"),
  async LMDB() {
    const [{ open }, { lmdbStore, openLmdb }] = await Promise.all([import("lmdb"), import("sojourn/stores/lmdb")]);
    const root = openLmdb(open, place);
    const store = lmdbStore(root);
    return { store, close: async () => (await store.close(), root.close()) };
  },
  async file() {
    const { fileStore } = await import("sojourn/stores/file");
    const store = fileStore(place, { durability: "written" });
    return { store, close: async () => store.close() };
  },
};

/** @param {readonly { info(section: string): Promise<string> }[]} clients */
async function usedBy(clients) {
  const infos = await Promise.all(clients.map((client) => client.info("memory")));
  return infos.reduce((sum, info) => sum + Number(/used_memory:(\d+)/.exec(info)?.[1]), 0);
}

/** @returns {Promise<Place>} */
async function cluster() {
  const urls = place.split(" ");
  const { createCluster } = await import("redis");
  const { fromNodeRedis, redisStore } = await import("sojourn/stores/redis");
  const client = createCluster({ rootNodes: urls.map((url) => ({ url })), defaults: { disableOfflineQueue: true }, commandOptions: { timeout: 60_000 } });
  client.on("error", () => undefined);
  await client.connect();
  const store = redisStore(fromNodeRedis(client), { prefix });
  const counters = await Promise.all(urls.map(redisCounter));
  const watchers = await Promise.all(urls.map(nodeRedis));
  return {
    store,
    sized: { store: redisStore(fromNodeRedis(client), layout), used: () => usedBy(watchers) },
    counter: {
      async taken() {
        /** @type {Record<string, number>} */
        const sum = {};
        for (const each of await Promise.all(counters.map((counter) => counter.taken())))
          for (const [command, calls] of Object.entries(each)) sum[command] = (sum[command] ?? 0) + calls;
        return sum;
      },
      close: async () => void (await Promise.all(counters.map((counter) => counter.close()))),
    },
    async close() {
      await store.close();
      for (const one of [client, ...watchers]) one.destroy();
    },
  };
}

/** @param {"fresh" | "replica"} reads @returns {Promise<Place>} */
async function nats(reads) {
  const { store, connection, close } = await natsMember(place, { bucket: `lives-${reads}`, reads, storage: "memory" });
  let before = connection.stats().outMsgs;
  const taken = async () => {
    const sent = connection.stats().outMsgs - before;
    before += sent;
    return { messages: sent };
  };
  return { store, close, counter: { taken, close: async () => {} } };
}

const opened = await places[name]?.();
if (opened === undefined) throw new Error(`There is no engine ${JSON.stringify(name)}.`);
const { store, counter, close, sized } = opened;
let at = 1_800_000_000_000;
/** It believes floors for an hour: how long this machine takes must not decide whether they are read again. */
const manager = (/** @type {import("sojourn").SessionsOptions["limit"]} */ limit) =>
  createSessions({ store, clock: { now: () => at }, idle, floorLag: "1h", deadline: "1m", ...(limit === undefined ? undefined : { limit }) });
const plain = manager(undefined);
const limited = manager({ perSubject: 5, whenFull: "end-oldest" });
let clients = 0;

/** @type {Asked[]} */
const asked = [];
/** @type {Record<string, number>} */
const rates = {};
const { bytes, near } = sized === undefined ? { bytes: undefined, near: undefined } : await bytesOf(sized);
// Connections, scripts and statements are known before anything is counted.
for (const sessions of [plain, limited]) for (const session of await logIns(sessions, counted)) await session.end();
const some = await count("log-in", () => logIns(plain, counted));
await count("log-out", () => logOuts(some));
const few = await count("log-in, limited", () => logIns(limited, counted));
await logOuts(few);
// Nobody's wake is near, and those that have ended are erased first, so that what follows is of known sessions alone.
at += 2 * day;
await sweptAll();
await count("looks for due, none", looks, 4);
await logIns(plain, counted);
at += idle + 1;
await count("ended by the sweep", () => sweptOnce(counted));
at += day + 1;
await count("erased by the sweep", () => sweptOnce(0));

const many = Number(number);
await timed("log-ins", () => logIns(plain, many));
at += idle + 1;
await timed("ended by the sweep", sweptAll);
at += day + 1;
await timed("erased by the sweep", sweptAll);
await counter?.close();
await close();
process.send?.({ found: /** @satisfies {Lives} */ ({ asked, rates, bytes, near }) });
process.disconnect?.();

/** @template T @param {string} event @param {() => Promise<T>} work @param {number} [events] in it. */
async function count(event, work, events = counted) {
  await counter?.taken();
  const result = await work();
  // What is asked behind an answer belongs to it.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const found = Object.entries((await counter?.taken()) ?? {}).filter(([command, calls]) => calls > 0 && command !== "INFO");
  if (counter !== undefined)
    asked.push({
      event,
      each: found.reduce((sum, [, calls]) => sum + calls, 0) / events,
      of: Object.fromEntries(found.map(([command, calls]) => [command, calls / events])),
    });
  return result;
}

/** @param {string} what @param {() => Promise<unknown>} work */
async function timed(what, work) {
  const began = performance.now();
  await work();
  rates[what] = (1_000 * many) / (performance.now() - began);
}

/** @param {typeof plain} sessions @param {number} wanted */
async function logIns(sessions, wanted) {
  /** @type {Awaited<ReturnType<typeof plain.create>>[]} */
  const made = [];
  let left = wanted;
  const one = async () => {
    while (left-- > 0) {
      const client = clients++;
      made.push(await sessions.create({ subject: subjectOf(client), methods: ["pwd"], data: fieldsOf(client) }));
    }
  };
  await Promise.all(Array.from({ length: Math.min(together, wanted) }, one));
  return made;
}

/** @param {Awaited<ReturnType<typeof logIns>>} sessions */
async function logOuts(sessions) {
  await Promise.all(sessions.map((session) => session.end()));
}

async function looks() {
  for (let n = 0; n < 4; n++) await store.find({ wakeBefore: at }, { limit: 256 });
}

/** One page of the sweep, in which all is that is due. @param {number} ends so many of it end; the others are erased. */
async function sweptOnce(ends) {
  const { sessions, ended } = sweeper();
  await sessions.run();
  // Stopping waits for what it is doing, which is all that is due.
  await sessions.close();
  if (ended() !== ends) throw new Error(`${name}: one page of the sweep ended ${ended()} sessions, not ${ends}.`);
}

/** Until nothing is due. */
async function sweptAll() {
  const { sessions } = sweeper();
  await sessions.run();
  while ((await store.find({ wakeBefore: at }, { limit: 1 })).records.length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await sessions.close();
}

function sweeper() {
  const sessions = manager(undefined);
  let ended = 0;
  sessions.on("ended", () => ended++);
  return { sessions, ended: () => ended };
}

/** Bytes of a session beside those that are there, by the engine. @param {NonNullable<Place["sized"]>} sized */
async function bytesOf({ store: laidOut, used }) {
  const session = await createSessions({ store: laidOut }).create({ subject: subjectOf(1), methods: ["pwd"], data: fieldsOf(1) });
  const model = await laidOut.load(/** @type {import("sojourn").SessionId} */ (session.id));
  if (model === undefined) throw new Error("A session that was begun is not in the store.");
  const before = await used();
  /** @type {import("sojourn").SessionId[]} */
  const ids = [];
  const population = { sessions: filled, epoch: at + 30 * day, burst: 1, pace: 100, remembered: 1 };
  let next = 0;
  const one = async () => {
    for (let client = next++; client < filled; client = next++) {
      const change = copyOf(model, client, lifeOf(population, client));
      ids.push(change.id);
      const outcome = await laidOut.commit(change);
      if (!outcome.ok) throw new Error(`A session was refused: ${outcome.why}.`);
    }
  };
  await Promise.all(Array.from({ length: together }, one));
  return { bytes: ((await used()) - before) / filled, near: await nearBytes(laidOut, ids) };
}

/** What the same sessions take once each was read through a near cache, which keeps them all. @param {import("sojourn").Store} laidOut @param {readonly import("sojourn").SessionId[]} ids */
async function nearBytes(laidOut, ids) {
  const cache = nearCache(laidOut, { entries: ids.length, maxAge: "1h" });
  const before = heap();
  for (const id of ids) await cache.load(id);
  const taken = (heap() - before) / ids.length;
  // It has them still: a heap that was measured too late would hold nothing.
  if (cache.usage().entries !== ids.length) throw new Error(`${name}: a near cache holds ${cache.usage().entries} of ${ids.length} sessions.`);
  return taken;
}

function heap() {
  const collect = /** @type {() => void} */ (globalThis.gc);
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
