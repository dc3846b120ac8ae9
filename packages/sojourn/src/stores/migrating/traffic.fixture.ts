import { apply } from "../../core/apply.ts";
import type { Change, Outcome, SessionId, SessionRecord, Store } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";

/** Users of a store who know what their sessions must be. */
export interface Traffic {
  /** What each session is, by all that was acknowledged; `undefined` once erased. */
  readonly sessions: ReadonlyMap<SessionId, SessionRecord | undefined>;
  /** Acknowledged increments of the session that all share. */
  readonly increments: () => number;
  readonly shared: SessionId;
  /** Acts upon this store until it is stopped. Each call has sessions of its own, and shares one with all others. */
  act(store: Store, choose: (below: number) => number, stopped: () => boolean): Promise<void>;
  /** What is wrong in the store. */
  faults(store: Store): Promise<string[]>;
}

export const limit = 3;
const ended = '{"at":1,"reason":"closed"}';
const subjects = ["s0", "s1", "s2", "s3"];
const aliases = ["a0", "a1", "a2", "a3", "a4", "a5"];
export const kind = "main:web";

/** @param before sessions that are in the store already. */
export function traffic(shared: SessionId, before: readonly SessionRecord[] = []): Traffic {
  const sessions = new Map<SessionId, SessionRecord | undefined>(before.map((record) => [record.id, record]));
  const faultsSeen: string[] = [];
  /** Those of which somebody is the user. */
  const taken = new Set<SessionId>();
  let increments = 0;

  /** Makes a change to a session of one's own, and judges the answer. */
  async function make(store: Store, change: Change): Promise<Outcome> {
    const known = sessions.get(change.id);
    const applied = apply(known, change);
    const outcome = await store.commit(change);
    if (outcome.ok && applied.ok) {
      if (outcome.version !== applied.version) faultsSeen.push(`${JSON.stringify(change)} gave version ${outcome.version} and not ${applied.version}`);
      sessions.set(change.id, applied.next);
    } else if (outcome.ok || (!applied.ok && outcome.why !== applied.why)) {
      faultsSeen.push(`${JSON.stringify(change)} upon ${JSON.stringify(known)} gave ${JSON.stringify(outcome)}`);
    } else if (applied.ok && outcome.why !== "taken" && outcome.why !== "full") faultsSeen.push(`${JSON.stringify(change)} was refused as ${outcome.why}`);
    return outcome;
  }

  async function increment(store: Store): Promise<void> {
    const record = await store.load(shared);
    if (record === undefined) return void faultsSeen.push("the shared session was missing");
    const n = Number(record.fields["n"] ?? "0");
    if ((await store.commit({ id: shared, expect: record.version, set: { n: String(n + 1) } })).ok) increments++;
  }

  return {
    sessions,
    shared,
    increments: () => increments,
    async act(store, choose, stopped) {
      const own: SessionId[] = [...sessions.keys()].filter((id) => !taken.has(id) && choose(3) === 0);
      own.forEach((id) => taken.add(id));
      const one = <T>(of: readonly T[]): T => of[choose(of.length)] as T;
      while (!stopped()) {
        const id = own.length === 0 ? undefined : one(own);
        const version = id === undefined ? 0 : (sessions.get(id)?.version ?? 0);
        const deed = choose(12);
        if (deed === 0 || id === undefined) {
          const made = newId();
          const outcome = await make(store, {
            id: made,
            expect: "absent",
            kind,
            ...(choose(2) === 0 && { subject: one(subjects), subjectLimit: limit }),
            ...(choose(3) === 0 && { claim: [one(aliases)] }),
            wake: 1e12 + choose(1000),
            set: { a: String(choose(100)) },
          });
          if (outcome.ok) own.push(made);
        } else if (deed === 1) await increment(store);
        else if (deed === 2) await make(store, { id, expect: "live", claim: [one(aliases)], set: { c: String(choose(100)) } });
        else if (deed === 3) await make(store, { id, expect: "live", release: [one(aliases)] });
        else if (deed === 4 && sessions.get(id)?.subject === undefined)
          await make(store, { id, expect: version, subject: one(subjects), subjectLimit: limit, epoch: choose(5) });
        else if (deed === 5) await make(store, { id, expect: "live", ended, wake: 2e12 });
        else if (deed === 6) await make(store, { id, expect: version, erase: true });
        else if (deed === 7) await make(store, { id, expect: version + choose(2), set: { x: String(choose(100)) }, wake: 1e12 + choose(1000) });
        else {
          const outcome = await make(store, { id, expect: "live", set: { [`f${choose(4)}`]: String(choose(1000)) }, unset: [`f${choose(4)}`] });
          // Whoever has a session that nobody ended is not logged out.
          const record = await store.load(id);
          if (outcome.ok && record?.version !== outcome.version) faultsSeen.push(`${id} was loaded as version ${record?.version} after ${outcome.version}`);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async faults(store) {
      const found = [...faultsSeen];
      for (const [id, meant] of sessions) {
        const record = await store.load(id);
        const [is, should] = [textOf(record), textOf(meant)];
        if (is !== should) found.push(`${id} is ${is} and not ${should}`);
      }
      const live = [...sessions.values()].filter((record) => record !== undefined && record.ended === undefined);
      for (const alias of aliases) {
        const holders = live.filter((record) => record?.aliases.includes(alias)).map((record) => record?.id);
        const by = (await store.find({ alias })).records.map((record) => record.id);
        if (holders.length > 1 || holders.join() !== by.join()) found.push(`${alias} is held by ${holders.join()} and found at ${by.join()}`);
      }
      for (const subject of subjects) {
        const count = live.filter((record) => record?.subject === subject).length;
        const by = (await store.find({ subject }, { limit: 100 })).records.length;
        if (count > limit || count !== by) found.push(`${subject} has ${count} sessions, ${by} found`);
      }
      const n = Number((await store.load(shared))?.fields["n"] ?? "0");
      if (n !== increments) found.push(`${increments} increments were acknowledged, and ${n} are there`);
      return found;
    },
  };
}

/** All of a record but its version, which goes on from another number where it has moved. */
function textOf(record: SessionRecord | undefined): string {
  if (record === undefined) return "nothing";
  const { kind: of, subject, wake, epoch, ended: end, aliases: names, fields } = record;
  const own = Object.entries(fields).filter(([name]) => !name.startsWith("$moving."));
  return JSON.stringify([of, subject, wake, epoch, end, names.toSorted(), own.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
