import { apply, type Applied } from "../core/apply.ts";
import { satisfies, type Change, type Query, type Refused, type SessionId, type SessionRecord } from "../core/seam.ts";

/**
 * The plainest store there can be: {@link apply}, a map, and the three rules that need more than one record, each by looking at every record.
 * What other stores answer is compared with it.
 */
export interface PlainStore {
  readonly records: ReadonlyMap<SessionId, SessionRecord>;
  /** Every way in which the change may be refused: where several rules refuse it, a store may name any of them. Empty: it is to be made. */
  refusals(change: Change): readonly Refused[];
  /** Makes a change that nothing refuses. */
  make(change: Change): Applied & { readonly ok: true };
  holding(query: Query): readonly SessionRecord[];
  /** Records of a kind that have not ended. */
  count(kind: string): number;
}

/** A store without records. */
export function plainStore(): PlainStore {
  const records = new Map<SessionId, SessionRecord>();
  const holding = (query: Query): readonly SessionRecord[] => [...records.values()].filter((record) => satisfies(record, query));
  const count = (kind: string): number => holding({ kind }).filter((record) => record.ended === undefined).length;

  function refusals(change: Change): readonly Refused[] {
    const record = records.get(change.id);
    const applied = apply(record, change);
    if (!applied.ok) return [applied];
    const { next } = applied;
    if (next === undefined || next.ended !== undefined) return [];
    const refused: Refused[] = [];
    for (const alias of next.aliases) if (holding({ alias }).some(({ id }) => id !== change.id)) refused.push({ ok: false, why: "taken", alias });
    const { subject } = next;
    const joins = subject !== undefined && subject !== record?.subject;
    if (joins && change.subjectLimit !== undefined && holding({ subject }).length >= change.subjectLimit)
      refused.push({ ok: false, why: "full", of: "subject" });
    if (record === undefined && change.kindLimit !== undefined && count(next.kind) >= change.kindLimit) refused.push({ ok: false, why: "full", of: "kind" });
    return refused;
  }

  return {
    records,
    refusals,
    make(change) {
      const applied = apply(records.get(change.id), change);
      if (!applied.ok) throw new Error(`it is refused as ${applied.why}`);
      if (applied.next === undefined) records.delete(change.id);
      else records.set(change.id, applied.next);
      return applied;
    },
    holding,
    count,
  };
}
