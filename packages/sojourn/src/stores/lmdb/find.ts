import type { Cursor, Found, Page, Query, SessionRecord } from "../../core/seam.ts";
import { satisfies } from "../../core/seam.ts";
import { holderOf } from "./indexes.ts";
import { kindKey, sortable, subjectKey } from "./keys.ts";
import { keysOf, type Layout } from "./layout.ts";
import { UnreadableRecord } from "./record-codec.ts";

/** Looks a query up in the index and reads the records that it leads to, all in one snapshot that is given back at the end. */
export function find(
  layout: Layout,
  at: (place: string) => SessionRecord | undefined,
  query: Query,
  { after = "" as Cursor, limit = 100, only }: Page = {},
): Found {
  const records: SessionRecord[] = [];
  let from = "wakeBefore" in query ? ("" as Cursor) : after;
  for (;;) {
    const { places, next } = look(layout, query, from, limit - records.length);
    for (const place of places) {
      const record = readable(at, place);
      if (record !== undefined && satisfies(record, query)) records.push(only === undefined ? record : { ...record, fields: pick(record.fields, only) });
    }
    // Due wakes have no cursor: those behind a record that cannot be read would never come.
    if (next === undefined || !("wakeBefore" in query)) return next === undefined ? { records } : { records, next };
    if (records.length === limit) return { records };
    from = next;
  }
}

/** A record that cannot be read is an error to whoever loads it, not to everybody whose listing it would be in. `scrub` names it. */
function readable(at: (place: string) => SessionRecord | undefined, place: string): SessionRecord | undefined {
  try {
    return at(place);
  } catch (error) {
    if (error instanceof UnreadableRecord) return undefined;
    throw error;
  }
}

function look(layout: Layout, query: Query, after: Cursor, limit: number): { places: readonly string[]; next?: Cursor | undefined } {
  const { index } = layout;
  if ("alias" in query) {
    const place = holderOf(layout, query.alias);
    return { places: place === undefined ? [] : [place] };
  }
  if ("wakeBefore" in query) {
    // Above the last place of that very moment, below the first of the next.
    const keys = keysOf(index, after === "" ? "w" : `${after}\0`, `w${sortable(query.wakeBefore)}\xff`, limit);
    return { places: keys.map((key) => key.slice(9)), next: keys.length === limit ? (keys.at(-1) as Cursor | undefined) : undefined };
  }
  const prefix = "subject" in query ? subjectKey(query.subject, "") : kindKey(query.kind, "");
  const keys = keysOf(index, after === "" ? prefix : `${prefix}${after}\0`, `${prefix}\xff`, limit);
  const places = keys.map((key) => key.slice(prefix.length));
  return { places, next: keys.length === limit ? (places.at(-1) as Cursor | undefined) : undefined };
}

function pick(fields: SessionRecord["fields"], only: readonly string[]): SessionRecord["fields"] {
  const picked = Object.create(null) as Record<string, string>;
  for (const name of only) if (fields[name] !== undefined) picked[name] = fields[name];
  return picked;
}
