import type { SessionId, Store } from "../core/seam.ts";
import { newId } from "./new-id.ts";

/** What became of one attempt, as JSON: "ok" or the word of the refusal, and the id it was about. */
export interface Attempt {
  readonly id: string;
  readonly word: string;
}

const attempt = async (store: Store, change: Parameters<Store["commit"]>[0]): Promise<Attempt> => {
  const outcome = await store.commit(change);
  return { id: change.id, word: outcome.ok ? "ok" : outcome.why };
};

/** Gives others a turn: a store that answers at once would otherwise run each job to its end before the next begins. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What racers do. Each takes and gives plain JSON, so that it can run in a process of its own. */
export const storeJobs = {
  /** Creates each of the ids. */
  async create(store: Store, { ids, kind, mark }: { ids: readonly string[]; kind: string; mark: string }): Promise<Attempt[]> {
    const attempts: Attempt[] = [];
    for (const id of ids) {
      attempts.push(await attempt(store, { id: id as SessionId, expect: "absent", kind, set: { mark } }));
      await turn();
    }
    return attempts;
  },

  /** Merges `count` fields of its own into one session. */
  async merge(store: Store, { id, mark, count }: { id: string; mark: string; count: number }): Promise<Attempt[]> {
    const attempts: Attempt[] = [];
    for (let i = 0; i < count; i++) {
      attempts.push(await attempt(store, { id: id as SessionId, expect: "live", set: { [`${mark}${i}`]: String(i) } }));
      await turn();
    }
    return attempts;
  },

  /** Adds one to a field `count` times, by compare-and-set. */
  async increment(store: Store, { id, count }: { id: string; count: number }): Promise<number> {
    let retries = 0;
    for (let done = 0; done < count;) {
      const record = await store.load(id as SessionId);
      if (record === undefined) throw new Error("the session is missing");
      await turn();
      const n = Number(record.fields["n"] ?? "0");
      const outcome = await store.commit({ id: record.id, expect: record.version, set: { n: String(n + 1) } });
      if (outcome.ok) done++;
      else if (outcome.why === "stale") retries++;
      else throw new Error(`refused as ${outcome.why}`);
    }
    return retries;
  },

  /** `count` sessions begin at once, all with the same change. */
  async begin(
    store: Store,
    { change, count }: { change: { kind: string; subject?: string; subjectLimit?: number; kindLimit?: number; claim?: readonly string[] }; count: number },
  ): Promise<Attempt[]> {
    return Promise.all(Array.from({ length: count }, () => attempt(store, { ...change, id: newId(), expect: "absent" })));
  },

  /** `count` log-ins one after the other; each ends the oldest of the subject until there is room. */
  async beginEndingOldest(store: Store, { kind, subject, limit, count }: { kind: string; subject: string; limit: number; count: number }): Promise<Attempt[]> {
    const attempts: Attempt[] = [];
    for (let i = 0; i < count; i++) {
      const id = newId();
      for (let tries = 0; ; tries++) {
        const made = await attempt(store, { id, expect: "absent", kind, subject, subjectLimit: limit });
        if (made.word !== "full" || tries === 1000) {
          attempts.push(made);
          break;
        }
        const { records } = await store.find({ subject });
        const oldest = records.toSorted((x, y) => (x.id < y.id ? -1 : 1))[0];
        if (oldest) await store.commit({ id: oldest.id, expect: "live", ended: '{"at":1,"reason":"limit"}' });
        await turn();
      }
    }
    return attempts;
  },

  /** Takes every due session of the kind by compare-and-set, until none is left. */
  async sweep(store: Store, { before, later, kind }: { before: number; later: number; kind: string }): Promise<{ handled: string[]; lost: number }> {
    const handled: string[] = [];
    let lost = 0;
    for (let idle = 0; idle < 3;) {
      const { records } = await store.find({ wakeBefore: before }, { limit: 20 });
      await turn();
      if (records.length === 0) idle++;
      for (const record of records) {
        const outcome = await store.commit({ id: record.id, expect: record.version, wake: later });
        if (!outcome.ok) lost++;
        else if (record.kind === kind) handled.push(record.id);
        await turn();
      }
    }
    return { handled, lost };
  },
} as const;

export type StoreJobs = typeof storeJobs;
export type StoreJobName = keyof StoreJobs;

/** Runs one of the racers' jobs by name, as a harness does in a process of its own. */
export async function runStoreJob(store: Store, job: StoreJobName, params: unknown): Promise<unknown> {
  const run = storeJobs[job] as (store: Store, params: unknown) => Promise<unknown>;
  return run(store, params);
}
