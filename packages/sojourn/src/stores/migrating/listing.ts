import { satisfies, type Cursor, type Found, type Page, type Query, type SessionRecord, type Store } from "../../core/seam.ts";
import { onlyFields } from "../only-fields.ts";
import { arrivalOf, hasCome, isMarker, ownFields, shown } from "./layout.ts";
import type { Mover } from "./mover.ts";

const atOnce = 32;

/**
 * `find` while sessions move. Of each session there is one record in `from`, a marker where it has moved: so the pages of `from` have each of them once,
 * however many move meanwhile. After them come those that began in `to`.
 */
export function listing(from: Store, to: Store, mover: Mover): (query: Query, page?: Page) => Promise<Found> {
  /** The session of a record that was found in `from`. */
  async function resolved(here: SessionRecord, page: Page): Promise<SessionRecord | undefined> {
    if (!isMarker(here)) return here;
    const { after: _, limit: __, only: ___, ...options } = page;
    return (await mover.find(here.id, options)).record;
  }

  /** What of the records of a page satisfies the query now. */
  async function kept(query: Query, page: Page, records: readonly SessionRecord[]): Promise<SessionRecord[]> {
    const result: SessionRecord[] = [];
    for (let i = 0; i < records.length; i += atOnce) {
      const some = await Promise.all(records.slice(i, i + atOnce).map((record) => resolved(record, page)));
      for (const record of some) if (record !== undefined && satisfies(record, query)) result.push(onlyFields(record, page.only));
    }
    return result;
  }

  function inner(page: Page, after?: string): Page {
    const { after: _, only, ...rest } = page;
    return { ...rest, ...(only && { only: [...only, ...ownFields] }), ...(after !== undefined && after !== "" && { after: after as Cursor }) };
  }

  async function pages(query: Query, page: Page): Promise<Found> {
    const { limit = 100 } = page;
    if (page.after?.startsWith("t") === true) return begunThere(query, page, limit, page.after.slice(1));
    const found = await from.find(query, inner(page, page.after?.slice(1)));
    const records = await kept(query, page, found.records);
    if (found.next !== undefined) return { records, next: `f${found.next}` as Cursor };
    if (records.length >= limit) return { records, next: "t" as Cursor };
    const more = await begunThere(query, page, limit - records.length, "");
    return { ...more, records: [...records, ...more.records] };
  }

  /** Those that no page of `from` has: that began in `to`, or were given this subject there, past us. */
  async function begunThere(query: Query, page: Page, limit: number, after: string): Promise<Found> {
    const found = await to.find(query, { ...inner(page, after), limit });
    const records: SessionRecord[] = [];
    for (const record of found.records) {
      if (arrivalOf(record) !== undefined) continue;
      const listed = hasCome(record) && (!("subject" in query) || (await from.load(record.id))?.subject === query.subject);
      if (!listed) records.push(shown(record));
    }
    return { records, ...(found.next === undefined ? undefined : { next: `t${found.next}` as Cursor }) };
  }

  async function holder(query: Query, page: Page): Promise<Found> {
    const there = await to.find(query, inner(page));
    if (there.records.length > 0) return { records: there.records.map(shown) };
    const here = await from.find(query, inner(page));
    return { records: await kept(query, { ...page }, here.records) };
  }

  async function due(query: Query, page: Page): Promise<Found> {
    // In this order: what moves between the two is found twice and not missed.
    const here = await from.find(query, inner(page));
    const there = await to.find(query, inner(page));
    const known = new Map<string, SessionRecord>();
    for (const record of await kept(query, page, here.records)) known.set(record.id, record);
    const arrived = there.records.filter((record) => arrivalOf(record) === undefined);
    for (const record of await kept(query, page, await landed(there.records))) known.set(record.id, record);
    for (const record of arrived) known.set(record.id, shown(record));
    const records = [...known.values()].sort((a, b) => (a.wake as number) - (b.wake as number));
    return { records: records.slice(0, page.limit ?? 100) };
  }

  /** Copies that somebody left half-way. One that is nothing is taken away: it would be due for ever. */
  async function landed(records: readonly SessionRecord[]): Promise<SessionRecord[]> {
    const sessions: SessionRecord[] = [];
    for (const copy of records) {
      if (arrivalOf(copy) === undefined) continue;
      const home = await mover.find(copy.id);
      if (home.at === "to") sessions.push(home.record);
      else if (home.at === "nowhere" && home.copy !== undefined) await to.commit({ id: copy.id, expect: home.copy.version, erase: true });
    }
    return sessions;
  }

  return (query, page = {}) => {
    if ("alias" in query) return holder(query, page);
    return "wakeBefore" in query ? due(query, page) : pages(query, page);
  };
}
