import { describe, expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import type { Store } from "./seam.ts";
import type { FeedEvent } from "./feed.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { SessionsOptions } from "./settings.ts";

for (const [name, wrap] of Object.entries({ "answers at once": (store: Store) => store, "answers later": delayed<Store> })) {
  describe(`over a store that ${name}`, () => {
    function open(options: Partial<SessionsOptions> = {}): {
      sessions: Sessions<Record<string, unknown>>;
      clock: ReturnType<typeof fakeClock>;
      commits: string[];
      store: Store;
    } {
      const clock = fakeClock();
      const inner = options.store ?? wrap(memoryStore());
      const commits: string[] = [];
      const store: Store = Object.assign(Object.create(inner) as Store, {
        commit: (...given: Parameters<Store["commit"]>) => (commits.push(JSON.stringify(given[0])), inner.commit(...given)),
      });
      return { sessions: createSessions({ clock, sweep: 10, ...options, store }), clock, commits, store };
    }
    const alive = async (sessions: Sessions<Record<string, unknown>>, token: string | undefined): Promise<boolean> => (await sessions.visit({ token })).exists;

    describe("two clocks", () => {
      test("idle: one millisecond before it lives, at the deadline it is over, whatever any sweep did", async () => {
        const { sessions, clock } = open({ idle: "30m", absolute: "12h" });
        const one = await sessions.create({});
        const two = await sessions.create({});
        clock.advance(30 * 60_000 - 1);
        expect(await alive(sessions, one.token)).toBe(true);
        clock.advance(1);
        expect((await sessions.visit({ token: two.token })).refusal).toBe("expired");
        expect((await sessions.info({ id: String(two.id) }))?.ended?.reason).toBe("idle");
        await expect.poll(() => alive(sessions, one.token)).toBe(true);
      });

      test("absolute: activity never moves it", async () => {
        const { sessions, clock } = open({ idle: "30m", absolute: "2h" });
        const { id, token } = await sessions.create({});
        for (let n = 0; n < 7; n++) {
          clock.advance("17m");
          const session = await sessions.visit({ token });
          expect(session.exists).toBe(true);
          session.set("n", n);
          await session.commit();
        }
        clock.advance("1m");
        expect(await alive(sessions, token)).toBe(false);
        expect((await sessions.info({ id: String(id) }))?.ended?.reason).toBe("absolute");
      });

      test("touches are throttled to a tenth of the idle time; reads otherwise write nothing", async () => {
        const { sessions, clock, commits } = open({ idle: "30m" });
        const { token } = await sessions.create({});
        commits.length = 0;
        for (let n = 0; n < 10; n++) await (await sessions.visit({ token })).commit();
        clock.advance("3m");
        for (let n = 0; n < 10; n++) await (await sessions.visit({ token })).commit();
        expect(commits).toEqual([]);
        clock.advance(1);
        await Promise.all(Array.from({ length: 10 }, async () => (await sessions.visit({ token })).commit()));
        expect(commits).toHaveLength(1);
        expect(commits[0]).toContain("$seen");
      });

      test("a touch records when the request began, so a slow one cannot revive an expired session", async () => {
        const { sessions, clock } = open({ idle: "30m" });
        const { token } = await sessions.create({});
        const began = clock.now() + 4 * 60_000;
        clock.advance("29m");
        await (await sessions.visit({ token, began })).commit();
        clock.advance("6m");
        expect((await sessions.visit({ token })).refusal).toBe("expired");
      });

      test("there is no endless session: every unlimited option is refused by name", () => {
        const store = memoryStore();
        for (const option of ["idle", "absolute", "retention", "deadline"] as const) {
          for (const value of [0, -1, Number.POSITIVE_INFINITY, Number.NaN, "forever", "5"]) {
            expect(() => createSessions({ store, [option]: value as never })).toThrow(
              expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(option) as string }) as Error,
            );
          }
        }
        expect(() => createSessions({ store, absolute: "401d" })).toThrow("400 days");
        expect(() => createSessions({ store, limit: { perSubject: 0 } })).toThrow("limit.perSubject");
        expect(() => createSessions({ store, tenant: "a:b" })).toThrow("tenant");
        expect(() => createSessions({ store, kind: "$floor" })).toThrow("kind");
      });
    });

    describe("limits", () => {
      test("50 parallel log-ins with limit 3 and end-oldest: all get in, never more than 3 are live", async () => {
        const { sessions, store } = open({ limit: { perSubject: 3, whenFull: "end-oldest" } });
        let most = 0;
        let done = false;
        const watch = (async () => {
          while (!done) {
            most = Math.max(most, (await store.find({ subject: "main:ada" })).records.length);
            await new Promise((resolve) => setImmediate(resolve));
          }
        })();
        const made = await Promise.all(
          Array.from({ length: 50 }, async () => {
            const session = await sessions.visit({});
            await session.authenticate("ada");
            return session.token;
          }),
        );
        done = true;
        await watch;
        expect(most).toBeLessThanOrEqual(3);
        expect((await Promise.all(made.map((token) => alive(sessions, token)))).filter(Boolean)).toHaveLength(3);
      });

      test("refuse: the fourth hears limit_reached; an expired one makes room", async () => {
        const { sessions, clock } = open({ limit: { perSubject: 3 } });
        for (let n = 0; n < 3; n++) await sessions.create({ subject: "ada" });
        await expect(sessions.create({ subject: "ada" })).rejects.toMatchObject({ code: "limit_reached", status: 429 });
        await sessions.create({ subject: "bob" });
        clock.advance("31m");
        await sessions.create({ subject: "ada" });
        expect(await all(sessions.list({ subject: "ada" }))).toHaveLength(1);
      });

      test("end-oldest ends the oldest, with its reason", async () => {
        const { sessions, clock } = open({ limit: { perSubject: 2, whenFull: "end-oldest" } });
        const made = [];
        for (let n = 0; n < 3; n++) {
          made.push(await sessions.create({ subject: "ada" }));
          clock.advance("1s");
        }
        expect(await Promise.all(made.map((session) => alive(sessions, session.token)))).toEqual([false, true, true]);
        expect((await sessions.info({ id: String(made[0]?.id) }))?.ended?.reason).toBe("limit");
      });

      test("total: down to one client at a time", async () => {
        const { sessions } = open({ limit: { total: 1 } });
        const first = await sessions.create({});
        await expect(sessions.create({})).rejects.toMatchObject({ code: "limit_reached" });
        await sessions.end({ id: String(first.id) });
        await sessions.create({ subject: "ada" });
        const other = open({ limit: { total: 5, whenFull: "end-oldest" } }).sessions;
        const made = await Promise.all(Array.from({ length: 20 }, () => other.create({})));
        expect((await Promise.all(made.map((session) => alive(other, session.token)))).filter(Boolean)).toHaveLength(5);
      });

      test("a full store is said to be full, and the session that grows is not lost", async () => {
        const store = wrap(memoryStore({ budget: 2_000_000, whenFull: "refuse" }));
        const { sessions } = open({ store });
        let refused: unknown;
        for (let n = 0; n < 200 && refused === undefined; n++) {
          await sessions.create({ data: { big: "x".repeat(50_000) } }).catch((error: unknown) => (refused = error));
        }
        expect(refused).toMatchObject({ code: "store_full", status: 503 });
      });
    });

    describe("mass endings", () => {
      test("end all of a subject but the one that asks", async () => {
        const { sessions } = open();
        const made = await Promise.all(Array.from({ length: 5 }, () => sessions.create({ subject: "ada" })));
        const bob = await sessions.create({ subject: "bob" });
        expect(await sessions.endAll({ subject: "ada", except: made[2]?.id })).toBe(4);
        expect(await Promise.all(made.map((session) => alive(sessions, session.token)))).toEqual([false, false, true, false, false]);
        expect(await alive(sessions, bob.token)).toBe(true);
      });

      test("a log-in that races with the mass ending is dead too, or came after it", async () => {
        const { sessions, clock } = open();
        for (let round = 0; round < 20; round++) {
          const subject = `ada${round}`;
          const logins = Array.from({ length: 5 }, () =>
            sessions.create({ subject }).then(
              (session) => session.token,
              () => undefined,
            ),
          );
          clock.advance(1);
          const ending = sessions.endAll({ subject });
          const tokens = await Promise.all(logins);
          await ending;
          expect(await Promise.all(tokens.map((token) => alive(sessions, token)))).toEqual([false, false, false, false, false]);
        }
      });

      test("a record that the listing missed is below the floor, also for another process after the stated lag", async () => {
        const { sessions, clock, store } = open();
        const other = createSessions({ store, clock, floorLag: 1 });
        const { token } = await sessions.create({ subject: "ada" });
        expect(await alive(other, token)).toBe(true);
        clock.advance("1s");
        const blind: Store = Object.assign(Object.create(store) as Store, { find: () => ({ records: [] }) });
        expect(await createSessions({ store: blind, clock }).endAll({ subject: "ada" })).toBe(0);
        clock.advance(1);
        expect((await other.visit({ token })).refusal).toBe("ended");
      });

      test("everyone: nothing of the tenant that came before is live; a log-in afterwards is", async () => {
        const { sessions, clock } = open();
        const anonymous = await sessions.create({});
        const sms = await sessions.create({ kind: "sms", subject: "ada" });
        clock.advance(1);
        await sessions.endAll({ everyone: true }, "breach");
        expect([await alive(sessions, anonymous.token), await alive(sessions, sms.token)]).toEqual([false, false]);
        expect(await alive(sessions, (await sessions.create({ subject: "ada" })).token)).toBe(true);
      });

      test("an anonymous session may log in after a mass ending of its subject", async () => {
        const { sessions, clock } = open();
        const { token } = await sessions.create({});
        clock.advance("1m");
        await sessions.endAll({ subject: "ada" });
        clock.advance("1m");
        const login = await sessions.visit({ token });
        await login.authenticate("ada");
        expect(await alive(sessions, login.token)).toBe(true);
      });
    });

    describe("wakes", () => {
      test("run() ends what has expired, re-arms what was touched, and erases what was retained long enough", async () => {
        const { sessions, clock, store } = open({ idle: "30m", absolute: "12h", retention: "1d" });
        const ended: string[] = [];
        sessions.on("ended", (event) => ended.push(`${event.id} ${event.reason}`));
        const idle = await sessions.create({});
        const busy = await sessions.create({});
        clock.advance("20m");
        await (await sessions.visit({ token: busy.token })).commit();
        clock.advance("10m");
        await sessions.run();
        await expect.poll(() => ended).toEqual([`${idle.id} idle`]);
        expect((await store.load(busy.id as never))?.wake).toBe(clock.now() + 20 * 60_000);
        clock.advance("1d");
        await expect.poll(() => store.load(idle.id as never)).toBeUndefined();
        expect((await store.load(busy.id as never))?.ended).toContain("idle");
        await sessions.close();
      });

      test("1,000 due sessions and three sweepers: each is ended once", async () => {
        const { sessions, clock, store } = open({ retention: "30d" });
        const others = [1, 2].map(() => createSessions({ store, clock, sweep: 10, retention: "30d" }));
        const ended: string[] = [];
        for (const manager of [sessions, ...others]) manager.on("ended", (event) => ended.push(event.id));
        await Promise.all(Array.from({ length: 1_000 }, () => sessions.create({})));
        clock.advance("1h");
        await Promise.all([sessions, ...others].map((manager) => manager.run()));
        await expect.poll(() => ended.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(1_000);
        await Promise.all([sessions, ...others].map((manager) => manager.close()));
        expect(new Set(ended).size).toBe(1_000);
        expect(ended).toHaveLength(1_000);
      });
    });

    describe("the feed", () => {
      test("tells what happens anywhere on the store, and goes on after an event id", async () => {
        const { sessions, store, clock } = open();
        const other = createSessions({ store, clock });
        const stop = new AbortController();
        const feed = sessions.feed({ signal: stop.signal })[Symbol.asyncIterator]();
        const first = feed.next();
        const { id } = await other.create({ subject: "ada" });
        const created = (await first).value as FeedEvent;
        expect(created).toMatchObject({ type: "created", id, subject: "ada", kind: "web" });
        await other.end({ id: String(id) }, "revoked", "operator");
        const ended = (await feed.next()).value as FeedEvent;
        expect(ended).toMatchObject({ type: "ended", id, ended: { reason: "revoked", by: "operator" } });
        stop.abort();
        expect((await feed.next()).done).toBe(true);
        const again = sessions.feed({ after: created.eventId })[Symbol.asyncIterator]();
        expect((await again.next()).value).toMatchObject({ type: "ended", id, eventId: ended.eventId });
        await again.return?.(undefined);
      });

      test("after a gap every ending that is retained is told again: late rather than never", async () => {
        const { sessions } = open();
        const made = await Promise.all(Array.from({ length: 5 }, () => sessions.create({})));
        const ids = made.slice(0, 3).map((session) => String(session.id));
        await Promise.all(made.slice(0, 3).map((session) => session.end()));
        const told = new Set<string>();
        for await (const event of sessions.feed({ after: "no such cursor" })) {
          expect(event).toMatchObject({ type: "ended", ended: { reason: "closed" } });
          if (told.add(event.id).size === 3) break;
        }
        expect([...told].sort()).toEqual(ids.sort());
      });
    });
  });
}

describe("a store that breaks", () => {
  const broken = (parts: Partial<Store>): Store => Object.assign(Object.create(memoryStore()) as Store, parts);

  test("a load that hangs is given up: store_unavailable, never a hang, never logged out silently", async () => {
    const { token } = await createSessions({ store: memoryStore() }).create({});
    const sessions = createSessions({ store: broken({ load: () => new Promise(() => undefined) }), deadline: 20 });
    await expect(sessions.visit({ token })).rejects.toMatchObject({ code: "store_unavailable", status: 503 });
  });

  test("a commit that hangs is unknown, and says so; what was pending stays pending", async () => {
    const sessions = createSessions({ store: broken({ commit: () => new Promise(() => undefined) }), deadline: 20 });
    const session = await sessions.visit({});
    session.set("a", 1);
    await expect(session.commit()).rejects.toMatchObject({ code: "outcome_unknown", status: 503 });
    expect(session.get("a")).toBe(1);
  });

  test("whatever a store throws becomes our error with the cause kept", async () => {
    const cause = new Error("connection reset");
    const sessions = createSessions({
      store: broken({
        load: () => {
          throw cause;
        },
        commit: () => Promise.reject(cause),
      }),
    });
    const { token } = await createSessions({ store: memoryStore() }).create({});
    await expect(Promise.resolve().then(() => sessions.visit({ token }))).rejects.toMatchObject({ code: "store_unavailable", cause });
    await expect(sessions.create({})).rejects.toMatchObject({ code: "outcome_unknown", cause });
  });

  test("a touch that fails harms no request and is told as an event", async () => {
    const clock = fakeClock();
    const inner = memoryStore();
    let failing = false;
    const store = broken({ load: (id) => inner.load(id), commit: (change) => (failing ? Promise.reject(new Error("down")) : inner.commit(change)) });
    const sessions = createSessions({ store, clock });
    const failures: string[] = [];
    sessions.on("failed", ({ doing, error }) => failures.push(`${doing}: ${error.code}`));
    const { token } = await sessions.create({ data: { a: 1 } });
    clock.advance("10m");
    failing = true;
    const session = await sessions.visit({ token });
    expect(session.get("a")).toBe(1);
    await expect.poll(() => failures).toEqual(["touch a session: outcome_unknown"]);
  });

  test("a record whose own fields cannot be read resumes nothing and is told as an event; a field that cannot be read is absent", async () => {
    const store = memoryStore();
    const sessions = createSessions({ store });
    const unreadable: string[] = [];
    sessions.on("unreadable", ({ field }) => unreadable.push(field));
    const { id, token } = await sessions.create({ data: { a: 1, b: 2 } });
    await store.commit({ id: id as never, expect: "live", set: { a: "{" } });
    const session = await sessions.visit({ token });
    expect([session.get("a"), session.get("b"), { ...session.data }]).toEqual([undefined, 2, { b: 2 }]);
    await store.commit({ id: id as never, expect: "live", set: { $life: "{" } });
    expect((await sessions.visit({ token })).exists).toBe(false);
    expect(new Set(unreadable)).toEqual(new Set(["a", "$secret"]));
  });
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
