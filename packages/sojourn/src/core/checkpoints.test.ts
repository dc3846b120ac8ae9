import { expect, test } from "vitest";
import { fakeClock } from "../testing/fake-clock.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { Store } from "./seam.ts";
import type { SessionsOptions } from "./settings.ts";

interface Data {
  windows: string[];
  theme: string;
  roles: string[];
}

overEveryStore((open) => {
  function manager(options: Partial<SessionsOptions<Data>> = {}): { sessions: Sessions<Data>; clock: ReturnType<typeof fakeClock>; store: Store } {
    const clock = fakeClock();
    const store = options.store ?? open();
    return { clock, store, sessions: createSessions<Data>({ clock, idle: "1d", absolute: "2d", authority: ["roles"], ...options, store }) };
  }

  test("what is restored is what was kept: later fields go, earlier ones come back, the rest of the session stays", async () => {
    const { sessions, clock } = manager();
    const session = await sessions.create({ subject: "ana", methods: ["pwd"], data: { windows: ["a", "b"] } });
    const kept = await session.checkpoint("before");
    expect(kept).toEqual({ name: "before", at: clock.now(), until: clock.now() + 90 * 86_400_000, session: session.id, version: 1, fields: ["windows"] });
    session.set("windows", []);
    session.set("theme", "dark");
    await session.commit();
    await session.elevate("sudo");
    const { token, expiresAt } = session;
    await session.restore("before");
    expect(session.data).toEqual({ windows: ["a", "b"] });
    const again = await sessions.resume(token!);
    expect([again?.data, again?.levels, again?.subject, again?.expiresAt]).toEqual([{ windows: ["a", "b"] }, ["sudo"], "ana", expiresAt]);
  });

  test("what is pending is in the checkpoint, and is dropped by a restore", async () => {
    const { sessions } = manager();
    const session = await sessions.visit({});
    session.set("theme", "light");
    await session.checkpoint("one");
    session.set("theme", "dark");
    await session.restore("one");
    expect(session.get("theme")).toBe("light");
    await session.commit();
    expect(session.get("theme")).toBe("light");
  });

  test("what grants something is neither captured nor restored", async () => {
    const { sessions, store } = manager();
    const session = await sessions.create({ subject: "ana", data: { roles: ["admin"], theme: "x" } });
    await session.checkpoint("as admin");
    session.set("roles", []);
    await session.commit();
    await session.restore("as admin");
    expect(session.data).toEqual({ roles: [], theme: "x" });
    const { records } = await store.find({ kind: "main:$checkpoint" });
    expect(Object.keys(records[0]?.fields ?? {}).toSorted()).toEqual(["$checkpoint", "theme"]);
  });

  test("it outlives its session, for the same subject and nobody else", async () => {
    const { sessions } = manager();
    const session = await sessions.create({ subject: "ana", data: { windows: ["w"] } });
    await session.checkpoint("desk");
    await session.end();
    const next = await sessions.create({ subject: "ana" });
    await next.restore("desk");
    expect(next.get("windows")).toEqual(["w"]);
    for (const other of [await sessions.create({ subject: "ben" }), await sessions.create({ data: { theme: "x" } })]) {
      await expect(other.restore("desk")).rejects.toMatchObject({ code: "checkpoint_missing", status: 404 });
    }
  });

  test("one of a session without a subject is that session's alone, and is not carried through a log-in", async () => {
    const { sessions } = manager();
    const session = await sessions.create({ data: { windows: ["anonymous"] } });
    await session.checkpoint("mine");
    await session.restore("mine");
    expect((await sessions.checkpoints({ id: session.id! })).map(({ name }) => name)).toEqual(["mine"]);
    const other = await sessions.create({ data: { theme: "x" } });
    await expect(other.restore("mine")).rejects.toMatchObject({ code: "checkpoint_missing" });
    await session.authenticate("ana");
    await expect(session.restore("mine")).rejects.toMatchObject({ code: "checkpoint_missing" });
    // Nor can a subject be named so that it is the owner.
    const forged = await sessions.create({ subject: `session:${session.id}` });
    await expect(forged.restore("mine")).rejects.toMatchObject({ code: "checkpoint_missing" });
  });

  test("they do not change: a name is used once, and a try whose answer was lost is recognised", async () => {
    const { sessions } = manager();
    const session = await sessions.create({ subject: "ana", data: { theme: "a" } });
    await session.checkpoint("one");
    await session.checkpoint("one");
    session.set("theme", "b");
    await expect(session.checkpoint("one")).rejects.toMatchObject({ code: "checkpoint_exists", status: 409 });
    expect(await sessions.dropCheckpoint({ subject: "ana" }, "one")).toBe(true);
    expect(await sessions.dropCheckpoint({ subject: "ana" }, "one")).toBe(false);
    await session.checkpoint("one");
    await session.restore("one");
    expect(session.get("theme")).toBe("b");
  });

  test("one whose time is over is no try whose answer was lost: it is made anew", async () => {
    const { sessions, clock } = manager({ checkpoints: { keep: "1h" } });
    const session = await sessions.create({ subject: "ana", data: { theme: "a" } });
    await session.checkpoint("one");
    clock.advance("1h");
    expect((await session.checkpoint("one")).until).toBe(clock.now() + 3_600_000);
    await session.restore("one");
  });

  test("of a session that never came to be there is none to keep", async () => {
    const { sessions } = manager();
    const session = await sessions.visit({});
    session.set("theme", "a");
    session.delete("theme");
    await expect(session.checkpoint("one")).rejects.toMatchObject({ code: "session_missing" });
  });

  test("no more than the limit, in a race too; those whose time is over give way", async () => {
    const { sessions, clock } = manager({ checkpoints: { limit: 3, keep: "1h" } });
    const session = await sessions.create({ subject: "ana", data: { theme: "a" } });
    const made = await Promise.allSettled(["a", "b", "c", "d", "e"].map((name) => session.checkpoint(name)));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect(made.flatMap((one) => (one.status === "rejected" ? [(one.reason as { code: string }).code] : []))).toEqual(["limit_reached", "limit_reached"]);
    clock.advance("1h");
    expect(await sessions.checkpoints({ subject: "ana" })).toEqual([]);
    await expect(session.restore("a")).rejects.toMatchObject({ code: "checkpoint_missing" });
    await session.checkpoint("late");
    expect((await sessions.checkpoints({ subject: "ana" })).map(({ name }) => name)).toEqual(["late"]);
  });

  test("the sweep takes away what was kept long enough, and no listing of sessions shows any", async () => {
    const { sessions, store, clock } = manager({ checkpoints: { keep: "1h" } });
    const session = await sessions.create({ subject: "ana", data: { theme: "a" } });
    await session.checkpoint("one");
    const listed: string[] = [];
    for await (const { id } of sessions.list({ subject: "ana" })) listed.push(id);
    for await (const { id } of sessions.list({ kind: "web" })) listed.push(id);
    expect(listed).toEqual([session.id, session.id]);
    clock.advance("1h");
    await sessions.run();
    await expect.poll(async () => (await store.find({ kind: "main:$checkpoint" })).records).toEqual([]);
    await sessions.close();
    expect((await sessions.info({ id: session.id! }))?.ended).toBeUndefined();
  });

  test("they count for no limit of sessions, and end with no mass ending", async () => {
    const { sessions, clock } = manager({ limit: { perSubject: 1, whenFull: "end-oldest" } });
    const session = await sessions.create({ subject: "ana", data: { theme: "a" } });
    await session.checkpoint("one");
    await session.checkpoint("two");
    clock.advance(1);
    expect(await sessions.endAll({ subject: "ana" })).toBe(1);
    const next = await sessions.create({ subject: "ana" });
    await next.restore("one");
    expect(next.get("theme")).toBe("a");
  });

  test("erasing a subject erases them, and its sessions, live and ended, and nobody else's", async () => {
    const { sessions, store } = manager();
    const gone = await sessions.create({ subject: "ana", data: { theme: "a" } });
    await gone.checkpoint("one");
    await gone.end();
    const live = await sessions.create({ subject: "ana", data: { theme: "b" } });
    await live.checkpoint("two");
    const { id } = live;
    const ben = await sessions.create({ subject: "ben", data: { theme: "c" } });
    await ben.checkpoint("his");
    expect(await sessions.erase({ subject: "ana" })).toEqual({ sessions: 2, checkpoints: 2 });
    const left: string[] = [];
    for (const kind of ["main:web", "main:$checkpoint"]) left.push(...(await store.find({ kind })).records.map(({ subject }) => String(subject)));
    expect(left).toEqual(["main:ben", "main$subject:ben"]);
    live.set("theme", "late");
    await expect(live.commit()).rejects.toMatchObject({ code: "session_ended" });
    expect(await store.load(id!)).toBeUndefined();
  });

  test("what one holds is read as a session's data is, by its owner alone, and is no activity", async () => {
    const { sessions, clock, store } = manager({ checkpoints: { keep: "1h" } });
    const session = await sessions.create({ subject: "ana", data: { windows: ["a"], theme: "x", roles: ["admin"] } });
    const kept = await session.checkpoint("desk");
    session.set("windows", []);
    await session.commit();
    clock.advance("30m");
    const before = await store.load(session.id!);
    const read = await sessions.readCheckpoint({ subject: "ana" }, "desk");
    expect(read).toEqual({ ...kept, data: { windows: ["a"], theme: "x" } });
    expect(await sessions.readCheckpoint({ id: session.id! }, "desk")).toEqual(read);
    expect(Object.isFrozen(read?.data)).toBe(true);
    expect(() => read?.data.windows?.push("b")).toThrow(TypeError);
    expect(await store.load(session.id!)).toEqual(before);
    for (const of of [{ subject: "ben" }, { id: (await sessions.create({ data: { theme: "y" } })).id! }, { id: "nobody" }]) {
      expect(await sessions.readCheckpoint(of, "desk")).toBeUndefined();
    }
    expect(await sessions.readCheckpoint({ subject: "ana" }, "another")).toBeUndefined();
    clock.advance("30m");
    expect(await sessions.readCheckpoint({ subject: "ana" }, "desk")).toBeUndefined();
  });

  test("what one holds is read through schemas and migration, and a field that cannot be read is told of the session that it was copied from", async () => {
    const { sessions, store, clock } = manager();
    const session = await sessions.create({ subject: "ana", data: { theme: "a", windows: ["w"], roles: [] } });
    await session.checkpoint("old");
    const validate = (value: unknown): { issues: { message: string }[] } | { value: string } =>
      value === "a" || value === undefined ? { issues: [{ message: "not a" }] } : { value: value as string };
    const theme = { "~standard": { version: 1, vendor: "test", validate } } as const;
    const next = createSessions<Data & { open: number }>({
      store,
      clock,
      version: 2,
      migrate: (older) => ({ ...(typeof older["theme"] === "string" ? { theme: older["theme"] } : {}), open: (older["windows"] as string[]).length }),
    });
    expect((await next.readCheckpoint({ subject: "ana" }, "old"))?.data).toEqual({ theme: "a", open: 1 });
    const strict = createSessions<Data>({ store, clock, schema: { theme } });
    const told: unknown[] = [];
    strict.on("unreadable", ({ id, kind, subject, field }) => told.push([id, kind, subject, field]));
    expect((await strict.readCheckpoint({ subject: "ana" }, "old"))?.data).toEqual({ windows: ["w"] });
    expect(told).toEqual([[session.id, "$checkpoint", undefined, "theme"]]);
  });

  test("other tenants have checkpoints of their own", async () => {
    const { sessions, store, clock } = manager();
    const other = createSessions<Data>({ store, clock, tenant: "other" });
    await (await sessions.create({ subject: "ana", data: { theme: "ours" } })).checkpoint("x");
    const theirs = await other.create({ subject: "ana", data: { theme: "theirs" } });
    await expect(theirs.restore("x")).rejects.toMatchObject({ code: "checkpoint_missing" });
    await theirs.checkpoint("x");
    expect((await other.checkpoints({ subject: "ana" })).map(({ session }) => session)).toEqual([theirs.id]);
  });
});
