import { commitProcedure } from "./commit-procedure.ts";

/** The names of everything that the store makes, by its prefix. */
export interface MariadbNames {
  readonly meta: string;
  readonly session: string;
  readonly alias: string;
  readonly live: string;
  readonly slot: string;
  readonly commit: string;
  readonly recount: string;
}

/** @param prefix letters, digits and `_`. */
export function namesOf(prefix: string): MariadbNames {
  return {
    meta: `${prefix}meta`,
    session: `${prefix}session`,
    alias: `${prefix}alias`,
    live: `${prefix}live`,
    slot: `${prefix}slot`,
    // What the procedures do changes with the schema: a process of an older release goes on with its own.
    commit: `${prefix}commit_1`,
    recount: `${prefix}recount_1`,
  };
}

/** Rows of `slot` that are locks on kinds; the rest are locks on subjects. */
export const kindSlots = 64;
export const subjectSlots = 1024;

/** What is set on each connection: strict, so that nothing is cut off in silence; every statement its own transaction; and no waiting for a lock beyond the usual deadline of a call. */
export const settings: string =
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', autocommit = 1, innodb_lock_wait_timeout = 2, default_regex_flags = ''";

/**
 * The migrations, in order: the first makes version 1. Each step may be repeated, because MariaDB cannot undo half of a migration.
 * Published ones never change; what changes is added at the end.
 */
export function migrationsOf(names: MariadbNames): readonly (readonly string[])[] {
  return [
    [
      // Everything is bytes: MariaDB's collations would take "a" for "a ". Hashes are what is indexed, because texts of 1024 characters are too long for it.
      `CREATE TABLE IF NOT EXISTS ${names.session} (
        id VARBINARY(255) NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        kind VARBINARY(4096) NOT NULL,
        subject VARBINARY(4096),
        wake BIGINT,
        epoch BIGINT NOT NULL,
        ended BLOB,
        aliases LONGBLOB NOT NULL,
        fields LONGBLOB NOT NULL,
        kind_hash BINARY(32) AS (UNHEX(SHA2(kind, 256))) STORED,
        subject_hash BINARY(32) AS (IF(ended IS NULL, UNHEX(SHA2(subject, 256)), NULL)) STORED,
        INDEX by_kind (kind_hash, id),
        INDEX by_subject (subject_hash, id),
        INDEX by_wake (wake, id)
      ) ENGINE = InnoDB ROW_FORMAT = DYNAMIC`,
      `CREATE TABLE IF NOT EXISTS ${names.alias} (
        hash BINARY(32) NOT NULL PRIMARY KEY,
        session VARBINARY(255) NOT NULL,
        INDEX by_session (session)
      ) ENGINE = InnoDB`,
      `CREATE TABLE IF NOT EXISTS ${names.live} (
        kind_hash BINARY(32) NOT NULL,
        shard SMALLINT NOT NULL,
        live BIGINT NOT NULL,
        PRIMARY KEY (kind_hash, shard)
      ) ENGINE = InnoDB`,
      `CREATE TABLE IF NOT EXISTS ${names.slot} (slot SMALLINT NOT NULL PRIMARY KEY) ENGINE = InnoDB`,
      `INSERT IGNORE INTO ${names.slot} (slot) VALUES ${Array.from({ length: kindSlots + subjectSlots }, (_, slot) => `(${slot})`).join()}`,
      `DROP PROCEDURE IF EXISTS ${names.commit}`,
      commitProcedure(names),
      `DROP PROCEDURE IF EXISTS ${names.recount}`,
      recountProcedure(names),
    ],
  ];
}

/**
 * Adds to the counters by how much each is wrong. Records and counters are read in one snapshot, and whoever commits meanwhile changes both by the same: the difference
 * stays right. The lock keeps a second repair from adding it once more.
 */
function recountProcedure({ recount, session, live, slot }: MariadbNames): string {
  return `CREATE PROCEDURE ${recount}() SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
  DECLARE locked INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SELECT slot INTO locked FROM ${slot} WHERE slot = 0 FOR UPDATE;
  INSERT INTO ${live} (kind_hash, shard, live)
    ${miscounted({ session, live })}
    ON DUPLICATE KEY UPDATE live = ${live}.live + VALUES(live);
  COMMIT;
END`;
}

/** The kinds whose counters are wrong, and by how much. */
export function miscounted({ session, live }: Pick<MariadbNames, "session" | "live">): string {
  return `SELECT counted.kind_hash, 0 AS shard, SUM(counted.n) AS difference FROM (
      SELECT kind_hash, 1 AS n FROM ${session} WHERE ended IS NULL
      UNION ALL SELECT kind_hash, -live AS n FROM ${live}
    ) counted GROUP BY counted.kind_hash HAVING SUM(counted.n) <> 0`;
}
