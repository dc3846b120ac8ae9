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
  ScrubOptions,
  ScrubReport,
  SessionId,
  SessionRecord,
  Store,
} from "../../core/seam.ts";
import { mergeValuesOf, valuesOf } from "./change-values.ts";
import type { MariadbClient, MariadbValue } from "./client.ts";
import { isFull, unavailable } from "./faults.ts";
import { find } from "./find.ts";
import { hashOf } from "./hash-of.ts";
import { checkedNames } from "./migrate.ts";
import { outcomeOf } from "./outcome.ts";
import { readiness } from "./readiness.ts";
import { columns, recordOf } from "./row.ts";
import { scrub } from "./scrub.ts";
import { tripsBy } from "./trips.ts";

export type { MariadbAnswer, MariadbClient, MariadbConnection, MariadbValue } from "./client.ts";
export { fromMysql2, type Mysql2Connection, type Mysql2Pool, type Mysql2PromisePool, type Mysql2Query } from "./from-mysql2.ts";
export { migrateMariadb, type MariadbMigrateOptions } from "./migrate.ts";

/** Settings of {@link mariadbStore}. */
export interface MariadbStoreOptions {
  /** What the names of all tables and procedures begin with: letters, digits and `_`, at most 32. Default `"sojourn_"`. */
  readonly prefix?: string;
  /** Makes the tables, or applies migrations that are missing, at the first call. Default true; with false they are only looked at. */
  readonly migrate?: boolean;
}

/** A session store in a MariaDB database, shared by any number of machines. */
export interface MariadbStore extends Store, ClockedStore, CountableStore, ScrubbableStore {
  load(id: SessionId, options?: CallOptions): Promise<SessionRecord | undefined>;
  commit(change: Change, options?: CallOptions): Promise<Outcome>;
  find(query: Query, page?: Page): Promise<Found>;
  now(): Promise<number>;
  count(query: { readonly kind: string }): Promise<number>;
  scrub(options?: ScrubOptions): Promise<ScrubReport>;
  close(): Promise<void>;
}

/** Bytes of a packet that are not values, at most: its head, and for each value its type and length. */
const packetHead = 1024;

/**
 * Keeps sessions in MariaDB 10.6 or newer.
 *
 * Opens nothing: the first call connects, and makes or looks at the tables; that is tried again at every call until it succeeds. Each verb is one statement and one
 * round trip; a merge that is refused takes two. A commit is never sent a second time once it may have arrived. `count` does not lag. `close` leaves the client open.
 *
 * @param client what {@link fromMysql2} makes of a pool; the pool has to name a database.
 * @throws {SojournError} `invalid_option` when a setting is wrong. Its verbs: `store_unavailable`, `outcome_unknown`, `record_unreadable`; `invalid_option` when tables of
 * others stand under the prefix or a newer release made them; `too_large` for a change beyond max_allowed_packet; `invalid_field` for a text that is not well-formed Unicode.
 */
export function mariadbStore(client: MariadbClient, { prefix = "sojourn_", migrate = true }: MariadbStoreOptions = {}): MariadbStore {
  const names = checkedNames(prefix);
  const trips = tripsBy(client);
  const ready = readiness(client, trips, names, prefix, migrate);
  let closed = false;

  const load = `SELECT ${columns} FROM ${names.session} s WHERE s.id = ?`;
  // LAST_INSERT_ID brings the new version back in the answer to an UPDATE.
  const merge = `UPDATE ${names.session} SET version = LAST_INSERT_ID(version + 1), fields = CONCAT(REGEXP_REPLACE(fields, ?, ''), ?)
    WHERE id = ? AND ended IS NULL AND version = COALESCE(?, version) AND epoch = COALESCE(?, epoch)`;
  const call = `CALL ${names.commit}(${Array.from({ length: 22 }, () => "?").join()})`;
  const count = `SELECT COALESCE(SUM(live), 0) FROM ${names.live} WHERE kind_hash = ?`;
  // Of a statement's start. Not by UNIX_TIMESTAMP, which goes through the time zone of the connection.
  const now = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000";

  async function begin(): Promise<{ readonly packet: number }> {
    if (closed) throw storeUnavailable("it was closed");
    return ready();
  }

  async function commit(change: Change, deadline: number | undefined): Promise<Outcome> {
    const merging = mergeValuesOf(change);
    const { packet } = await begin();
    if (merging !== undefined) {
      fits(merging, packet);
      const { affected, insertId } = await trips.write(merge, merging, deadline);
      if (affected > 0) return { ok: true, version: insertId };
      // The procedure knows why; or the record has changed since, and it merges.
    }
    const { values, aliases } = valuesOf(change);
    fits(values, packet);
    const { rows } = await trips.write(call, values, deadline);
    return outcomeOf(rows[0], aliases);
  }

  return {
    async load(id, options) {
      await begin();
      const { rows } = await trips.read(load, [Buffer.from(id)], options?.deadline);
      if (rows[0] === undefined) return undefined;
      try {
        return recordOf(rows[0]);
      } catch (error) {
        throw recordUnreadable(id, error as Error);
      }
    },
    async commit(change, options) {
      try {
        return await commit(change, options?.deadline);
      } catch (error) {
        if (isFull(error)) return { ok: false, why: "full", of: "store" };
        throw unavailable("writing", error);
      }
    },
    async find(query, page) {
      await begin();
      return find(trips, names, query, page);
    },
    async now() {
      await begin();
      return Number((await trips.read(now, [])).rows[0]?.[0]);
    },
    async count({ kind }) {
      await begin();
      return Number((await trips.read(count, [hashOf(kind, "a kind")])).rows[0]?.[0]);
    },
    async scrub(options) {
      await begin();
      return scrub(trips, names, options);
    },
    async close() {
      closed = true;
    },
  } satisfies Store & ClockedStore & CountableStore & ScrubbableStore;
}

/** The server would close the connection on a larger packet, and nobody would know why. */
function fits(values: readonly MariadbValue[], packet: number): void {
  let bytes = packetHead;
  for (const value of values) bytes += typeof value === "object" ? (value?.length ?? 0) : 8;
  if (bytes <= packet) return;
  throw new SojournError(
    "too_large",
    `The change has about ${bytes} bytes, and MariaDB takes ${packet}. Nothing was written. Raise max_allowed_packet to 16 MB.`,
  );
}
