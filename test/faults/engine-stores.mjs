// How the rig's processes open the stores that rest on engines: each round in a corner of its own, named after the round's folder.
import { basename, join } from "node:path";
import { urlsOf } from "./engine-urls.mjs";

/** @typedef {import("./types.ts").RigStore["open"]} Open */

/** A name that every engine takes. @param {string} folder */
export const corner = (/** @type {string} */ folder) =>
  basename(folder)
    .replaceAll(/[^a-z0-9]/gi, "")
    .toLowerCase();
const hush = () => {};
/** ms; shorter than by default, so that what the dead reserved is met while a round lasts. */
export const grace = 300;

/** Where the engine is, if it is one server. @param {import("./types.ts").EngineName} name */
function theOnly(name) {
  const [url = ""] = urlsOf(name);
  return url;
}

/** @param {{ feed?: boolean, durable?: { replicas: number, within: number } }} [options] @returns {Open} */
export const openRedis = (options) => async (folder) => {
  const { createClient } = await import("redis");
  const { fromNodeRedis, redisStore } = await import("sojourn/stores/redis");
  const client = createClient({ url: theOnly("redis"), disableOfflineQueue: true, socket: { reconnectStrategy: 20 } });
  client.on("error", hush);
  await client.connect();
  const store = redisStore(fromNodeRedis(client), { prefix: corner(folder), shards: 8, grace, ...options });
  return closedBy(store, () => client.destroy());
};

/** @type {Open} */
export async function openRedisCluster(folder) {
  const { createCluster } = await import("redis");
  const { fromNodeRedis, redisStore } = await import("sojourn/stores/redis");
  const client = createCluster({
    rootNodes: urlsOf("redis cluster").map((url) => ({ url })),
    defaults: { disableOfflineQueue: true, socket: { reconnectStrategy: 20, connectTimeout: 500 } },
  });
  client.on("error", hush);
  await client.connect();
  const store = redisStore(fromNodeRedis(client), { prefix: corner(folder), shards: 16, grace });
  return closedBy(store, () => client.destroy());
}

/** @type {Open} */
export async function openPostgres(folder) {
  const { default: pg } = await import("pg");
  const { fromPg, postgresStore } = await import("sojourn/stores/postgres");
  const pool = new pg.Pool({ connectionString: theOnly("postgres"), max: 8, connectionTimeoutMillis: 2_000 });
  const store = postgresStore(fromPg(pool), { schema: corner(folder) });
  return closedBy(store, () => pool.end());
}

/** @type {Open} */
export async function openMariadb(folder) {
  const { createPool } = await import("mysql2");
  const { fromMysql2, mariadbStore } = await import("sojourn/stores/mariadb");
  const pool = createPool({ uri: theOnly("mariadb"), connectionLimit: 8, connectTimeout: 2_000 });
  const store = mariadbStore(fromMysql2(pool), { prefix: `${corner(folder)}_` });
  return closedBy(store, () => new Promise((resolve) => pool.end(resolve)));
}

/** @param {"nats" | "nats cluster"} engine @param {number} replicas @returns {Open} */
export function openNats(engine, replicas) {
  return async (folder) => {
    const { connect } = await import("@nats-io/transport-node");
    const { jetstream } = await import("@nats-io/jetstream");
    const { natsStore } = await import("sojourn/stores/nats");
    const connection = await connect({ servers: [...urlsOf(engine)], maxReconnectAttempts: -1, reconnectTimeWait: 20, timeout: 2_000 });
    const store = await natsStore({ connection, jetstream: jetstream(connection) }, { bucket: corner(folder), replicas, grace });
    return closedBy(store, () => connection.close());
  };
}

/** @type {Open} */
export async function openFile(folder) {
  const { fileStore } = await import("sojourn/stores/file");
  return closedBy(fileStore(join(folder, "store"), { grace }), hush);
}

/** @param {import("sojourn").Store} store @param {() => unknown} closeClient */
function closedBy(store, closeClient) {
  return {
    store,
    async close() {
      await store.close();
      await closeClient();
    },
  };
}
