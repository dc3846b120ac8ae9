import { milliseconds, type Duration } from "../../core/duration.ts";
import { recordUnreadable, SojournError, storeUnavailable } from "../../core/errors.ts";
import type {
  CallOptions,
  Change,
  ClockedStore,
  CountableStore,
  Found,
  Outcome,
  Page,
  Query,
  ScrubbableStore,
  ScrubReport,
  SessionId,
  SessionRecord,
  Store,
  WatchableStore,
} from "../../core/seam.ts";
import { commits } from "./commits.ts";
import { explained } from "./failures.ts";
import { feed } from "./feed.ts";
import { find } from "./find.ts";
import { checkSchemaName, migratePostgres } from "./migrate.ts";
import { isLost, NotSentError, type PostgresClient } from "./postgres-client.ts";
import { recordOf } from "./rows.ts";
import { scrub } from "./scrub.ts";
import { statementsOf } from "./statements.ts";
import { escaped, keyOf } from "./texts.ts";

export { fromPg, type FromPgOptions, type PgConnection, type PgPool } from "./from-pg.ts";
export { fromPostgresJs, type PostgresJs } from "./from-postgres-js.ts";
export { migratePostgres, type MigrateOptions } from "./migrate.ts";
export { NotSentError, type PostgresClient, type PostgresRow, type PostgresStatement } from "./postgres-client.ts";

/** Settings of {@link postgresStore}. */
export interface PostgresStoreOptions {
  /** Where the tables are: up to 40 small letters, digits and "_". Default "sojourn". */
  readonly schema?: string;
  /** Whether commits are told of, and the store can be watched. All stores on one schema have to say the same. Default false. */
  readonly feed?: boolean;
  /** Events kept, at least, for `watch` with a cursor. Default 10,000. */
  readonly keep?: number;
  /** Whether the first call makes and upgrades the tables. False: it only looks, and refuses what is too old. Default true. */
  readonly migrate?: boolean;
  /** How long a change may wait in the server for another transaction that holds the session; a call's own deadline makes it shorter. Default "10s". */
  readonly lockTimeout?: Duration;
}

/** A session store in PostgreSQL, shared by any number of processes. */
export interface PostgresStore extends Store, CountableStore, ClockedStore, ScrubbableStore, Partial<WatchableStore> {
  load(id: SessionId, options?: CallOptions): Promise<SessionRecord | undefined>;
  commit(change: Change, options?: CallOptions): Promise<Outcome>;
  find(query: Query, page?: Page): Promise<Found>;
  /** There with `feed: true`. */
  watch?: WatchableStore["watch"];
  /** The sum of what is counted in the transactions of the commits: it does not lag. */
  count(query: { readonly kind: string }): Promise<number>;
  /** The server's clock, epoch ms. */
  now(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Keeps sessions in PostgreSQL 13 or newer.
 *
 * Each verb is one statement, and each commit one transaction: what is acknowledged is as durable as `synchronous_commit` says. Opens nothing by itself; the first call makes or
 * upgrades the tables (see {@link migratePostgres}), and the next one tries again where that failed.
 *
 * @param client what {@link fromPg} or {@link fromPostgresJs} makes of your pool, which stays yours
 * @throws {SojournError} `invalid_option` when a setting is wrong. Calls throw `invalid_option` when the schema is of another release, `store_unavailable`, and `outcome_unknown` when a
 * change was sent and its answer did not come.
 */
export function postgresStore(
  client: PostgresClient,
  { schema = "sojourn", feed: feeds = false, keep = 10_000, migrate = true, lockTimeout = "10s" }: PostgresStoreOptions = {},
): PostgresStore {
  checkSchemaName(schema);
  if (!Number.isInteger(keep) || keep < 1) throw new SojournError("invalid_option", `keep is ${JSON.stringify(keep)}. Give a whole number above zero.`);
  const statements = statementsOf(schema, feeds);
  const longest = milliseconds(lockTimeout, "lockTimeout");
  const commit = commits({ client, statements, feed: feeds, longest });
  const events = feeds ? feed({ client, schema, keep }) : undefined;
  let ready: Promise<void> | "yes" | undefined;
  let closed = false;

  /** Nothing to wait for once the schema has been seen to be right. */
  function prepare(): Promise<void> | undefined {
    if (closed) return Promise.reject(storeUnavailable("it was closed"));
    if (ready === "yes") return undefined;
    if (ready !== undefined) return ready;
    ready = migratePostgres(client, { schema, migrate }).then(
      () => void (ready = "yes"),
      (error: unknown) => {
        ready = undefined;
        throw explained(error, false);
      },
    );
    return ready;
  }

  /** Reads once more when the connection was lost: a pool may not have noticed yet that the server was restarted. */
  async function reading<T>(act: () => Promise<T>): Promise<T> {
    const preparing = prepare();
    if (preparing !== undefined) await preparing;
    try {
      return await act().catch((error: unknown) => {
        if (error instanceof NotSentError || error instanceof SojournError || !isLost(error)) throw error;
        return act();
      });
    } catch (error) {
      throw explained(error, false);
    }
  }

  function told(outcome: Outcome): Outcome {
    if (outcome.ok) events?.landed();
    return outcome;
  }

  return {
    load: (id, options) =>
      reading(async () => {
        const [row] = await client.query(statements.load, [escaped(id)], options?.deadline);
        if (row === undefined) return undefined;
        try {
          return recordOf(row);
        } catch (error) {
          throw recordUnreadable(id, error as Error);
        }
      }),
    commit(change, options) {
      const preparing = prepare();
      const outcome = preparing === undefined ? commit(change, options) : preparing.then(() => commit(change, options));
      return events === undefined ? outcome : outcome.then(told);
    },
    find: (query, page) => reading(() => find(client, statements, query, page)),
    count: ({ kind }) => reading(async () => Number((await client.query(statements.count, [keyOf(kind)]))[0]?.["live"])),
    now: () => reading(async () => Number((await client.query(statements.now, []))[0]?.["now"])),
    scrub: (options) => reading((): Promise<ScrubReport> => scrub(client, schema, options)),
    ...(events && {
      watch: (tell, options) => reading(() => events.watch(tell, options?.after)),
    }),
    async close() {
      closed = true;
      await events?.close();
    },
  } satisfies PostgresStore;
}
