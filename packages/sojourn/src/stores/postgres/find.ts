import { satisfies, type Cursor, type Found, type Page, type Query, type SessionRecord } from "../../core/seam.ts";
import type { PostgresClient } from "./postgres-client.ts";
import { recordOf } from "./rows.ts";
import type { Statements } from "./statements.ts";
import { arrayLiteral, keyOf } from "./texts.ts";

/** One page, by one statement. A page begins after the id at which the last one ended. */
export async function find(client: PostgresClient, statements: Statements, query: Query, page: Page = {}): Promise<Found> {
  const { after, limit = 100, only, deadline } = page;
  const by = "alias" in query ? "alias" : "subject" in query ? "subject" : "kind" in query ? "kind" : "wakeBefore";
  const sought =
    "wakeBefore" in query ? String(Math.floor(query.wakeBefore)) : keyOf("alias" in query ? query.alias : "subject" in query ? query.subject : query.kind);
  const paged = by === "subject" || by === "kind";
  const rows = await client.query(
    statements.find(by, only !== undefined),
    // One more than asked for tells whether there is a next page.
    [sought, String(paged ? limit + 1 : limit), ...(paged ? [after ?? ""] : []), ...(only === undefined ? [] : [arrayLiteral(only)])],
    deadline,
  );
  const shown = rows.slice(0, limit);
  const records = shown.flatMap((row): SessionRecord[] => {
    try {
      const record = recordOf(row);
      return satisfies(record, query) ? [record] : [];
    } catch {
      // `load` of it is an error and `scrub` names it; its neighbours are well.
      return [];
    }
  });
  const last = shown.at(-1)?.["id"];
  // The cursor is the id as the database keeps it.
  return paged && rows.length > limit && typeof last === "string" ? { records, next: last as Cursor } : { records };
}
