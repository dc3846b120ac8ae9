import { missingMariadb, startMariadb } from "@sojourn/peers/mariadb";
import { startNats } from "@sojourn/peers/nats";
import { startPostgres } from "@sojourn/peers/postgres";
import { freePort, missing } from "@sojourn/peers/programs";
import { missingRedis, startRedis } from "@sojourn/peers/redis";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import pg from "pg";
import { onSlowEngine } from "./slow-engine.fixture.ts";

onSlowEngine("Redis", missingRedis(), async () => {
  const redis = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  /** Commands by which this asked. */
  let own = 0;
  const number = async (section: string, field: string): Promise<number> =>
    Number(new RegExp(`^${field}:(\\d+)`, "m").exec(await redis.ask("INFO", section))?.[1]);
  return {
    port: redis.port,
    url: (port) => `redis://127.0.0.1:${port}`,
    pool: 1,
    kill: () => redis.kill("SIGKILL"),
    restart() {
      own = 0;
      return redis.restart();
    },
    async counts() {
      const commands = await number("stats", "total_commands_processed");
      // One of them asks.
      const connections = (await number("clients", "connected_clients")) - 1;
      own += 2;
      return { commands: commands - own, connections };
    },
    stop: () => redis.stop(),
  };
});

onSlowEngine("PostgreSQL", missing("postgresql", "initdb", "postgres"), async () => {
  const postgres = await startPostgres({ settings: { shared_preload_libraries: "pg_stat_statements", "pg_stat_statements.track": "top" } });
  const pool = new pg.Pool({ connectionString: postgres.url, max: 1 });
  pool.on("error", () => undefined);
  await pool.query("create extension pg_stat_statements");
  return {
    port: postgres.port,
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    pool: 10,
    // "Immediate": without a word to clients or the disk, and none of its processes is left.
    kill: () => postgres.kill("SIGQUIT"),
    restart: () => postgres.restart(),
    async counts() {
      const { rows } = await pool.query<{ commands: string; connections: string }>(`select
        (select coalesce(sum(calls), 0) from pg_stat_statements where query !~ 'pg_stat_statements')::text as commands,
        (select count(*) from pg_stat_activity where application_name = 'sojournd')::text as connections`);
      return { commands: Number(rows[0]?.commands), connections: Number(rows[0]?.connections) };
    },
    async stop() {
      await pool.end();
      await postgres.stop();
    },
  };
});

onSlowEngine("MariaDB", missingMariadb(), async () => {
  const mariadb = await startMariadb();
  const root = async (): Promise<Awaited<ReturnType<typeof createConnection>>> => {
    const made = await createConnection(mariadb.rootUrl);
    made.on("error", () => undefined);
    return made;
  };
  let watching = await root();
  /** Questions by which this asked. */
  let own = 0;
  return {
    port: mariadb.port,
    url: (port) => `mysql://sojourn:sojourn@127.0.0.1:${port}/sojourn`,
    pool: 10,
    kill: () => mariadb.kill("SIGKILL"),
    async restart() {
      watching.destroy();
      await mariadb.restart();
      watching = await root();
      own = 0;
    },
    async counts() {
      const [rows] = await watching.query<RowDataPacket[]>("SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Threads_connected')");
      const value = (of: string): number => Number(rows.find((row) => row["Variable_name"] === of)?.["Value"]);
      return { commands: value("Questions") - ++own, connections: value("Threads_connected") - 1 };
    },
    async stop() {
      watching.destroy();
      await mariadb.stop();
    },
  };
});

onSlowEngine("NATS", missing("nats-server", "nats-server"), async () => {
  const monitor = await freePort();
  const nats = await startNats({ config: `http: "127.0.0.1:${monitor}"\n`, jetstreamConfig: "" });
  return {
    port: nats.port,
    url: (port) => `nats://127.0.0.1:${port}`,
    pool: 1,
    kill: () => nats.kill("SIGKILL"),
    restart: () => nats.restart(),
    async counts() {
      const answer = await fetch(`http://127.0.0.1:${monitor}/varz`);
      const { in_msgs: commands, connections } = (await answer.json()) as { in_msgs: number; connections: number };
      return { commands, connections };
    },
    stop: () => nats.stop(),
  };
});
