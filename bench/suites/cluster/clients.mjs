/**
 * Clients of the engines, made as the stores' pages say, and the stores on them. Each is imported where it is used: a process holds what it measures and no more.
 * @typedef {{ store: import("sojourn").Store, close: () => Promise<void> }} Opened
 */

/** @param {string} url */
export async function nodeRedis(url) {
  const { createClient } = await import("redis");
  const client = createClient({ url, disableOfflineQueue: true });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** @param {string} url */
export async function ioredis(url) {
  const { Redis } = await import("ioredis");
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  client.on("error", () => undefined);
  await new Promise((resolve) => client.once("ready", resolve));
  return client;
}

/**
 * @param {string} url
 * @param {import("sojourn/stores/redis").RedisStoreOptions} [options]
 */
export async function nodeRedisStore(url, options) {
  const { fromNodeRedis, redisStore } = await import("sojourn/stores/redis");
  const client = await nodeRedis(url);
  return opened(redisStore(fromNodeRedis(client), options), () => client.destroy());
}

/**
 * @param {string} url
 * @param {import("sojourn/stores/redis").RedisStoreOptions} [options]
 */
export async function ioredisStore(url, options) {
  const { fromIoredis, redisStore } = await import("sojourn/stores/redis");
  const client = await ioredis(url);
  return opened(redisStore(fromIoredis(client), options), () => client.disconnect());
}

/**
 * @param {string} url
 * @param {number} connections
 */
export async function pgPool(url, connections) {
  const { default: pg } = await import("pg");
  return new pg.Pool({ connectionString: url, max: connections });
}

/**
 * @param {string} url
 * @param {import("sojourn/stores/postgres").PostgresStoreOptions} [options]
 */
export async function pgStore(url, options) {
  const { fromPg, postgresStore } = await import("sojourn/stores/postgres");
  const pool = await pgPool(url, 8);
  return opened(postgresStore(fromPg(pool), options), () => pool.end());
}

/** @param {string} url */
export async function mysql2Store(url) {
  const { createPool } = await import("mysql2");
  const { fromMysql2, mariadbStore } = await import("sojourn/stores/mariadb");
  const pool = createPool({ uri: url, connectionLimit: 8 });
  return opened(mariadbStore(fromMysql2(pool)), () => pool.promise().end());
}

/**
 * @param {string} url
 * @param {import("sojourn/stores/nats").NatsStoreOptions} [options]
 */
export async function natsMember(url, options) {
  const { jetstream } = await import("@nats-io/jetstream");
  const { connect } = await import("@nats-io/transport-node");
  const { natsStore } = await import("sojourn/stores/nats");
  const connection = await connect({ servers: [url] });
  const store = await natsStore({ connection, jetstream: jetstream(connection) }, options);
  return { ...opened(store, () => connection.close()), store, connection };
}

/**
 * @template {import("sojourn").Store} S
 * @param {S} store
 * @param {() => unknown} end of its client.
 */
function opened(store, end) {
  return {
    store,
    async close() {
      await store.close();
      await end();
    },
  };
}
