import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { SojournError } from "./errors.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import type { FeedEvent } from "./feed.ts";
import type { Store, WatchableStore } from "./seam.ts";
import type { Session } from "./session.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { isId } from "./token.ts";

type Watched = Store & WatchableStore;

/** What the manager asks of the store for the sake of its feeds. */
interface Asked {
  readonly store: Store;
  watches: number;
  /** Watches that have not been stopped. */
  open: number;
  /** Of sessions. */
  loads: number;
}

function asking(inner: Store, load: (id: string, answer: ReturnType<Store["load"]>) => ReturnType<Store["load"]> = (_, answer) => answer): Asked {
  const store = Object.assign(Object.create(inner) as Watched, {
    load: (...given: Parameters<Store["load"]>) => ((asked.loads += isId(given[0]) ? 1 : 0), load(given[0], inner.load(...given))),
    async watch(...given: Parameters<WatchableStore["watch"]>) {
      asked.watches++;
      asked.open++;
      const stop = await (inner as Watched).watch(...given);
      return () => (asked.open--, stop());
    },
  });
  const asked: Asked = { store, watches: 0, open: 0, loads: 0 };
  return asked;
}

/** Hears until it is stopped. */
interface Hearing {
  readonly heard: FeedEvent[];
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

const hearings: Hearing[] = [];
afterEach(async () => {
  await Promise.all(hearings.splice(0).map((hearing) => hearing.stop().catch(() => undefined)));
});

function hear(sessions: Sessions<Record<string, unknown>>, after?: string): Hearing {
  const stop = new AbortController();
  const heard: FeedEvent[] = [];
  const over = (async () => {
    for await (const event of sessions.feed({ after, signal: stop.signal })) heard.push(event);
  })();
  over.catch(() => undefined);
  const hearing = { heard, over, stop: () => (stop.abort(), over) };
  hearings.push(hearing);
  return hearing;
}

async function change(session: Session<Record<string, unknown>> | undefined): Promise<void> {
  if (session?.exists !== true) return;
  session.set("n", session.version);
  await session.commit();
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const named = ({ type, id, version }: FeedEvent): string => `${type} ${id} ${version}`;

overEveryStore((open) => {
  test("however many listen: one watch, and one load an event; the last who leaves ends it", async () => {
    const asked = asking(open());
    const sessions = createSessions({ store: asked.store });
    const others = createSessions({ store: asked.store, tenant: "other" });
    const hearing = Array.from({ length: 20 }, () => hear(sessions));
    await settled();
    expect(asked).toMatchObject({ watches: 1, open: 1 });
    asked.loads = 0;
    await others.create({ subject: "eve" });
    const { id } = await sessions.create({ subject: "ada" });
    await vi.waitFor(() => expect(hearing.every(({ heard }) => heard.length === 1)).toBe(true));
    expect(asked.loads).toBe(2);
    for (const { heard } of hearing) expect(heard[0]).toBe(hearing[0]?.heard[0]);
    expect(hearing[0]?.heard[0]).toMatchObject({ type: "created", id, kind: "web", subject: "ada", version: 1 });
    await Promise.all(hearing.map(({ stop }) => stop()));
    expect(asked).toMatchObject({ watches: 1, open: 0 });
    const again = hear(sessions);
    await settled();
    await sessions.end({ id: String(id) });
    await vi.waitFor(() => expect(again.heard.map(({ type }) => type)).toEqual(["ended"]));
    expect(asked).toMatchObject({ watches: 2, open: 1 });
  });

  test("who begins further back is told of it, and shares the watch once both have come to the same event", async () => {
    const asked = asking(open());
    const sessions = createSessions({ store: asked.store });
    const live = hear(sessions);
    await settled();
    for (let n = 0; n < 5; n++) await sessions.create();
    await vi.waitFor(() => expect(live.heard).toHaveLength(5));
    const late = hear(sessions, live.heard[1]?.eventId);
    await vi.waitFor(() => expect(late.heard).toHaveLength(3));
    await vi.waitFor(() => expect(asked.open).toBe(1));
    asked.loads = 0;
    await sessions.create();
    await vi.waitFor(() => expect([live.heard.length, late.heard.length]).toEqual([6, 4]));
    expect(asked.loads).toBe(1);
    expect(late.heard).toEqual(live.heard.slice(2));
  });

  test("whenever they come, and from wherever: all that comes after, each once, in order", { timeout: 60_000 }, async () => {
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.constant("create" as const) },
      fc.constantFrom("change" as const, "end" as const, "live" as const, "pause" as const),
      fc.nat(20),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const sessions = createSessions({ store: asking(open()).store });
        const whole = hear(sessions);
        await settled();
        const made: Awaited<ReturnType<typeof sessions.create>>[] = [];
        const later: { readonly hearing: Hearing; readonly after: string | undefined; readonly from: number }[] = [];
        for (const given of acts) {
          if (given === "create") made.push(await sessions.create());
          else if (given === "change") await change(made.at(-1));
          else if (given === "end") await made.at(-1)?.end();
          else if (given === "pause") await settled();
          else {
            const after = given === "live" ? undefined : whole.heard[given]?.eventId;
            later.push({ hearing: hear(sessions, after), after, from: whole.heard.length });
          }
        }
        const last = await sessions.create();
        const all = [whole, ...later.map(({ hearing }) => hearing)];
        await vi.waitFor(() => expect(all.every(({ heard }) => heard.at(-1)?.id === last.id)).toBe(true), { timeout: 5_000 });
        for (const { hearing, after, from } of later) {
          const begin = after === undefined ? whole.heard.length - hearing.heard.length : whole.heard.findIndex(({ eventId }) => eventId === after) + 1;
          expect(hearing.heard.map(named)).toEqual(whole.heard.slice(begin).map(named));
          // What was told of before they came is not told to those who want what is new.
          if (after === undefined) expect(begin).toBeGreaterThanOrEqual(from);
        }
        await Promise.all(all.map(({ stop }) => stop()));
      }),
      { numRuns: 20 },
    );
  });
});

test("one who does not read has a gap, after which the endings are told; others hear all, and no memory is filled", async () => {
  const store = memoryStore();
  const sessions = createSessions({ store });
  const stop = new AbortController();
  const lazy = sessions.feed({ signal: stop.signal })[Symbol.asyncIterator]();
  const first = lazy.next();
  const keen = hear(sessions);
  await settled();
  const ended = await sessions.create();
  const { id } = ended;
  await first;
  await ended.end();
  const busy = await sessions.create();
  for (let n = 0; n < 10_500; n++) {
    busy.set("n", n);
    await busy.commit();
    if (n % 500 === 0) await settled();
  }
  const last = await sessions.create();
  await vi.waitFor(() => expect(keen.heard).toHaveLength(10_504), { timeout: 10_000 });
  const rest: FeedEvent[] = [];
  for await (const event of { [Symbol.asyncIterator]: () => lazy }) {
    rest.push(event);
    if (event.id === last.id) stop.abort();
  }
  expect(rest[0]).toMatchObject({ type: "ended", id, ended: { reason: "closed" } });
  expect(rest[0]?.eventId).toBeUndefined();
  expect(rest.length).toBeLessThan(10_002);
});

test("after a gap the endings of the kinds that were named are told; who listens is told when it begins", async () => {
  const sessions = createSessions({ store: memoryStore() });
  for (const kind of ["web", "sms", "api"]) await (await sessions.create({ kind })).end();
  const told: string[] = [];
  for await (const { kind } of sessions.feed({ after: "no such cursor", kinds: ["sms", "api"] })) if (told.push(kind) === 2) break;
  expect(told).toEqual(["sms", "api"]);
  const wrong = sessions.feed({ kinds: ["a b"] })[Symbol.asyncIterator]();
  await expect(wrong.next()).rejects.toMatchObject({ code: "invalid_option" });
});

test.each([
  ["at once", (store: Store) => store],
  ["later", delayed<Store>],
])("a store that breaks (%s) ends every feed with its error; who comes again hears again", async (_, wrap) => {
  let broken = false;
  const asked = asking(wrap(memoryStore()), (_id, answer) => {
    if (broken) throw new SojournError("store_unavailable", "gone");
    return answer;
  });
  const sessions = createSessions({ store: asked.store });
  const hearing = [hear(sessions), hear(sessions)];
  await settled();
  broken = true;
  await sessions.create();
  for (const { over } of hearing) await expect(over).rejects.toMatchObject({ code: "store_unavailable" });
  expect(asked.open).toBe(0);
  broken = false;
  const again = hear(sessions);
  await settled();
  await sessions.create();
  await vi.waitFor(() => expect(again.heard).toHaveLength(1));
});

test("a watch that cannot be begun is told to all who wait for it", async () => {
  const store = Object.assign(Object.create(memoryStore()) as Store, { watch: () => Promise.reject(new SojournError("store_unavailable", "gone")) });
  const sessions = createSessions({ store });
  const hearing = [hear(sessions), hear(sessions)];
  for (const { over } of hearing) await expect(over).rejects.toMatchObject({ code: "store_unavailable" });
});

test("a record that cannot be read is passed over, and told of as a failure", async () => {
  const unreadable = new Set<unknown>();
  const asked = asking(memoryStore(), (id, answer) => {
    if (unreadable.has(id)) throw new SojournError("record_unreadable", "damaged");
    return answer;
  });
  const sessions = createSessions({ store: asked.store });
  const failures: string[] = [];
  sessions.on("failed", ({ error }) => failures.push(error.code));
  const { heard } = hear(sessions);
  await settled();
  const session = await sessions.create();
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  unreadable.add(session.id);
  session.set("a", 1);
  await session.commit();
  const next = await sessions.create();
  await vi.waitFor(() => expect(heard.at(-1)?.id).toBe(next.id));
  expect(heard).toHaveLength(2);
  expect(failures).toEqual(["record_unreadable"]);
});

test("count: those of a kind that have not ended, of this tenant; undefined where the store does not count", async () => {
  const store = memoryStore();
  const sessions = createSessions({ store });
  const others = createSessions({ store, tenant: "other" });
  await sessions.create();
  await sessions.create({ kind: "sms" });
  await (await sessions.create()).end();
  await others.create();
  expect([await sessions.count({ kind: "web" }), await sessions.count({ kind: "none" }), await others.count({ kind: "web" })]).toEqual([1, 0, 1]);
  await expect(sessions.count({ kind: "a b" })).rejects.toMatchObject({ code: "invalid_option" });
  const { load, commit, find, close } = memoryStore();
  expect(await createSessions({ store: { load, commit, find, close } }).count({ kind: "web" })).toBeUndefined();
});
