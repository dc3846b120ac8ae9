import { connect } from "node:net";
import { pgPool } from "./clients.mjs";

/**
 * Counts what an engine is asked, by the engine itself.
 * @typedef {object} Counter
 * @property {() => Promise<Readonly<Record<string, number>>>} taken what it was asked since it was last asked so, by the name of the command.
 * @property {() => Promise<void>} close
 */

/**
 * By MONITOR, which tells what a script asks from what a client asks: the statistics of INFO add the commands in a script to those of the clients.
 * @param {string} url
 * @returns {Promise<Counter>}
 */
export async function redisCounter(url) {
  const port = Number(new URL(url).port);
  const watching = connect(port, "127.0.0.1");
  const asking = connect(port, "127.0.0.1");
  /** @type {Record<string, number>} */
  let counts = {};
  let rest = "";
  /** @type {{ mark: string, done: (counts: Record<string, number>) => void } | undefined} */
  let waiting;
  let marks = 0;
  watching.on("data", (/** @type {Buffer} */ data) => {
    const lines = (rest + data.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, from, command = ""] = /^\+\d+\.\d+ \[\d+ ([^\]]+)\] "([^"]+)"/.exec(line) ?? [];
      if (from === undefined || from === "lua") continue;
      if (waiting !== undefined && line.includes(waiting.mark)) {
        const { done } = waiting;
        waiting = undefined;
        done(counts);
        counts = {};
      } else counts[command.toUpperCase()] = (counts[command.toUpperCase()] ?? 0) + 1;
    }
  });
  watching.write("MONITOR\r\n");
  await new Promise((resolve) => watching.once("data", resolve));
  return {
    taken: () =>
      new Promise((done) => {
        waiting = { mark: `bench-mark-${++marks}-`, done };
        asking.write(`ECHO ${waiting.mark}\r\n`);
      }),
    async close() {
      watching.destroy();
      asking.destroy();
    },
  };
}

/**
 * By pg_stat_statements, of what clients ask and not of what is asked in functions.
 * @param {string} url
 * @returns {Promise<Counter>}
 */
export async function postgresCounter(url) {
  const pool = await pgPool(url, 1);
  await pool.query("create extension if not exists pg_stat_statements");
  // Of connections that are made from now on.
  await pool.query("alter database postgres set pg_stat_statements.track = 'top'");
  return {
    async taken() {
      const { rows } = await pool.query(
        "select split_part(upper(ltrim(query)), ' ', 1) as word, sum(calls)::int as calls from pg_stat_statements where query not ilike '%pg_stat_statements%' group by 1",
      );
      await pool.query("select pg_stat_statements_reset()");
      return Object.fromEntries(rows.map(({ word, calls }) => [/** @type {string} */ (word).trim(), /** @type {number} */ (calls)]));
    },
    async close() {
      await pool.query("alter database postgres reset pg_stat_statements.track");
      await pool.end();
    },
  };
}

/**
 * By MariaDB's counts of what clients sent.
 * @param {string} url
 * @returns {Promise<Counter>}
 */
export async function mariadbCounter(url) {
  const { createConnection } = await import("mysql2/promise");
  const connection = await createConnection({ uri: url });
  // Statements that were prepared are asked by COM_STMT_EXECUTE, others, such as this one, by COM_QUERY.
  const read = async () => {
    const [rows] = /** @type {[{ Variable_name: string, Value: string }[], unknown]} */ (
      await connection.query("show global status where Variable_name in ('Com_stmt_execute', 'Com_stmt_prepare', 'Questions')")
    );
    const of = (/** @type {string} */ name) => Number(rows.find(({ Variable_name: known }) => known === name)?.Value ?? NaN);
    return { EXECUTE: of("Com_stmt_execute"), PREPARE: of("Com_stmt_prepare"), Questions: of("Questions") };
  };
  let before = await read();
  return {
    async taken() {
      const now = await read();
      const counts = { EXECUTE: now.EXECUTE - before.EXECUTE, PREPARE: now.PREPARE - before.PREPARE, others: 0 };
      // Less the one that reads this.
      counts.others = now.Questions - before.Questions - counts.EXECUTE - 1;
      before = now;
      return counts;
    },
    close: () => connection.end(),
  };
}
