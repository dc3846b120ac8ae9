import * as fc from "fast-check";
import { expect, test } from "vitest";
import { apply } from "../../core/apply.ts";
import { satisfies, type Change, type Outcome, type Query, type SessionId, type SessionRecord } from "../../core/seam.ts";
import { memoryStore } from "./memory.ts";

const pick = <const T extends readonly unknown[]>(...values: T): fc.Arbitrary<T[number]> => fc.constantFrom<T[number][]>(...values);
const ids = Array.from({ length: 12 }, (_, i) => `session-${i}` as SessionId);
const texts = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 90 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 400 }) },
  { weight: 1, arbitrary: pick("x".repeat(3000), "") },
);
const names = pick("a", "b", "c", "d", "__proto__", "constructor", "ß", "名");
const subjects = pick("u", "v", "w");
const aliases = fc.subarray(["x", "y", "z", "ä"]);

/** "now" stands for the version that the record has when the change is made. */
type Step = Partial<Omit<Change, "expect">> & { readonly id: SessionId; readonly expect: "absent" | "live" | "now" | 1 };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record(
      {
        id: pick(...ids),
        expect: pick("absent"),
        kind: pick("k", "l"),
        subject: subjects,
        wake: fc.nat(9),
        set: fc.dictionary(names, texts),
        claim: aliases,
        subjectLimit: pick(1, 3),
        kindLimit: pick(4, 12),
        ended: pick("e"),
      },
      { requiredKeys: ["id", "expect", "kind"] },
    ),
  },
  {
    weight: 6,
    arbitrary: fc.record(
      {
        id: pick(...ids),
        expect: pick("live", "now", 1),
        set: fc.dictionary(names, texts),
        unset: fc.subarray(["a", "b", "__proto__"]),
        wake: pick(0, 3, 6, 9),
      },
      { requiredKeys: ["id", "expect"] },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        id: pick(...ids),
        expect: pick("live", "now"),
        subject: fc.option(subjects),
        subjectLimit: pick(1, 2),
        wake: fc.nat(9),
        claim: aliases,
        release: aliases,
        fence: pick(0, 1),
        ended: pick("e"),
      },
      { requiredKeys: ["id", "expect"] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ id: pick(...ids), expect: pick("now"), epoch: fc.nat(2), wake: fc.option(fc.nat(9)) }, { requiredKeys: ["id", "expect"] }),
  },
  { weight: 1, arbitrary: fc.record({ id: pick(...ids), expect: pick("live", "now"), erase: pick(true) }) },
);

/** What a store without limits of its own would hold. */
function model() {
  const records = new Map<SessionId, SessionRecord>();
  const live = (holds: (record: SessionRecord) => boolean): number =>
    [...records.values()].filter((record) => record.ended === undefined && holds(record)).length;
  return {
    records,
    live,
    commit(change: Change): Outcome {
      const record = records.get(change.id);
      const applied = apply(record, change);
      if (!applied.ok) return applied;
      const { next, version } = applied;
      if (next !== undefined) {
        for (const alias of next.aliases)
          if ([...records.values()].some((other) => other.id !== next.id && satisfies(other, { alias }))) return { ok: false, why: "taken", alias };
        const joins = next.subject !== undefined && next.ended === undefined && (record === undefined || record.subject !== next.subject);
        if (joins && change.subjectLimit !== undefined && live((other) => other.subject === next.subject) >= change.subjectLimit)
          return { ok: false, why: "full", of: "subject" };
        if (record === undefined && change.kindLimit !== undefined && next.ended === undefined && live((other) => other.kind === next.kind) >= change.kindLimit)
          return { ok: false, why: "full", of: "kind" };
        records.set(change.id, next);
      } else records.delete(change.id);
      return { ok: true, version, ...(next && { record: next }) };
    },
  };
}

const queries: readonly Query[] = [
  ...["x", "y", "z", "ä", "never"].map((alias) => ({ alias })),
  ...["u", "v", "w", "never"].map((subject) => ({ subject })),
  ...["k", "l", "never"].map((kind) => ({ kind })),
  ...[0, 3, 9].map((wakeBefore) => ({ wakeBefore })),
];
const byId = (records: readonly SessionRecord[]): SessionRecord[] => records.toSorted((one, other) => (one.id < other.id ? -1 : 1));

test.each([1, 2, 100])("does what apply says, with %i live sessions in front: outcomes, records and every listing", (live) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const store = memoryStore({ live, budget: 8 * 1024 * 1024, feed: 8 });
      const should = model();
      for (const { expect: expected, ...rest } of steps) {
        const change: Change = { ...rest, expect: expected === "now" ? (should.records.get(rest.id)?.version ?? 1) : expected };
        expect(store.commit(change)).toEqual(should.commit(change));
        expect(store.load(change.id)).toEqual(should.records.get(change.id));
      }
      for (const id of ids) expect(store.load(id)).toEqual(should.records.get(id));
      for (const query of queries) {
        const records = [...should.records.values()].filter((record) => satisfies(record, query));
        const found = store.find(query, { limit: 1000 });
        expect(byId(found.records)).toEqual(byId(records));
        if ("wakeBefore" in query) expect(found.records.map((record) => record.wake)).toEqual(records.map((record) => record.wake!).toSorted((x, y) => x - y));
      }
      for (const kind of ["k", "l"]) expect(store.count({ kind })).toBe(should.live((record) => record.kind === kind));
      expect(store.usage().records).toBe(should.records.size);
    }),
    { numRuns: 150 },
  );
});
