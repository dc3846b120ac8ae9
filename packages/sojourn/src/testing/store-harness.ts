import type { Change, Outcome, SessionId, SessionRecord, Store } from "../core/seam.ts";
import type { MaybePromise, Page, Query } from "../core/seam.ts";
import { runStoreJob, type StoreJobName, type StoreJobs } from "./store-jobs.ts";
import { newId } from "./new-id.ts";

/** How a contract gets at the store it judges. */
export interface StoreHarness {
  /**
   * A view on the store. Two calls give two views on the same data where the engine can (two connections, two environments), else the same store twice.
   * The harness owns what it opens: it may give the same views to every check, and closes them after the last one.
   */
  open(): MaybePromise<Store>;
  /**
   * Runs one job per element of `params` at the same moment and gives their results in the same order. Where it is absent the jobs run side by side on two views.
   * A harness that starts a process per element calls {@link runStoreJob} there; parameters and results are plain JSON.
   */
  race?(job: StoreJobName, params: readonly unknown[]): Promise<readonly unknown[]>;
}

/** One promise, put to the test. Rejects when it is broken; resolves with a reason when the store does not have the power that the promise is about. */
export type StoreCheck = (harness: StoreHarness) => Promise<string | void>;

/** What a check works with. Everything it makes is of a kind of its own and is erased afterwards, so that checks can share one store. */
export interface Scene {
  readonly a: Store;
  readonly b: Store;
  /** Of this scene alone. */
  readonly kind: string;
  /** A text of this scene alone: for subjects and aliases. */
  name(stem: string): string;
  /** An id that is erased when the scene ends. */
  id(): SessionId;
  own(ids: readonly string[]): void;
  /** Creates a session and fails if that is refused. */
  create(change?: Partial<Change>): Promise<SessionId>;
  load(id: SessionId): Promise<SessionRecord>;
  race<Job extends StoreJobName>(job: Job, params: readonly Parameters<StoreJobs[Job]>[1][]): Promise<Awaited<ReturnType<StoreJobs[Job]>>[]>;
}

/** Opens two views, lets the check act and erases what it made. */
export function scene(act: (scene: Scene) => Promise<string | void>): StoreCheck {
  return async (harness) => {
    const a = await harness.open();
    const b = await harness.open();
    const made = new Set<SessionId>();
    const kind = `kind-${newId()}`;
    const self: Scene = {
      a,
      b,
      kind,
      name: (stem) => `${stem}-${newId()}`,
      id() {
        const id = newId();
        made.add(id);
        return id;
      },
      own: (ids) => ids.forEach((id) => made.add(id as SessionId)),
      async create(change) {
        const id = change?.id ?? self.id();
        made.add(id);
        const outcome = await a.commit({ kind, ...change, id, expect: "absent" });
        if (!outcome.ok) throw new Error(`a session could not be created: ${outcome.why}`);
        return id;
      },
      async load(id) {
        const record = await b.load(id);
        if (record === undefined) throw new Error(`session ${id} is missing`);
        return record;
      },
      async race(job, params) {
        const results = harness.race
          ? await harness.race(job, params)
          : await Promise.all(params.map((param, i) => runStoreJob(i % 2 === 0 ? a : b, job, param)));
        return results as Awaited<ReturnType<StoreJobs[typeof job]>>[];
      },
    };
    let kept: string | void;
    try {
      kept = await act(self);
    } catch (broken) {
      // A store that broke a promise may break again while its sessions are erased; the first failure is the one to hear of.
      await eraseAll(a, made).catch(() => undefined);
      throw broken;
    }
    await eraseAll(a, made);
    return kept;
  };
}

async function eraseAll(store: Store, ids: Iterable<SessionId>): Promise<void> {
  await Promise.all([...ids].map((id) => eraseOne(store, id)));
}

async function eraseOne(store: Store, id: SessionId): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const record = await store.load(id);
    if (record === undefined) return;
    const outcome = await store.commit({ id, expect: record.version, erase: true });
    if (outcome.ok) return;
  }
  throw new Error(`session ${id} could not be erased`);
}

/** Every record of a query, page by page. */
export async function everyRecord(store: Store, query: Query, page: Page = {}): Promise<SessionRecord[]> {
  const records: SessionRecord[] = [];
  let after = page.after;
  for (let pages = 0; pages < 10_000; pages++) {
    const found = await store.find(query, after === undefined ? page : { ...page, after });
    records.push(...found.records);
    if (found.next === undefined) return records;
    after = found.next;
  }
  throw new Error("the listing does not end");
}

/** The word for an outcome: "ok", or why not. */
export function wordOf(outcome: Outcome): string {
  return outcome.ok ? "ok" : outcome.why;
}

/** Waits until the condition holds; a feed may lag, but not for ever. */
export async function until(what: string, holds: () => MaybePromise<boolean>): Promise<void> {
  for (let waited = 0; waited < 5_000; waited += 5) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${what}: not within 5 s`);
}
