// Where the dialogues of dialogue-child.mjs rest: `lmdb <folder>`, `redis-cluster <urls, comma between>`, `postgres <url>`.
import { open } from "lmdb";
import { lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { fromPg, postgresStore } from "sojourn/stores/postgres";
import { fromNodeRedis, redisStore } from "sojourn/stores/redis";
import pg from "pg";
import { createCluster } from "redis";

/** @type {Readonly<Record<string, (where: string) => Promise<import("sojourn").Store>>>} */
const stores = {
  lmdb: async (folder) => lmdbStore(openLmdb(open, folder)),
  async "redis-cluster"(urls) {
    const cluster = createCluster({ rootNodes: urls.split(",").map((url) => ({ url })), defaults: { disableOfflineQueue: true } });
    cluster.on("error", () => undefined);
    await cluster.connect();
    return redisStore(fromNodeRedis(cluster));
  },
  postgres: async (connectionString) => postgresStore(fromPg(new pg.Pool({ connectionString }))),
};

/** @param {string} place */
export async function storeAt(place) {
  const [, name = "", where = ""] = /^(\S+) (.+)$/.exec(place) ?? [];
  const storeOn = stores[name];
  if (storeOn === undefined) throw new Error(`no store is called ${name}`);
  return storeOn(where);
}
