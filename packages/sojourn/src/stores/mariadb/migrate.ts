import { SojournError, storeUnavailable } from "../../core/errors.ts";
import type { MariadbClient, MariadbConnection } from "./client.ts";
import { isAbsent, unavailable } from "./faults.ts";
import { migrationsOf, namesOf, settings, type MariadbNames } from "./schema.ts";

/** Settings of {@link migrateMariadb}. */
export interface MariadbMigrateOptions {
  /** What the names of all tables and procedures begin with: letters, digits and `_`, at most 32. Default `"sojourn_"`. */
  readonly prefix?: string;
}

/** The newest version of the schema that this release knows. */
export const schemaVersion = 1;
/** s for which one process waits for another that migrates. */
const lockFor = 10;

/**
 * Brings the tables in the database to what this release needs: makes them, or applies the migrations that are missing, one process at a time. May be repeated.
 *
 * Needs the rights CREATE, ALTER, INDEX, CREATE ROUTINE and ALTER ROUTINE beside those of the store.
 * @throws {SojournError} `invalid_option`: the prefix is wrong, tables of others stand under it, or a newer release made them · `store_unavailable`
 */
export async function migrateMariadb(client: MariadbClient, { prefix = "sojourn_" }: MariadbMigrateOptions = {}): Promise<void> {
  const names = checkedNames(prefix);
  let connection: MariadbConnection;
  try {
    connection = await client.connect(settings);
  } catch (error) {
    throw unavailable("connecting to MariaDB", error);
  }
  const lock = `CONCAT('sojourn ', LEFT(SHA2(CONCAT(DATABASE(), ' ${prefix}'), 256), 48))`;
  try {
    const { rows } = await connection.query(`SELECT DATABASE(), GET_LOCK(${lock}, ${lockFor})`);
    const [database, locked] = rows[0] ?? [];
    if (database === null) throw storeUnavailable("the pool names no database. Set its database option; nothing was written");
    if (Number(locked) !== 1) throw storeUnavailable(`another process has been migrating the tables for more than ${lockFor} s; nothing was written`);
    await migrate(connection, names);
    await connection.query(`DO RELEASE_LOCK(${lock})`);
  } catch (error) {
    // Closing the connection gives the lock back, whatever state it is in.
    connection.destroy();
    throw unavailable("migrating", error);
  }
  connection.release();
}

/** @throws {SojournError} `invalid_option` */
export function checkedNames(prefix: string): MariadbNames {
  if (typeof prefix === "string" && /^\w{1,32}$/.test(prefix)) return namesOf(prefix);
  throw new SojournError("invalid_option", `prefix is ${JSON.stringify(prefix)}. Give letters, digits and "_", at most 32.`);
}

/** What a row of the table of versions says. @throws {SojournError} `invalid_option` when a newer release wrote it. */
export function checkedVersion(value: unknown): number {
  const version = Number(value ?? 0);
  if (version <= schemaVersion) return version;
  throw new SojournError(
    "invalid_option",
    `The tables of the session store have the schema version ${version}; this release knows ${schemaVersion}. Use the release that made them, or a newer one.`,
  );
}

/** That the tables under the prefix are another's. */
export function foreignTables(table: string): SojournError {
  return new SojournError("invalid_option", `The table ${table} is there and not the session store's. Give another prefix, or another database.`);
}

async function migrate(connection: MariadbConnection, names: MariadbNames): Promise<void> {
  const { meta } = names;
  const tables = [names.session, names.alias, names.live, names.slot];
  const present = await connection.query(`SELECT LOWER(table_name) FROM information_schema.tables WHERE table_schema = DATABASE()`);
  const there = new Set(present.rows.map(([name]) => String(name)));
  if (!there.has(meta.toLowerCase())) {
    const foreign = tables.find((table) => there.has(table.toLowerCase()));
    if (foreign !== undefined) throw foreignTables(foreign);
    await connection.query(
      `CREATE TABLE ${meta} (name VARBINARY(32) NOT NULL PRIMARY KEY, value BIGINT NOT NULL) ENGINE = InnoDB COMMENT = 'Sojourn: the version of its tables'`,
    );
  }
  const kept = await connection.query(`SELECT value FROM ${meta} WHERE name = 'schema'`).catch((error: unknown) => {
    throw isAbsent(error, "column") ? foreignTables(meta) : error;
  });
  const version = checkedVersion(kept.rows[0]?.[0]);
  for (const [i, steps] of migrationsOf(names).entries()) {
    if (i < version) continue;
    for (const step of steps) await connection.query(step);
    await connection.query(`REPLACE INTO ${meta} (name, value) VALUES ('schema', ${i + 1})`);
  }
}
