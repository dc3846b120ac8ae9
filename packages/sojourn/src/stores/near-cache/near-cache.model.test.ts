import fc from "fast-check";
import { expect, test } from "vitest";
import type { Change, Outcome, SessionId, SessionRecord, Store, StoreEvent, WatchableStore } from "../../core/seam.ts";
import { memoryStore } from "../memory/memory.ts";
import { nearCache, type Invalidations } from "./near-cache.ts";

/** How what is told reaches the near cache. */
type Faults = "none" | "a feed that loses an event without saying so" | "a store that answers from before its last change";

interface Moment {
  readonly version: number | undefined;
  readonly mark: string | undefined;
}

const ended = '{"at":1,"reason":"closed"}';
const ids = ["a", "b"].map((letter) => letter.repeat(26) as SessionId);

/** A step of the history: by whom, to which session, what. */
const step = fc.record({
  by: fc.constantFrom("us", "us", "us", "others"),
  id: fc.constantFrom(0, 0, 0, 1),
  act: fc.constantFrom("load", "load", "load", "fresh", "merge", "merge", "exact", "end", "erase", "gap"),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/**
 * A near cache on a wire where every question, every answer and every piece of news is as slow as the scheduler likes, and others who write to the store
 * directly. Each load is compared with all that the store has ever held.
 */
async function live(scheduler: fc.Scheduler, steps: readonly Step[], faults: Faults, kind: "feed" | "invalidations"): Promise<void> {
  const memory = memoryStore({ budget: 2 ** 20, feed: 64 });
  const past = new Map<SessionId, Moment[]>(ids.map((id) => [id, [{ version: undefined, mark: undefined }]]));
  const pastOf = (id: SessionId): Moment[] => past.get(id) as Moment[];
  /** The first moment of each session that a load which begins now may still tell of. */
  const least = new Map<SessionId, number>(ids.map((id) => [id, 0]));
  const seen = (id: SessionId, moment: number): void => void least.set(id, Math.max(least.get(id) as number, moment));
  const momentOf = (record: SessionRecord | undefined): Moment => ({ version: record?.version, mark: record?.fields["mark"] });
  const records = new Map<SessionId, SessionRecord | undefined>();
  let marks = 0;
  let tell: ((event: StoreEvent | "gap") => void) | undefined;
  const news: { readonly event: StoreEvent | "gap"; readonly moment: number }[] = [];

  /** The feed is slow, and in order. */
  function announce(event: StoreEvent | "gap", moment: number): void {
    news.push({ event, moment });
    void scheduler.schedule(Promise.resolve(), "news").then(() => {
      const next = news.shift();
      if (next === undefined) return;
      if (faults === "a feed that loses an event without saying so" && next.event !== "gap" && next.event.version % 2 === 0) return;
      tell?.(next.event);
      if (next.event !== "gap") seen(next.event.id, next.moment);
    });
  }
  memory.watch((event) => event !== "gap" && announce(event, pastOf(event.id).length));

  function land(change: Change): { outcome: Outcome; moment: number } {
    const before = memory.load(change.id);
    const outcome = memory.commit(change);
    const moments = pastOf(change.id);
    records.set(change.id, before);
    if (outcome.ok) moments.push(momentOf(memory.load(change.id)));
    return { outcome, moment: moments.length - 1 };
  }
  const later = <T>(value: T, label: string): Promise<T> => scheduler.schedule(Promise.resolve(value), label);
  const moments = new WeakMap<Outcome, number>();
  const wire: Store & WatchableStore = {
    async load(id) {
      await later(undefined, "question");
      return later(faults === "a store that answers from before its last change" ? records.get(id) : memory.load(id), "answer");
    },
    async commit(change) {
      await later(undefined, "change");
      const { outcome, moment } = land(change);
      // Half of the stores have the record at hand.
      const answer: Outcome = outcome.ok && marks % 2 === 0 ? { ok: true, version: outcome.version } : { ...outcome };
      moments.set(answer, moment);
      return later(answer, "outcome");
    },
    find: () => ({ records: [] }),
    close: () => undefined,
    watch(told) {
      tell = told;
      return () => (tell = undefined);
    },
  };
  const invalidations: Invalidations = {
    everySession: true,
    subscribe: (told) => wire.watch((event) => told(event === "gap" ? event : event.id)),
  };
  const near = kind === "feed" ? nearCache(wire, { maxAge: "1h", entries: 1 + (steps.length % 3) }) : nearCache(wire, { maxAge: "1h", invalidations });

  const changeOf = ({ act }: Step, id: SessionId, version: number): Change => {
    const set = { mark: String(++marks) };
    if (version === 0) return { id, expect: "absent", kind: "k", set };
    if (act === "end") return { id, expect: "live", ended, set };
    if (act === "erase") return { id, expect: version, erase: true };
    return { id, expect: act === "exact" ? version : "live", set };
  };

  async function ask(id: SessionId, fresh: boolean): Promise<SessionRecord | undefined> {
    const from = fresh ? pastOf(id).length - 1 : (least.get(id) as number);
    const record = await near.load(id, { fresh });
    const { version, mark } = momentOf(record);
    const allowed = pastOf(id).slice(from);
    const found = allowed.findIndex((moment) => moment.version === version && moment.mark === mark);
    // Whoever was told of a moment is told of no earlier one.
    seen(id, from + found);
    if (found < 0) {
      throw new Error(`version ${version} (${mark}) was served; since the load could know better there were ${JSON.stringify(allowed)}`);
    }
    return record;
  }

  async function doing(given: Step): Promise<void> {
    const id = ids[given.id] as SessionId;
    if (given.act === "gap") {
      // What was on its way is lost.
      for (const lost of news.splice(0)) void lost;
      return announce("gap", 0);
    }
    if (given.by === "others") {
      if (given.act !== "load" && given.act !== "fresh") land(changeOf(given, id, memory.load(id)?.version ?? 0));
      return;
    }
    if (given.act === "load" || given.act === "fresh") return void (await ask(id, given.act === "fresh"));
    const known = await ask(id, false);
    const outcome = await near.commit(changeOf(given, id, known?.version ?? 0));
    const moment = moments.get(outcome);
    // Of a refusal, too, one learns that the store holds something else.
    if (moment !== undefined) seen(id, moment);
  }

  const acts = scheduler.scheduleSequence(
    steps.map((given) => ({
      label: given.act,
      builder: async () => {
        const done = doing(given);
        done.catch(() => undefined);
        running.push(done);
      },
    })),
  );
  const running: Promise<void>[] = [];
  await through(scheduler, acts.task);
  await through(scheduler, Promise.all(running));
  for (const id of ids) {
    const record = await through(scheduler, Promise.resolve(near.load(id)));
    expect(momentOf(record)).toEqual(momentOf(memory.load(id)));
  }
}

/** Has the scheduler go on until that is done. The cache itself gives way to the event loop now and then, which the scheduler does not know. */
async function through<T>(scheduler: fc.Scheduler, task: Promise<T>): Promise<T> {
  let over = false;
  const done = task.finally(() => (over = true));
  done.catch(() => undefined);
  while (!over) {
    await scheduler.waitIdle();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done;
}

const RUNS = Number(process.env["SOJOURN_RUNS"] ?? 300);
const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const histories = (faults: Faults, kind: "feed" | "invalidations"): fc.IAsyncProperty<[fc.Scheduler, Step[]]> =>
  fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 4, maxLength: 40, size: "max" }), (scheduler, steps) => live(scheduler, steps, faults, kind));

test.each(["feed", "invalidations"] as const)(
  `whatever comes late, a load tells of no time before what this process had heard, and in the end everything is as the store has it: %s (SOJOURN_SEED=${seed})`,
  async (kind) => {
    await fc.assert(histories("none", kind), { seed, numRuns: RUNS });
  },
  60_000,
);

test.each(["a feed that loses an event without saying so", "a store that answers from before its last change"] as const)(
  "the histories find %s",
  async (faults) => {
    const { failed } = await fc.check(histories(faults, "feed"), { seed, numRuns: RUNS, endOnFailure: true });
    expect(failed).toBe(true);
  },
  60_000,
);
