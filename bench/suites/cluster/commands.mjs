// What requests ask of an engine: `node commands.mjs <place> <url>`, started by measure.mjs. Sends what it found.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createSessions } from "sojourn";
import { nearCache } from "sojourn/stores/near-cache";
import { payloadOf, userOf } from "../../lib/payload.mjs";
import { serverOf } from "../http/designs/node-sojourn.mjs";
import { ioredisStore, mysql2Store, natsMember, nodeRedisStore, pgStore } from "./clients.mjs";
import { mariadbCounter, postgresCounter, redisCounter } from "./counters.mjs";

/**
 * Of a request, by the name of the command.
 * @typedef {{ request: string, each: number, of: Readonly<Record<string, number>> }} Asked
 * @typedef {import("./clients.mjs").Opened} Opened
 */

/** How long a manager as shipped believes what it read of the floors of mass endings, ms. */
const floorLag = 1_000;
const clients = 64;
const together = 8;

const prefix = "sjc";
/** The store of a server, that of another process on the same sessions where it matters, and who counts. */
const places = {
  "Redis, node-redis": async (/** @type {string} */ url) => ({ ...(await nodeRedisStore(url, { prefix })), counter: await redisCounter(url) }),
  "Redis, ioredis": async (/** @type {string} */ url) => ({ ...(await ioredisStore(url, { prefix: "sji" })), counter: await redisCounter(url) }),
  async "Redis, near cache"(/** @type {string} */ url) {
    const other = await nodeRedisStore(url, { prefix: "sjn", feed: true });
    const { store, close } = await nodeRedisStore(url, { prefix: "sjn", feed: true });
    return { store: nearCache(store, { maxAge: "1h" }), close, other, counter: await redisCounter(url) };
  },
  PostgreSQL: async (/** @type {string} */ url) => ({ ...(await pgStore(url)), counter: await postgresCounter(url) }),
  async "PostgreSQL, near cache"(/** @type {string} */ url) {
    const other = await pgStore(url, { schema: "near", feed: true });
    const { store, close } = await pgStore(url, { schema: "near", feed: true });
    return { store: nearCache(store, { maxAge: "1h" }), close, other, counter: await postgresCounter(url) };
  },
  MariaDB: async (/** @type {string} */ url) => ({ ...(await mysql2Store(url)), counter: await mariadbCounter(url) }),
  "NATS, reads fresh": (/** @type {string} */ url) => nats(url, "fresh"),
  "NATS, reads replica": (/** @type {string} */ url) => nats(url, "replica"),
};

/** What its connection sent: the server counts with it what keeps the replica up to date. @param {string} url @param {"fresh" | "replica"} reads */
async function nats(url, reads) {
  const { store, connection, close } = await natsMember(url, { bucket: `commands-${reads}`, reads, storage: "memory" });
  let before = connection.stats().outMsgs;
  const taken = async () => {
    const sent = connection.stats().outMsgs - before;
    before += sent;
    return { messages: sent };
  };
  return { store, close, counter: { taken, close: async () => {} } };
}

const [, , name = "", url = ""] = process.argv;
const place = await places[/** @type {keyof typeof places} */ (name)](url);
const { store, close, counter } = place;
/** @type {Opened | undefined} */
const other = "other" in place ? place.other : undefined;
/** @type {import("sojourn").Sessions<import("../http/designs/sessions.mjs").Data>} */
const sessions = createSessions({ store });
/** @type {{ id: import("sojourn").SessionId, cookie: string }[]} */
const visitors = [];
for (let client = 0; client < clients; client++) {
  const { id, token } = await sessions.create({ subject: userOf(client), methods: ["pwd"], data: payloadOf(client) });
  visitors.push({ id: /** @type {import("sojourn").SessionId} */ (id), cookie: `__Host-Http-session=${token}` });
}
/** One where a visit is always soon after the last, however slow this machine is, and one as shipped. */
const servers = await Promise.all([createSessions({ store, floorLag: "1h" }), sessions].map((manager) => listening(serverOf(manager))));
const [soon, shipped] = /** @type {[Server, Server]} */ (servers);

/** @type {Asked[]} */
const found = [];
// What a process learns once, such as that its scripts are known, is not asked for again.
for (const path of ["/r", "/w", "/n", "/r"]) await ask(soon, path);
await count("N", soon, "/n");
await count("R", soon, "/r");
await count("W", soon, "/w");
if (other !== undefined) {
  for (const { id } of visitors) {
    const outcome = await other.store.commit({ id, expect: "live", set: { theme: '"light"' } });
    if (!outcome.ok) throw new Error(`${name}: a change elsewhere was refused: ${outcome.why}.`);
  }
  // Until the news has come.
  await sleep(500);
  await count("R, changed elsewhere", soon, "/r");
}
await ask(shipped, "/r");
await sleep(1.1 * floorLag);
await count("R, not seen for a second", shipped, "/r");
process.send?.({ found });
for (const { server } of servers) {
  server.closeAllConnections();
  server.close();
}
await counter.close();
await other?.close();
await close();
process.disconnect?.();

/** @typedef {Awaited<ReturnType<typeof listening>>} Server */
/** @param {import("node:http").Server} server */
async function listening(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { server, url: `http://127.0.0.1:${port}` };
}

/**
 * A request of each client, and what the engine was asked meanwhile.
 * @param {string} request
 * @param {Server} server
 * @param {string} path
 */
async function count(request, server, path) {
  await counter.taken();
  await ask(server, path);
  // What is asked behind an answer belongs to it.
  await sleep(50);
  const taken = Object.entries(await counter.taken()).filter(([, calls]) => calls > 0);
  const each = taken.reduce((sum, [, calls]) => sum + calls, 0) / clients;
  found.push({ request, each, of: Object.fromEntries(taken.map(([command, calls]) => [command, calls / clients])) });
}

/** @param {Server} server @param {string} path */
async function ask({ url: base }, path) {
  let next = 0;
  const asker = async () => {
    for (let visitor = visitors[next++]; visitor !== undefined; visitor = visitors[next++]) {
      const response = await fetch(`${base}${path}`, { headers: { cookie: visitor.cookie } });
      const text = await response.text();
      if (!response.ok || !text.includes("user")) throw new Error(`${name} ${path} answered ${response.status} ${text}.`);
    }
  };
  await Promise.all(Array.from({ length: together }, asker));
}
