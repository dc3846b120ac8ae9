import { outcomeUnknown, SojournError, storeUnavailable } from "../../core/errors.ts";

/** Numbers of MariaDB's errors, by what they mean here. */
const full: ReadonlySet<number> = new Set([1021, 1114, 1041, 1037]);
const again: ReadonlySet<number> = new Set([1205, 1213, 1020]);
/** The server gave up in the middle: it does not say on which side of the commit. */
const unsaid: ReadonlySet<number> = new Set([1053, 1180, 1317, 1927]);

const ways: Readonly<Record<number, string>> = {
  1040: "MariaDB has no connection left (too many connections). Raise max_connections, or lower connectionLimit of the pool in each process",
  1044: "the user may not use this database. GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE on it, and CREATE, ALTER, INDEX, CREATE ROUTINE, ALTER ROUTINE for migrations",
  1045: "MariaDB refused the user or the password. Check user and password of the pool",
  1046: "the pool names no database. Set its database option",
  1049: "there is no database of that name. Create it, or set the database option of the pool",
  1142: "the user lacks a right on one of the tables. GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE; CREATE, ALTER, INDEX, CREATE ROUTINE, ALTER ROUTINE for migrations",
  1146: "one of its tables is gone. Was the database restored only in part?",
  1203: "the user has as many connections as it may (max_user_connections). Lower connectionLimit of the pool, or raise the user's limit",
  1205: "a lock that another transaction holds did not come free in time",
  1213: "transactions stood in each other's way again and again",
  1226: "the user has used up a resource that is limited for it (max_user_connections or the like)",
  1290: "MariaDB is read-only (read_only). Is this a replica? Connect to the primary",
  1305: "its stored procedure is gone (dumps leave procedures out unless made with --routines). Empty the store's table of its version, meta, and run migrateMariadb",
  1370: "the user may not run or make its stored procedures. GRANT EXECUTE, and CREATE ROUTINE, ALTER ROUTINE for migrations",
  1461: "MariaDB keeps no more prepared statements. Raise max_prepared_stmt_count",
  1665: "MariaDB writes its binary log by statements. Set binlog_format to MIXED or ROW",
  1792: "the transaction is read-only. Connect to the primary",
  1836: "MariaDB is read-only (innodb_read_only)",
};

interface Answered {
  readonly errno: number;
}

/** Whether the server answered with an error: then nothing of the statement stands, but for the few in {@link isUnsaid}. */
export function isAnswered(error: unknown): error is Answered {
  return error instanceof Error && "sqlState" in error && typeof (error as { errno?: unknown }).errno === "number";
}

/** Whether the server was out of room. Error 28 of the system comes inside of others. */
export function isFull(error: unknown): boolean {
  return isAnswered(error) && (full.has(error.errno) || /\b(?:errno|error):? 28\b/i.test((error as unknown as Error).message));
}

/** Whether the transaction was undone because of others, and may be tried again. */
export function isAgain(error: unknown): boolean {
  return isAnswered(error) && again.has(error.errno);
}

/** Whether the server's error leaves open what became of a write. */
export function isUnsaid(error: unknown): boolean {
  return isAnswered(error) && unsaid.has(error.errno);
}

/** Whether a table, or a column, is not there. */
export function isAbsent(error: unknown, ...what: readonly ("table" | "column")[]): boolean {
  return isAnswered(error) && ((what.includes("table") && error.errno === 1146) || (what.includes("column") && error.errno === 1054));
}

/** Our error for one of the client's, when nothing was written. Of what the server said only its number is told: its text may hold values. */
export function unavailable(doing: string, error: unknown): SojournError {
  if (error instanceof SojournError) return error;
  if (isAnswered(error)) {
    if (error.errno === 1048 || error.errno === 1301) {
      return new SojournError("too_large", "The record would be larger than a packet of MariaDB may be. Nothing was written. Raise max_allowed_packet.", {
        cause: error,
      });
    }
    if (error.errno === 1406) {
      return new SojournError("too_large", "An id is longer than 255 bytes, or a kind or a subject longer than 4096. Nothing was written.", { cause: error });
    }
    return storeUnavailable(`${ways[error.errno] ?? `${doing} failed with MariaDB's error ${error.errno}`}; nothing was written`, error);
  }
  return storeUnavailable(`${doing} failed (${codeOf(error)}); nothing was written`, error);
}

/** Our error for a write of which no answer came. */
export function unknown(error: unknown): SojournError {
  const what = isAnswered(error) ? `MariaDB gave up with error ${error.errno}` : `the connection was lost before the answer came (${codeOf(error)})`;
  return outcomeUnknown(what, error);
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "no code";
}
