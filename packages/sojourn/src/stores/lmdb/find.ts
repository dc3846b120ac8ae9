import type { Cursor, Found, Page, Query, SessionRecord } from "../../core/seam.ts";
import { satisfies } from "../../core/seam.ts";
import { holderOf } from "./indexes.ts";
import { kindKey, sortable, subjectKey } from "./keys.ts";
import { keysOf, type Layout } from "./layout.ts";

/** Looks a query up in the index and reads the records that it leads to, all in one snapshot that is given back at the end. */
export function find(
  layout: Layout,
  at: (place: string) => SessionRecord | undefined,
  query: Query,
  { after = "" as Cursor, limit = 100, only }: Page = {},
): Found {
  const { places, next } = look(layout, query, after, limit);
  const records: SessionRecord[] = [];
  for (const place of places) {
    const record = at(place);
    if (record !== undefined && satisfies(record, query)) records.push(only === undefined ? record : { ...record, fields: pick(record.fields, only) });
  }
  return next === undefined ? { records } : { records, next };
}

function look(layout: Layout, query: Query, after: Cursor, limit: number): { places: readonly string[]; next?: Cursor | undefined } {
  const { index } = layout;
  if ("alias" in query) {
    const place = holderOf(layout, query.alias);
    return { places: place === undefined ? [] : [place] };
  }
  if ("wakeBefore" in query) {
    // Above the last place of that very moment, below the first of the next.
    const keys = keysOf(index, "w", `w${sortable(query.wakeBefore)}\xff`, limit);
    return { places: keys.map((key) => key.slice(9)) };
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
