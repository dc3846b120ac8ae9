import { outcomeUnknown, SojournError, storeUnavailable } from "../../core/errors.ts";
import type { Refused } from "../../core/seam.ts";
import { isLost, NotSentError, stateOf } from "./postgres-client.ts";

/** What is wrong and the way out, by PostgreSQL's SQLSTATE. */
const ways: Readonly<Record<string, string>> = {
  "08P01": "the client and the server do not understand each other; look for a pooler between them that needs an upgrade",
  "0A000": "a statement that was prepared no longer fits the tables; if it goes on, the pooler must not share prepared statements",
  "25006":
    "the server, or the role, is read-only (25006): it is a standby, or default_transaction_read_only is on; connect to the primary (target_session_attrs=read-write)",
  "26000":
    "a prepared statement is gone (26000): a pooler gives each transaction another connection; give the client prepare: false, or let the pooler keep prepared statements",
  "28000": "the server does not let this role in (28000); look at pg_hba.conf",
  "28P01": "the password is wrong (28P01); look at the connection settings",
  "3D000": "there is no such database (3D000); create it, or look at the connection settings",
  "3F000": "the schema is gone (3F000); let a new process make it, or restore it",
  "42501":
    "the role may not do this (42501); grant it usage on the schema and select, insert, update, delete on its tables, or run migratePostgres with a role that may",
  "42P01": "a table is gone (42P01); restore it, or drop the schema and let a new process make it",
  "42P07": "the schema holds a table of somebody else with a name of ours (42P07); give the store a schema of its own",
  "42883": "a function is gone (42883); restore it, or drop the schema and let a new process make it",
  "53100": "the server's disk is full (53100); make room",
  "53200": "the server is out of memory (53200)",
  "53300": "the server has no connection left (53300); make the pools smaller, raise max_connections, or put a pooler before it",
  "55P03": "another transaction held a row of the session for longer than the call may wait (55P03); look in pg_stat_activity for one that does not end",
  "57014": "the statement was cancelled (57014), by statement_timeout or an operator",
  "57P01": "the server ends this connection (57P01): it was shut down, or an operator ended the connection",
  "57P02": "the server ends all connections because one of its processes crashed (57P02)",
  "57P03": "the server does not take connections just now (57P03): it starts, stops or recovers",
  SJ001: "the store needs transactions to begin as read committed; set default_transaction_isolation of its role or database to 'read committed'",
};

/** Nothing was written, and it may work at once: a deadlock or a conflict with another transaction, or a limit that came near meanwhile. */
export function isWorthRepeating(error: unknown): boolean {
  return ["40001", "40P01", "SJ002"].includes(stateOf(error) ?? "");
}

/** A refusal where the server refuses for want of room, which is a value. */
export function refusalOf(error: unknown): Refused | undefined {
  return stateOf(error) === "53100" ? { ok: false, why: "full", of: "store" } : undefined;
}

/** The error as one of ours. @param writes whether what was sent may have changed something */
export function explained(error: unknown, writes: boolean): SojournError {
  if (error instanceof SojournError) return error;
  const unsent = error instanceof NotSentError;
  const reason = unsent ? error.cause : error;
  if (unsent && reason === undefined) return storeUnavailable("the deadline had passed before the statement was sent; nothing was written");
  const what = wayOut(reason);
  if (writes && !unsent && isLost(error)) return outcomeUnknown(`${what}, and no answer came`, harmless(reason));
  return storeUnavailable(writes ? `${what}; nothing was written` : what, harmless(reason));
}

function wayOut(error: unknown): string {
  const state = stateOf(error);
  if (state !== undefined) return ways[state] ?? `PostgreSQL answers with error ${state}`;
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (/timeout exceeded when trying to connect/.test(String(message)))
    return "no connection of the pool became free in time; make the pool larger, or look for what holds its connections";
  if (/password must be a string/.test(String(message))) return "the server asks for a password and none was given; look at the connection settings";
  if (typeof code === "string" && code !== "") return `the connection failed with ${code}; is PostgreSQL running, and are host and port right?`;
  return "the connection to PostgreSQL is broken";
}

/** Errors of clients carry statements, parameters and rows; of those, none is for a log. */
function harmless(error: unknown): Error {
  const state = stateOf(error);
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  // Classes 22 and 23 and those without a name here quote values.
  const text = state === undefined || ways[state] !== undefined ? String(message) : `SQLSTATE ${state}`;
  return Object.assign(new Error(text.replaceAll(/\w+:\/\/\S+/g, "…")), typeof code === "string" && { code });
}
