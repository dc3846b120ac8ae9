import { SojournError } from "../../core/errors.ts";
import type { MariadbAnswer, MariadbClient, MariadbConnection, MariadbValue } from "./client.ts";

/** The part of a mysql2 connection that is called. */
export interface Mysql2Connection {
  prepare(sql: string, done: (error: Error | null) => void): unknown;
  execute(options: Mysql2Query, done: (error: Error | null, result: unknown) => void): unknown;
  query(options: Mysql2Query, done: (error: Error | null, result: unknown) => void): unknown;
  release(): void;
  destroy(): void;
}
/** A statement, with the options that decide in which form the answer comes. */
export interface Mysql2Query {
  sql: string;
  values?: (Buffer | number | null)[];
  timeout: number;
  rowsAsArray: boolean;
  nestTables: boolean;
  namedPlaceholders: boolean;
  typeCast: boolean;
}
/** A pool of `mysql2`. */
export interface Mysql2Pool {
  readonly config?: object;
  getConnection(done: (error: NodeJS.ErrnoException | null, connection: Mysql2Connection) => void): void;
}
/** A pool of `mysql2/promise`. */
export interface Mysql2PromisePool {
  readonly pool: Mysql2Pool;
}

/** ms without an answer after which a connection is closed, so that dead ones do not fill the pool. */
const answerWithin = 10_000;

/**
 * A client for `mariadbStore` on a pool of `mysql2` or of `mysql2/promise`. The pool stays the caller's to end. Give the store a pool of its own: its connections
 * get settings of their own (strict mode, autocommit), and transactions of others have no business on them.
 *
 * A connection that does not answer within 10 seconds is closed.
 *
 * @throws {SojournError} `invalid_option` for a pool with `resetOnRelease`, which would undo the settings.
 */
export function fromMysql2(pool: Mysql2Pool | Mysql2PromisePool): MariadbClient {
  // The promise pool is a wrapper around this one; the callbacks of this one save a promise a call.
  const inner = "pool" in pool ? pool.pool : pool;
  const { resetOnRelease } = (inner.config ?? {}) as { resetOnRelease?: unknown };
  if (resetOnRelease === true) {
    throw new SojournError("invalid_option", "The pool has resetOnRelease, which undoes what the store sets on its connections. Leave it off.");
  }
  const lent = new WeakMap<Mysql2Connection, MariadbConnection>();
  return {
    async connect(settings) {
      const raw = await new Promise<Mysql2Connection>((resolve, reject) => {
        inner.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
      });
      const known = lent.get(raw);
      if (known !== undefined) return known;
      const fresh = connectionOn(raw);
      try {
        await fresh.query(settings);
      } catch (error) {
        fresh.destroy();
        throw error;
      }
      lent.set(raw, fresh);
      return fresh;
    },
  };
}

function connectionOn(raw: Mysql2Connection): MariadbConnection {
  const prepared = new Set<string>();
  const run = (how: "execute" | "query", sql: string, values?: readonly MariadbValue[]): Promise<MariadbAnswer> =>
    new Promise((resolve, reject) => {
      const form = { timeout: answerWithin, rowsAsArray: true, nestTables: false, namedPlaceholders: false, typeCast: true };
      const query = values === undefined ? { sql, ...form } : { sql, values: values as MariadbValue[], ...form };
      raw[how](query, (error, result) => (error ? reject(error) : resolve(answerOf(result))));
    });
  return {
    async prepare(sql) {
      if (prepared.has(sql)) return;
      await new Promise<void>((resolve, reject) => {
        // mysql2 has a limit of time for a query, and none for this.
        const late = setTimeout(() => {
          reject(new Error("no answer"));
          raw.destroy();
        }, answerWithin);
        raw.prepare(sql, (error) => {
          clearTimeout(late);
          if (error) reject(error);
          else resolve();
        });
      });
      prepared.add(sql);
    },
    execute: (sql, values) => run("execute", sql, values),
    query: (sql) => run("query", sql),
    release: () => raw.release(),
    destroy: () => raw.destroy(),
  };
}

/** Rows, the head of a statement without rows, or, after a CALL, a list of both. */
function answerOf(result: unknown): MariadbAnswer {
  if (!Array.isArray(result)) {
    const { affectedRows, insertId } = result as { affectedRows?: unknown; insertId?: unknown };
    return { rows: [], affected: Number(affectedRows ?? 0), insertId: Number(insertId ?? 0) };
  }
  const isCall = result.length > 0 && !Array.isArray(result.at(-1));
  return { rows: (isCall ? result[0] : result) as unknown[][], affected: 0, insertId: 0 };
}
