import { satisfies, type Cursor, type Found, type Page, type Query, type SessionRecord } from "../../core/seam.ts";
import { onlyFields } from "../only-fields.ts";
import type { MariadbValue } from "./client.ts";
import { patternOfOthers } from "./field-lines.ts";
import { hashOf } from "./hash-of.ts";
import { columns, columnsWith, recordOf } from "./row.ts";
import type { MariadbNames } from "./schema.ts";
import type { Trips } from "./trips.ts";

/**
 * The records of a query: one statement, one snapshot. A kind and a subject are listed by id, and a cursor is the last id. A record that cannot be read is left out.
 * @throws {SojournError} `store_unavailable`
 */
export async function find(trips: Trips, names: MariadbNames, query: Query, page: Page = {}): Promise<Found> {
  const limit = Math.max(0, Math.floor(Math.min(page.limit ?? 100, 1e9)));
  const { fields, values } = fieldsWanted(page.only);
  const { from, keys, paged } = sourceOf(names, query, page.after);
  const { rows } = await trips.read(`SELECT ${fields} ${from} LIMIT ?`, [...values, ...keys, limit + (paged ? 1 : 0)], page.deadline);
  const records = rows.slice(0, limit).flatMap((row) => readable(row) ?? []);
  const last = rows[limit - 1];
  return {
    records: records.filter((record) => satisfies(record, query)).map((record) => onlyFields(record, page.only)),
    ...(rows.length > limit && last !== undefined && { next: String(last[0]) as Cursor }),
  };
}

/** The statement behind `FROM`, by an index of its own for each query. */
export function sourceOf(
  { session, alias }: MariadbNames,
  query: Query,
  after: Cursor | undefined,
): { from: string; keys: readonly MariadbValue[]; paged: boolean } {
  const begin = Buffer.from(after ?? "");
  if ("alias" in query) {
    const from = `FROM ${alias} a JOIN ${session} s ON s.id = a.session WHERE a.hash = ? AND s.id > ?`;
    return { from, keys: [hashOf(query.alias, "an alias"), begin], paged: false };
  }
  if ("subject" in query)
    return { from: `FROM ${session} s WHERE s.subject_hash = ? AND s.id > ? ORDER BY s.id`, keys: [hashOf(query.subject, "a subject"), begin], paged: true };
  if ("kind" in query)
    return { from: `FROM ${session} s WHERE s.kind_hash = ? AND s.id > ? ORDER BY s.id`, keys: [hashOf(query.kind, "a kind"), begin], paged: true };
  // NaN is before everything.
  const before = Math.max(-1, Math.min(Math.floor(query.wakeBefore), Number.MAX_SAFE_INTEGER)) || (query.wakeBefore >= 0 ? 0 : -1);
  return { from: `FROM ${session} s WHERE s.wake <= ? ORDER BY s.wake, s.id`, keys: [before], paged: false };
}

/** The server leaves out the fields that nobody asked for, as far as one pattern can say which; the rest is left out here. */
function fieldsWanted(only: readonly string[] | undefined): { fields: string; values: readonly MariadbValue[] } {
  if (only === undefined) return { fields: columns, values: [] };
  if (only.length === 0) return { fields: columnsWith("''"), values: [] };
  const others = patternOfOthers(only);
  if (others === undefined) return { fields: columns, values: [] };
  return { fields: columnsWith("REGEXP_REPLACE(s.fields, ?, '')"), values: [Buffer.from(others)] };
}

function readable(row: readonly unknown[]): SessionRecord | undefined {
  try {
    return recordOf(row);
  } catch {
    return undefined;
  }
}
