/**
 * The store that all nodes share, by its URL. A client for each engine is loaded only where that engine is used.
 * @param {string} url
 * @returns {Promise<import("sojourn").Store>}
 */
export async function openStore(url) {
  const [scheme] = url.split(":", 1);
  switch (scheme) {
    case "redis": {
      const { createClient } = await import("redis");
      const { fromNodeRedis, redisStore } = await import("sojourn/stores/redis");
      // Without a queue: what waits in one would be written when nobody expects it any more.
      const client = createClient({ url, disableOfflineQueue: true });
      client.on("error", () => undefined); // It connects again by itself; until then the store says that it is broken.
      await client.connect();
      return redisStore(fromNodeRedis(client));
    }
    case "redis+cluster": {
      const { createCluster } = await import("redis");
      const { fromNodeRedis, redisStore } = await import("sojourn/stores/redis");
      const addresses = url.slice("redis+cluster://".length).split(",");
      const cluster = createCluster({ rootNodes: addresses.map((address) => ({ url: `redis://${address}` })), defaults: { disableOfflineQueue: true } });
      cluster.on("error", () => undefined);
      await cluster.connect();
      return redisStore(fromNodeRedis(cluster));
    }
    case "nats": {
      const { connect } = await import("@nats-io/transport-node");
      const { jetstream } = await import("@nats-io/jetstream");
      const { natsStore } = await import("sojourn/stores/nats");
      const connection = await connect({ servers: url, maxReconnectAttempts: -1 });
      // Every node has all sessions in its memory, and answers reads from there.
      return natsStore({ connection, jetstream: jetstream(connection) }, { reads: "replica" });
    }
    case "mysql": {
      const { createPool } = await import("mysql2");
      const { fromMysql2, mariadbStore } = await import("sojourn/stores/mariadb");
      return mariadbStore(fromMysql2(createPool({ uri: url, connectTimeout: 2_000 })));
    }
    case "file": {
      // A folder that all machines have mounted.
      const { fileStore } = await import("sojourn/stores/file");
      return fileStore(url.slice("file:".length));
    }
    case "postgres": {
      const { default: pg } = await import("pg");
      const { fromPg, postgresStore } = await import("sojourn/stores/postgres");
      return postgresStore(fromPg(new pg.Pool({ connectionString: url, connectionTimeoutMillis: 2_000 })));
    }
    case "lmdb": {
      // For the processes of one machine.
      const { open } = await import("lmdb");
      const { lmdbStore, openLmdb } = await import("sojourn/stores/lmdb");
      return lmdbStore(openLmdb(open, url.slice("lmdb:".length)));
    }
    default:
      throw new Error(
        `SOJOURN_STORE begins with "${scheme}:". Give redis://HOST:PORT, redis+cluster://HOST:PORT,HOST:PORT, nats://HOST:PORT, postgres://USER:PASSWORD@HOST/DATABASE, mysql://USER:PASSWORD@HOST/DATABASE, file:FOLDER or lmdb:FOLDER.`,
      );
  }
}
