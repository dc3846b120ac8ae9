import fc from "fast-check";
import { expect, test } from "vitest";
import { fakeClock } from "../testing/fake-clock.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { SessionId, Store } from "./seam.ts";
import type { SessionsOptions } from "./settings.ts";

interface Data {
  n: number;
}

overEveryStore((open) => {
  function manager(options: Partial<SessionsOptions<Data>> = {}): { sessions: Sessions<Data>; clock: ReturnType<typeof fakeClock>; store: Store } {
    const clock = fakeClock();
    const store = options.store ?? open();
    return { clock, store, sessions: createSessions<Data>({ clock, ...options, store }) };
  }

  test("a ticket gives the session once, and only for its purpose", async () => {
    const { sessions } = manager();
    const session = await sessions.create({ subject: "ana", data: { n: 1 } });
    const ticket = await session.ticket("socket");
    expect(ticket).toMatch(/^[0-9a-z]{26}-[\w-]{32}$/);
    expect(await sessions.redeem(ticket, "download")).toBeUndefined();
    const redeemed = await sessions.redeem(ticket, "socket", { agent: "test" });
    expect([redeemed?.id, redeemed?.subject, redeemed?.get("n"), redeemed?.token]).toEqual([session.id, "ana", 1, undefined]);
    expect(await sessions.redeem(ticket, "socket")).toBeUndefined();
    redeemed?.set("n", 2);
    await redeemed?.commit();
    expect((await sessions.resume(session.token ?? ""))?.get("n")).toBe(2);
  });

  test("of 50 that redeem it at once, in two processes, one has it", async () => {
    const { sessions, store, clock } = manager();
    const other = createSessions<Data>({ store, clock });
    const session = await sessions.create({ subject: "ana" });
    for (let round = 0; round < 3; round++) {
      const ticket = await session.ticket("socket");
      const all = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? sessions : other).redeem(ticket, "socket")));
      expect(all.filter((each) => each !== undefined)).toHaveLength(1);
    }
  });

  test("it is good for its time, and no longer than its session, which it does not keep from anything", async () => {
    const { sessions, clock } = manager({ idle: "10m" });
    const session = await sessions.create({ subject: "ana" });
    const [short, long, late] = [
      await session.ticket("a", { lasts: "30s" }),
      await session.ticket("a", { lasts: "1h" }),
      await session.ticket("a", { lasts: "1h" }),
    ];
    clock.advance("29s");
    expect(await sessions.redeem(short, "a")).toBeDefined();
    const another = await session.ticket("a");
    clock.advance("61s");
    expect(await sessions.redeem(another, "a")).toBeUndefined();
    expect(await sessions.redeem(long, "a")).toBeDefined();
    clock.advance("11m");
    expect(await sessions.redeem(late, "a")).toBeUndefined();
  });

  test("an end, a mass ending and a log-in make an end of it", async () => {
    const { sessions } = manager();
    const [ended, floored] = [await sessions.create({ subject: "ana" }), await sessions.create({ subject: "bob" })];
    const [one, two] = [await ended.ticket("a"), await floored.ticket("a")];
    await ended.end();
    await sessions.endAll({ subject: "bob" });
    expect([await sessions.redeem(one, "a"), await sessions.redeem(two, "a")]).toEqual([undefined, undefined]);
    const visitor = await sessions.create({ data: { n: 1 } });
    const before = await visitor.ticket("a");
    await visitor.authenticate("ana");
    expect(await sessions.redeem(before, "a")).toBeUndefined();
    expect(await sessions.redeem(await visitor.ticket("a"), "a")).toBeDefined();
    const again = await visitor.ticket("a");
    await visitor.elevate("sudo");
    expect((await sessions.redeem(again, "a"))?.levels).toEqual(["sudo"]);
  });

  test("the store has no secret of it, and 32 may be open at a time; those whose time is over make room", async () => {
    const { sessions, store, clock } = manager();
    const session = await sessions.create({ subject: "ana" });
    const tickets: string[] = [];
    for (let i = 0; i < 32; i++) tickets.push(await session.ticket("a"));
    const text = JSON.stringify(await store.load(session.id as SessionId));
    for (const ticket of tickets) expect(text).not.toContain(ticket.slice(27));
    await expect(session.ticket("a")).rejects.toMatchObject({ code: "limit_reached" });
    await sessions.redeem(tickets[0] ?? "", "a");
    tickets.push(await (await sessions.resume(session.token ?? ""))!.ticket("a"));
    clock.advance("61s");
    const fresh = await (await sessions.resume(session.token ?? ""))!.ticket("a");
    const kept = Object.keys((await store.load(session.id as SessionId))?.fields ?? {}).filter((name) => name.startsWith("$ticket."));
    expect(kept).toHaveLength(1);
    expect(await sessions.redeem(fresh, "a")).toBeDefined();
  });

  test("parallel tickets of one session are all good, and other writes are not lost", async () => {
    const { sessions } = manager();
    const { token = "" } = await sessions.create({ subject: "ana" });
    const given = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const session = await sessions.resume(token);
        await session?.update("n", (n = 0) => n + 1);
        return (await session?.ticket(`p${i}`)) ?? "";
      }),
    );
    for (const [i, ticket] of given.entries()) expect((await sessions.redeem(ticket, `p${i}`))?.get("n")).toBe(10);
  });

  test("no session, no ticket; another tenant's, a token and hostile texts redeem nothing, mostly without a store call", async () => {
    const { sessions, store, clock } = manager();
    await expect((await sessions.visit({})).ticket("a")).rejects.toMatchObject({ code: "session_missing" });
    const begun = await sessions.visit({});
    begun.set("n", 1);
    const ticket = await begun.ticket("a");
    expect((await sessions.redeem(ticket, "a"))?.get("n")).toBe(1);
    const session = await sessions.create();
    const good = await session.ticket("a");
    expect(await createSessions({ store, clock, tenant: "other" }).redeem(good, "a")).toBeUndefined();
    for (const purpose of ["", "a b", "a\n", "x".repeat(129)]) {
      await expect(session.ticket(purpose)).rejects.toMatchObject({ code: "invalid_field" });
      await expect(sessions.redeem(good, purpose)).rejects.toMatchObject({ code: "invalid_field" });
    }
    expect((await sessions.visit({ token: good })).refusal).toBe("malformed");
    expect(await sessions.redeem(session.token ?? "", "a")).toBeUndefined();
    let calls = 0;
    const counted = createSessions({ clock, store: { ...store, load: (id, options) => ((calls += 1), store.load(id, options)) } });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(good.slice(0, -1), `${good}x`, good.replace("-", "."), ` ${good}`)),
        async (text) => {
          expect(await counted.redeem(text, "a")).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
    expect(calls).toBe(0);
    expect(await counted.redeem(undefined as unknown as string, "a")).toBeUndefined();
    expect(await sessions.redeem(good.slice(0, 27) + "A".repeat(32), "a")).toBeUndefined();
    expect(await sessions.redeem(good, "a")).toBeDefined();
  });
});
