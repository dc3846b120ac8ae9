import type { Cursor, Found, Page, SessionId, SessionRecord } from "../../core/seam.ts";
import { onlyFields } from "../only-fields.ts";
import { sortedList, type SortedList } from "./sorted-list.ts";

/** Kinds and wakes of the records in memory. */
export interface Indexes {
  /** A record was put in the place of another. */
  moved(from: SessionRecord | undefined, to: SessionRecord | undefined): void;
  /** How many of the kind have not ended. */
  live(kind: string): number;
  ofKind(kind: string, page: Page | undefined): Found;
  /** At most `limit`, the earliest first. */
  due(before: number, page: Page | undefined): Found;
  clear(): void;
}

interface Kind {
  readonly ids: SortedList<SessionId>;
  live: number;
}
interface Wake {
  readonly wake: number;
  readonly id: SessionId;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byWake = (a: Wake, b: Wake): number => a.wake - b.wake || byText(a.id, b.id);

/** @param record of an id, as it stands. */
export function indexes(record: (id: SessionId) => SessionRecord | undefined): Indexes {
  const kinds = new Map<string, Kind>();
  let wakes = sortedList(byWake);

  function kindOf(name: string): Kind {
    let kind = kinds.get(name);
    if (kind === undefined) kinds.set(name, (kind = { ids: sortedList<SessionId>(byText), live: 0 }));
    return kind;
  }

  /** @yields the records of these ids. */
  function* recordsOf(ids: Iterable<SessionId>): Iterable<SessionRecord> {
    for (const id of ids) {
      const found = record(id);
      if (found !== undefined) yield found;
    }
  }

  return {
    moved(from, to) {
      if (from?.kind !== to?.kind) {
        if (from !== undefined) {
          const kind = kindOf(from.kind);
          kind.ids.remove(from.id);
          if (kind.ids.size === 0) kinds.delete(from.kind);
        }
        if (to !== undefined) kindOf(to.kind).ids.add(to.id);
      }
      if (from !== undefined && from.ended === undefined) {
        const kind = kinds.get(from.kind);
        if (kind !== undefined) kind.live--;
      }
      if (to !== undefined && to.ended === undefined) kindOf(to.kind).live++;
      if (from?.wake === to?.wake) return;
      if (from?.wake !== undefined) wakes.remove({ wake: from.wake, id: from.id });
      if (to?.wake !== undefined) wakes.add({ wake: to.wake, id: to.id });
    },
    live: (kind) => kinds.get(kind)?.live ?? 0,
    ofKind(kind, { after, limit = 100, only } = {}) {
      const ids = kinds.get(kind)?.ids;
      const records: SessionRecord[] = [];
      if (ids === undefined) return { records };
      for (const found of recordsOf(ids.from(after as string | undefined as SessionId | undefined))) {
        if ((found.id as string) === (after as string | undefined)) continue;
        if (records.length === limit) return { records, next: records.at(-1)?.id as string as Cursor };
        records.push(onlyFields(found, only));
      }
      return { records };
    },
    due(before, { limit = 100, only } = {}) {
      const records: SessionRecord[] = [];
      for (const { wake, id } of wakes.from()) {
        if (wake > before || records.length === limit) break;
        const found = record(id);
        if (found !== undefined) records.push(onlyFields(found, only));
      }
      return { records };
    },
    clear() {
      kinds.clear();
      wakes = sortedList(byWake);
    },
  };
}
