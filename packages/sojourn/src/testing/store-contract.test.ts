import { expect, test } from "vitest";
import { apply } from "../core/apply.ts";
import {
  satisfies,
  type Change,
  type CountableStore,
  type Cursor,
  type Outcome,
  type SessionId,
  type SessionRecord,
  type Store,
  type StoreEvent,
  type WatchableStore,
} from "../core/seam.ts";
import { delayed } from "./delayed.ts";
import { storeContract } from "./store-contract.ts";
import type { StoreHarness } from "./store-harness.ts";

/** Faults that stores have had; each changes one line of the plain store below. */
interface Faults {
  readonly change?: (change: Change, current: SessionRecord | undefined) => Change;
  readonly next?: (next: SessionRecord, current: SessionRecord | undefined, change: Change) => SessionRecord;
  readonly judge?: (record: SessionRecord | undefined, change: Change) => ReturnType<typeof apply>;
  readonly ignoreSubjectLimit?: true;
  readonly ignoreKindLimit?: true;
  readonly countEnded?: true;
  readonly loseAliasOnRelease?: true;
  readonly keepAliasOfEnded?: true;
  readonly keepOldSubject?: true;
  readonly findById?: true;
  readonly cursorByPosition?: true;
  readonly sameObject?: true;
  readonly prototype?: true;
  readonly watchOnce?: true;
  readonly replayAll?: true;
}

/** The shortest store that keeps the contract, with places to break it. */
function plainStore(faults: Faults = {}): Store & WatchableStore & CountableStore {
  const records = new Map<SessionId, SessionRecord>();
  const aliases = new Map<string, SessionId>();
  const subjects = new Map<string, Set<SessionId>>();
  const events: StoreEvent[] = [];
  const tellers = new Set<(event: StoreEvent | "gap") => void>();
  const live = (holds: (record: SessionRecord) => boolean): number =>
    [...records.values()].filter((record) => (faults.countEnded || record.ended === undefined) && holds(record)).length;
  const placeOf = (record: SessionRecord | undefined): string | undefined => (record?.ended === undefined ? record?.subject : undefined);

  function commit(wanted: Change): Outcome {
    const current = records.get(wanted.id);
    const change = faults.change?.(wanted, current) ?? wanted;
    const applied = faults.judge?.(current, change) ?? apply(current, change);
    if (!applied.ok) return applied;
    const next = applied.next && (faults.next?.(applied.next, current, change) ?? applied.next);
    for (const alias of next?.aliases ?? []) if ((aliases.get(alias) ?? change.id) !== change.id) return { ok: false, why: "taken", alias };
    const place = placeOf(next);
    if (!faults.ignoreSubjectLimit && change.subjectLimit !== undefined && place !== undefined && place !== placeOf(current)) {
      if (live((record) => record.subject === place) >= change.subjectLimit) return { ok: false, why: "full", of: "subject" };
    }
    if (!faults.ignoreKindLimit && change.kindLimit !== undefined && next && !current && live((record) => record.kind === next.kind) >= change.kindLimit)
      return { ok: false, why: "full", of: "kind" };
    if (!(faults.keepAliasOfEnded && next?.ended !== undefined)) for (const alias of current?.aliases ?? []) aliases.delete(alias);
    for (const alias of next?.aliases ?? []) if (!(faults.loseAliasOnRelease && change.release)) aliases.set(alias, change.id);
    if (!faults.keepOldSubject && current?.subject !== undefined) subjects.get(current.subject)?.delete(change.id);
    if (place !== undefined) subjects.set(place, (subjects.get(place) ?? new Set()).add(change.id));
    if (next === undefined) records.delete(change.id);
    else if (faults.sameObject && current) records.set(change.id, Object.assign(current, next));
    else records.set(change.id, next);
    const event: StoreEvent = {
      cursor: String(events.length + 1) as Cursor,
      id: change.id,
      version: applied.version,
      ended: next?.ended !== undefined || next === undefined,
    };
    events.push(event);
    for (const tell of tellers) tell(event);
    return { ok: true, version: applied.version, ...(next && { record: next }) };
  }

  return {
    load: (id) => records.get(id),
    commit,
    async find(query, { after, limit = 100, only } = {}) {
      let ids: SessionId[] = [...records.keys()].toSorted();
      if ("alias" in query) ids = aliases.has(query.alias) ? [aliases.get(query.alias) as SessionId] : [];
      else if ("subject" in query) ids = [...(subjects.get(query.subject) ?? [])].toSorted();
      else if ("kind" in query) ids = ids.filter((id) => records.get(id)?.kind === query.kind);
      else ids = ids.filter((id) => satisfies(records.get(id)!, query)).toSorted((x, y) => records.get(x)!.wake! - records.get(y)!.wake!);
      if (after !== undefined) ids = faults.cursorByPosition ? ids.slice(Number(after)) : ids.filter((id) => String(id) > after);
      const more = ids.length > limit && !("wakeBefore" in query);
      ids = ids.slice(0, limit);
      // Engines that look an index up first and load afterwards are overtaken in between.
      if (faults.findById) await new Promise((resolve) => setTimeout(resolve, 1));
      const found = ids
        .flatMap((id) => records.get(id) ?? [])
        .filter((record) => faults.findById || faults.keepOldSubject || faults.keepAliasOfEnded || satisfies(record, query));
      const pick = (record: SessionRecord): SessionRecord => {
        const fields = Object.fromEntries(Object.entries(record.fields).filter(([name]) => !only || only.includes(name)));
        return { ...record, fields: faults.prototype ? fields : (Object.setPrototypeOf(fields, null) as typeof fields) };
      };
      const next = faults.cursorByPosition ? String(Number(after ?? 0) + limit) : ids.at(-1);
      return { records: found.map(pick), ...(more && { next: next as Cursor }) };
    },
    close() {},
    watch(tell, { after } = {}) {
      const known = after === undefined ? events.length : Number(after);
      if (Number.isNaN(known)) tell("gap");
      events.slice(faults.replayAll ? 0 : known || 0).forEach((event) => after !== undefined && tell(event));
      tellers.add(tell);
      return () => {
        if (!faults.watchOnce) tellers.delete(tell);
      };
    },
    count: ({ kind }) => live((record) => record.kind === kind),
  };
}

const harnessOf = (store: Store): StoreHarness => ({ open: () => store });

for (const [as, store] of [
  ["as given", plainStore()],
  ["delayed", delayed(plainStore())],
] as const) {
  for (const [promise, check] of Object.entries(storeContract)) test(`the plain store, ${as}: ${promise}`, () => check(harnessOf(store)));
}

test("a fresh store is left empty by every check", async () => {
  const store = plainStore();
  for (const check of Object.values(storeContract)) await check(harnessOf(store));
  expect(await store.find({ wakeBefore: Infinity })).toEqual({ records: [] });
  expect(await store.find({ kind: "" })).toEqual({ records: [] });
});

const revive = (record: SessionRecord | undefined, change: Change): ReturnType<typeof apply> => {
  if (record?.ended === undefined || change.expect !== "live") return apply(record, change);
  const { ended: _, ...alive } = record;
  return apply(alive, change);
};
const plain = (record: SessionRecord): SessionRecord => ({ ...record, fields: { ...record.fields } });

/** A fault, and the promise that it breaks. */
const planted: readonly [fault: string, faults: Faults, promise: string][] = [
  [
    "the last write wins: versions are not compared",
    { change: (change, current) => (typeof change.expect === "number" && current ? { ...change, expect: current.version } : change) },
    "compare-and-set: 2 × 50 increments are 100",
  ],
  [
    "a merge writes the whole record that was read before",
    { next: (next, current, change) => (change.set && current ? plain({ ...next, fields: change.set }) : next) },
    "merge: 2 × 100 different fields, none lost",
  ],
  [
    "creating overwrites",
    { change: (change, current) => (change.expect === "absent" && current ? { ...change, expect: "live" } : change) },
    "create: of two creators of one id, one wins, the other hears exists",
  ],
  ["a late merge revives", { judge: revive }, "end: is final; of 100 late merges those after it are refused and change nothing"],
  ["an end that is reached by version only", { judge: revive }, "end: afterwards every change but a wake or an erase by version is refused as ended"],
  [
    "the epoch is not compared",
    { change: ({ fence: _, ...change }) => change },
    "refusals: missing, ended, stale and fenced are values, in this order, and change nothing",
  ],
  [
    "a touch overwrites the wake",
    { next: (next, _, change) => (typeof change.wake === "number" ? { ...next, wake: change.wake } : next) },
    "wake: a merge only brings it nearer, so that a late touch never hides a reminder",
  ],
  [
    "the wake never moves away",
    { next: (next, current) => (current?.wake !== undefined && (next.wake ?? 0) > current.wake ? { ...next, wake: current.wake } : next) },
    "wake: exact by version, at creation and with the end",
  ],
  ["a wake of 0 is none", { next: ({ wake, ...next }) => (wake ? { ...next, wake } : next) }, "wake: 0 and the far future (1e15 ms) are moments like others"],
  [
    "wakes overflow 32 bits of minutes",
    { next: (next) => (next.wake === undefined ? next : { ...next, wake: Math.min(next.wake, 2 ** 31 * 60_000) }) },
    "wake: 0 and the far future (1e15 ms) are moments like others",
  ],
  ["the subject's limit is not judged", { ignoreSubjectLimit: true }, "subjectLimit: of 50 parallel log-ins with limit 3 exactly 3 live"],
  ["the subject's limit counts ended ones", { countEnded: true }, "subjectLimit: a place is freed at once by end, by erase, by moving away"],
  ["the kind's limit is not judged", { ignoreKindLimit: true }, "kindLimit: of 50 parallel creations with limit 3 exactly 3 live"],
  [
    "the kind's limit counts ended ones",
    { countEnded: true },
    "kindLimit: a place is freed at once by end and by erase; other kinds and ended ones do not count",
  ],
  ["counting counts ended ones", { countEnded: true }, "count: is the number of a kind's records that have not ended"],
  ["a release loses the entries of other aliases", { loseAliasOnRelease: true }, "claim: one change may release some and claim others"],
  ["an ended session keeps its alias", { keepAliasOfEnded: true }, "claim: released at once by release, by end, by erase"],
  ["the old subject's entry stays", { keepOldSubject: true }, "subjectLimit: moving to another subject is judged there and leaves the old one"],
  ["find does not check again what it loads", { findById: true }, "find: every record satisfied the query when it was read, however fast things change"],
  ["cursors are positions", { cursorByPosition: true }, "find: a kind in pages while sessions come and go: every stayer comes exactly once"],
  [
    "versions jump",
    { next: (next, current) => ({ ...next, version: (current?.version ?? 0) + 2 }) },
    "version: grows by exactly one per commit, even if nothing else changes",
  ],
  ["records are changed in place", { sameObject: true }, "records: one that was returned is never changed by a later commit"],
  ["fields have a prototype", { prototype: true, next: plain }, "text: fields have no prototype, and __proto__, constructor and the like are data"],
  ["a watcher cannot be stopped", { watchOnce: true }, "watch: tells of every commit, per session in order, with its version and whether it ended"],
  ["a replay begins at the beginning", { replayAll: true }, "watch: replays after a cursor what came since, and goes on from there"],
];

test.concurrent.each(planted)("the contract sees it when %s", async (_, faults, promise) => {
  const check = storeContract[promise];
  if (!check) throw new Error(`there is no promise "${promise}"`);
  await expect(check(harnessOf(plainStore(faults)))).rejects.toThrow();
});
