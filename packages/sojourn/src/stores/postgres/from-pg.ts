import { isLost, NotSentError, type PostgresClient, type PostgresRow } from "./postgres-client.ts";

/** What is used of a `Pool` of the package `pg` (8). */
export interface PgPool {
  connect(): Promise<PgConnection>;
  on(event: "connect", listener: (made: PgConnection) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  readonly options?: { readonly max?: number };
}

/** What is used of one of its clients. */
export interface PgConnection {
  query(config: { text: string; name?: string; values?: unknown[] }): Promise<{ rows: unknown[] }>;
  release(destroy?: boolean): void;
  on(event: "notification", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
}

/** Settings of {@link fromPg}. */
export interface FromPgOptions {
  /** False: statements are not kept prepared, for a pooler that gives each transaction another connection and does not know them. Default true. */
  readonly prepare?: boolean;
}

/**
 * A client of PostgreSQL from a pool of the package `pg`. The pool stays yours; while somebody watches, one of its connections listens.
 *
 * A pool of `pg` tells of idle connections that break by an `"error"` event, and one that nobody listens to ends the process. This listens.
 */
export function fromPg(pool: PgPool, { prepare = true }: FromPgOptions = {}): PostgresClient {
  const guarded = new WeakSet<PgConnection>();
  pool.on("error", ignore);
  // The answer to connecting and the end of the server may come in one packet, before anybody is given the connection.
  pool.on("connect", guard);

  async function connection(): Promise<PgConnection> {
    let taken: PgConnection;
    try {
      taken = await pool.connect();
    } catch (error) {
      throw new NotSentError(error);
    }
    guard(taken);
    return taken;
  }

  /** The pool takes its own listener off while a connection is out. */
  function guard(made: PgConnection): void {
    if (guarded.has(made)) return;
    guarded.add(made);
    made.on("error", ignore);
  }

  async function run(config: Parameters<PgConnection["query"]>[0], deadline?: number): Promise<{ rows: unknown[] }> {
    const taken = await connection();
    if (deadline !== undefined && deadline <= Date.now()) {
      taken.release();
      throw new NotSentError();
    }
    try {
      const result = await taken.query(config);
      taken.release();
      return result;
    } catch (error) {
      taken.release(isLost(error));
      // It was found broken before anything was put on it.
      throw /not queryable/.test(String(error)) ? new NotSentError(error) : error;
    }
  }

  return {
    async query({ name, text }, values, deadline) {
      const config = prepare ? { name, text, values: values as unknown[] } : { text, values: values as unknown[] };
      return (await run(config, deadline)).rows as PostgresRow[];
    },
    async script(text) {
      await run({ text });
    },
    async listen(channel, heard, lost) {
      // Else nothing would be left for statements. Whoever watches asks once a second then.
      if (pool.options?.max === 1) throw new Error("a pool of one connection has none to listen with");
      const taken = await connection();
      let over = false;
      const end = (broken: boolean): void => {
        if (over) return;
        over = true;
        // What it listens to must not stay with a connection that others use.
        taken.release(true);
        if (broken) lost();
      };
      taken.on("notification", () => over || heard());
      taken.on("error", () => end(true));
      taken.on("end", () => end(true));
      try {
        await taken.query({ text: `listen "${channel}"` });
      } catch (error) {
        end(false);
        throw error;
      }
      heard();
      return async () => end(false);
    },
  };
}

const ignore = (): void => undefined;
