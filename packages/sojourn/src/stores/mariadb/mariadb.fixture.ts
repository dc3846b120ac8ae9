import { missingMariadb, startMariadb, type Mariadb, type MariadbSettings } from "@sojourn/peers/mariadb";
import mysql, { type Pool, type PoolOptions } from "mysql2";
import { fromMysql2, mariadbStore, type MariadbStore, type MariadbStoreOptions } from "./mariadb.ts";

/** Why no test can run here; `undefined` when they can. */
export const reason: string | undefined = missingMariadb();

/** A server for one test file, with what tests do to it. */
export interface Engine {
  readonly server: Mariadb;
  /** A pool of the user that owns the database `sojourn`. */
  pool(options?: PoolOptions): Pool;
  /** A store on a pool of its own. */
  store(options?: MariadbStoreOptions, pool?: PoolOptions): MariadbStore;
  /** Runs a statement as root, and gives its rows. */
  root(sql: string): Promise<Record<string, unknown>[]>;
  /** Ends the pools and the server. */
  stop(): Promise<void>;
}

/** Starts a server of one's own. */
export async function startEngine(settings?: MariadbSettings): Promise<Engine> {
  const server = await startMariadb(settings && { settings });
  const pools: Pool[] = [];
  const pool = (options?: PoolOptions): Pool => {
    const made = mysql.createPool({ uri: server.url, connectionLimit: 8, ...options });
    pools.push(made);
    return made;
  };
  const roots = mysql.createPool({ uri: server.rootUrl, connectionLimit: 2 }).promise();
  return {
    server,
    pool,
    store: (options, more) => mariadbStore(fromMysql2(pool(more)), options),
    root: async (sql) => (await roots.query(sql))[0] as Record<string, unknown>[],
    async stop() {
      // Not waited for: a connection that hangs in a broken test would keep the server from being stopped.
      void Promise.allSettled([roots.end(), ...pools.map((one) => one.promise().end())]);
      await server.stop();
    },
  };
}
