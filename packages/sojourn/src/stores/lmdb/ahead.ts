import { apply } from "../../core/apply.ts";
import type { Change, Outcome, SessionId, SessionRecord } from "../../core/seam.ts";

/**
 * Changes that were acknowledged before their transaction (`durability: "relaxed"`): this process reads its own writes at once.
 * They are put over whatever record is known, so that a change or an end by another process shows through.
 */
export interface Ahead {
  /** The record with what is on its way. The same object until one of the two changes. */
  over(record: SessionRecord): SessionRecord;
  /** Judges a change and, if it passes, counts it as made. The returned function says that it has arrived. */
  take(record: SessionRecord | undefined, change: Change): { readonly outcome: Outcome; readonly arrived?: () => void };
  /** A change of the session waits for its transaction: those after it have to wait too, or an end could undo what was acknowledged. Returns the release. */
  hold(id: SessionId): () => void;
  held(id: SessionId): boolean;
  readonly size: number;
}

interface Underway {
  base: SessionRecord;
  record: SessionRecord;
  readonly changes: Change[];
}

export function ahead(): Ahead {
  const underway = new Map<SessionId, Underway>();
  const holds = new Map<SessionId, number>();

  function over(record: SessionRecord): SessionRecord {
    const found = underway.get(record.id);
    if (found === undefined) return record;
    if (found.base !== record) {
      found.base = record;
      found.record = found.changes.reduce(applied, record);
    }
    return found.record;
  }

  function arrived(id: SessionId, change: Change): void {
    const found = underway.get(id) as Underway;
    // First in, first out: changes of one session are judged in order.
    found.changes.splice(found.changes.indexOf(change), 1);
    if (found.changes.length === 0) underway.delete(id);
    else found.record = found.changes.reduce(applied, found.base);
  }

  return {
    over,
    take(record, change) {
      const current = record === undefined ? undefined : over(record);
      const result = apply(current, change);
      if (!result.ok) return { outcome: result };
      const next = result.next as SessionRecord;
      const found = underway.get(change.id);
      if (found === undefined) underway.set(change.id, { base: record as SessionRecord, record: next, changes: [change] });
      else {
        found.changes.push(change);
        found.record = next;
      }
      return { outcome: { ok: true, version: next.version, record: next }, arrived: () => arrived(change.id, change) };
    },
    hold(id) {
      holds.set(id, (holds.get(id) ?? 0) + 1);
      return () => {
        const left = (holds.get(id) as number) - 1;
        if (left === 0) holds.delete(id);
        else holds.set(id, left);
      };
    },
    held: (id) => holds.has(id),
    get size() {
      return underway.size;
    },
  };
}

function applied(record: SessionRecord, change: Change): SessionRecord {
  const result = apply(record, change);
  return result.ok ? (result.next ?? record) : record;
}
