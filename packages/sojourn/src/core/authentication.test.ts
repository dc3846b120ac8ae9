import { describe, expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import type { SessionEvents } from "./events.ts";
import type { Store } from "./seam.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { SessionsOptions } from "./settings.ts";

interface Data {
  cart: string[];
  theme: string;
}

for (const [name, wrap] of Object.entries({ "answers at once": memoryStore, "answers later": () => delayed(memoryStore()) })) {
  describe(`over a store that ${name}`, () => {
    function open(options: Partial<SessionsOptions<Data>> = {}): { sessions: Sessions<Data>; clock: ReturnType<typeof fakeClock>; events: string[] } {
      const clock = fakeClock();
      const sessions = createSessions<Data>({ store: wrap(), clock, ...options });
      const events: string[] = [];
      for (const event of ["created", "authenticated", "elevated", "rotated", "ended", "reuse"] as const satisfies (keyof SessionEvents)[]) {
        sessions.on(event, (told) => events.push("reason" in told ? `${event} ${told.reason}` : event));
      }
      return { sessions, clock, events };
    }
    const visit = (sessions: Sessions<Data>, token: string | undefined, rotates = true): Promise<Awaited<ReturnType<Sessions<Data>["visit"]>>> =>
      Promise.resolve(sessions.visit({ token, rotates }));

    describe("logging in", () => {
      test("replaces the secret at once (session fixation) and keeps only the fields named", async () => {
        const { sessions, events } = open();
        const { id, token } = await sessions.create({ data: { cart: ["apple"], theme: "planted" } });
        const login = await visit(sessions, token);
        await login.authenticate("ada", { methods: ["pwd"], keep: ["cart"] });
        expect([login.id, login.subject, login.methods, { ...login.data }]).toEqual([id, "ada", ["pwd"], { cart: ["apple"] }]);
        const back = await sessions.settle(login);
        expect(back?.token).not.toBe(token);
        expect((await visit(sessions, token)).refusal).toBe("replaced");
        const session = await visit(sessions, back?.token);
        expect([session.subject, { ...session.data }]).toEqual(["ada", { cart: ["apple"] }]);
        expect(events).toEqual(["created", "authenticated"]);
      });

      test("of a visitor without a session begins one", async () => {
        const { sessions } = open();
        const login = await visit(sessions, undefined);
        login.set("theme", "dark");
        login.set("cart", ["pear"]);
        await login.authenticate("ada", { keep: ["cart"] });
        const back = await sessions.settle(login);
        const session = await visit(sessions, back?.token);
        expect([session.subject, { ...session.data }]).toEqual(["ada", { cart: ["pear"] }]);
      });

      test("as somebody else ends the session and begins another, with nothing of it", async () => {
        const { sessions, events } = open();
        const { id, token } = await sessions.create({ subject: "ada", data: { cart: ["secret"] } });
        const login = await visit(sessions, token);
        await login.authenticate("bob", { keep: ["cart"] });
        expect(login.id).not.toBe(id);
        expect([login.subject, { ...login.data }]).toEqual(["bob", {}]);
        expect((await sessions.info({ id: String(id) }))?.ended?.reason).toBe("replaced");
        expect(events).toEqual(["created", "ended replaced", "created", "authenticated"]);
      });

      test("again begins both clocks anew, keeps the data, and replaces the secret", async () => {
        const { sessions, clock } = open({ idle: "1h", absolute: "2h" });
        const { id, token } = await sessions.create({ subject: "ada", data: { theme: "dark" } });
        clock.advance("50m");
        const again = await visit(sessions, token);
        expect(again.isFresh("10m")).toBe(false);
        await again.authenticate("ada", { methods: ["otp"] });
        expect([again.id, again.isFresh("1m"), again.get("theme")]).toEqual([id, true, "dark"]);
        clock.advance("59m");
        expect((await visit(sessions, again.token)).exists).toBe(true);
        expect((await sessions.info({ id: String(id) }))?.expiresAt).toBeGreaterThan(clock.now());
      });

      test("with a lifetime of its own", async () => {
        const { sessions, clock } = open({ idle: "1h", absolute: "2h" });
        const login = await visit(sessions, undefined);
        await login.authenticate("ada", { idle: "7d", absolute: "30d" });
        clock.advance("6d");
        expect((await visit(sessions, login.token)).exists).toBe(true);
        await expect((await visit(sessions, undefined)).authenticate("ada", { absolute: "401d" })).rejects.toMatchObject({ code: "invalid_option" });
      });

      test("keeps the kind and the lifetimes that the session was created with", async () => {
        const { sessions, clock } = open({ idle: "1h", absolute: "2h" });
        const { token } = await sessions.create({ kind: "kiosk", idle: "5m", absolute: "20m" });
        clock.advance("4m");
        const login = await visit(sessions, token);
        await login.authenticate("ada");
        expect([login.kind, login.expiresAt]).toEqual(["kiosk", clock.now() + 5 * 60_000]);
        await login.authenticate("bob", { idle: "1h" });
        expect([login.kind, login.expiresAt]).toEqual(["kiosk", clock.now() + 20 * 60_000]);
      });

      test("while other requests of the same client write: nothing of theirs is lost, and the log-in stands", async () => {
        const { sessions } = open();
        const { token } = await sessions.create({ data: { cart: [] } });
        const login = await visit(sessions, token);
        const others = await Promise.all(Array.from({ length: 20 }, () => visit(sessions, token)));
        const writes = others.map(async (other, n) => {
          (other as unknown as { set(name: string, value: number): void }).set(`n${n}`, n);
          await other.commit();
        });
        await Promise.all([login.authenticate("ada", { keep: ["cart"] }), ...writes]);
        const session = await visit(sessions, login.token);
        expect(session.subject).toBe("ada");
      });

      test("log in, log out, log in again, with three slow requests of the first session under way: none of them has anything to hand back", async () => {
        const { sessions } = open();
        const first = await visit(sessions, undefined);
        await first.authenticate("ada");
        const one = (await sessions.settle(first))?.token;
        const slow = await Promise.all([1, 2, 3].map(() => visit(sessions, one)));
        const out = await visit(sessions, one);
        await out.end();
        expect(await sessions.settle(out)).toEqual({ token: undefined });
        const second = await visit(sessions, undefined);
        await second.authenticate("ada");
        const two = (await sessions.settle(second))?.token;
        slow[0]?.set("theme", "late");
        await expect(Promise.resolve().then(() => sessions.settle(slow[0] as never))).rejects.toMatchObject({ code: "session_ended", status: 401 });
        expect(await Promise.all(slow.slice(1).map((session) => sessions.settle(session)))).toEqual([undefined, undefined]);
        expect((await visit(sessions, two)).subject).toBe("ada");
      });

      test("a subject that cannot be one is refused by name", async () => {
        const { sessions } = open();
        const session = await visit(sessions, undefined);
        for (const subject of ["", "x".repeat(513), 7 as never]) await expect(session.authenticate(subject)).rejects.toMatchObject({ code: "invalid_field" });
      });
    });

    describe("levels", () => {
      test("elevate raises what the session may do for a time, and replaces the secret at once", async () => {
        const { sessions, clock } = open();
        const { token } = await sessions.create({ subject: "ada", methods: ["pwd"] });
        const session = await visit(sessions, token);
        await session.elevate("payments", { methods: ["otp"], for: "5m" });
        expect([session.levels, session.methods, session.isFresh("1m", "payments")]).toEqual([["payments"], ["pwd", "otp"], true]);
        expect((await visit(sessions, token)).refusal).toBe("replaced");
        clock.advance("4m");
        const later = await visit(sessions, session.token);
        expect([later.isFresh("5m", "payments"), later.isFresh("3m", "payments"), later.isFresh("5m", "other")]).toEqual([true, false, false]);
        clock.advance("61s");
        expect([later.levels, later.isFresh("1h", "payments")]).toEqual([[], false]);
      });

      test("only of a session that has a subject", async () => {
        const { sessions } = open();
        const { token } = await sessions.create({});
        await expect((await visit(sessions, token)).elevate("payments")).rejects.toMatchObject({ code: "not_authenticated" });
        await expect((await visit(sessions, undefined)).elevate("payments")).rejects.toMatchObject({ code: "not_authenticated" });
      });
    });

    describe("periodic rotation", () => {
      test("one of many parallel requests offers a successor; the old secret stays good until that has been seen, then for a grace, then it ends the session", async () => {
        const { sessions, clock, events } = open({ idle: "3h", rotation: { every: "1h", grace: "30s" } });
        const { id, token } = await sessions.create({ subject: "ada" });
        clock.advance("61m");
        // The first request writes the touch down; the rest find nothing to touch.
        await (await visit(sessions, token, false)).commit();
        const backs = await Promise.all(Array.from({ length: 10 }, async () => sessions.settle(await visit(sessions, token))));
        const offered = backs.filter((back) => back !== undefined);
        expect(offered).toHaveLength(1);
        clock.advance("20m");
        const old = await visit(sessions, token, false);
        expect(old.exists).toBe(true);
        // It writes a touch down, and no request waits for that. Under way still, it could overtake the note that the successor was seen.
        await old.commit();
        const successor = await visit(sessions, offered[0]?.token);
        expect(successor.exists).toBe(true);
        await successor.commit();
        clock.advance("30s");
        expect((await visit(sessions, token, false)).exists).toBe(true);
        clock.advance("1s");
        expect((await visit(sessions, token, false)).refusal).toBe("replaced");
        expect((await visit(sessions, offered[0]?.token)).refusal).toBe("ended");
        expect((await visit(sessions, token, false)).refusal).toBe("replaced");
        expect((await sessions.info({ id: String(id) }))?.ended?.reason).toBe("reuse");
        expect(events.filter((event) => event === "reuse")).toHaveLength(1);
      });

      test("a successor's first request whose note another write overtakes changes nothing; its next one is noted, and the grace begins", async () => {
        const store: Store = wrap();
        let overtakes = false;
        const commit: Store["commit"] = async (change, options) => {
          if (overtakes && change.set?.["$secret"] !== undefined) {
            overtakes = false;
            await store.commit({ id: change.id, expect: "live", set: { theme: '"dark"' } });
          }
          return store.commit(change, options);
        };
        const { sessions, clock, events } = open({ store: { ...store, commit }, idle: "3h", rotation: { every: "1h", grace: "30s" } });
        const { token } = await sessions.create({ subject: "ada" });
        clock.advance("61m");
        const offered = await sessions.settle(await visit(sessions, token));
        overtakes = true;
        await (await visit(sessions, offered?.token)).commit();
        expect(overtakes).toBe(false);
        clock.advance("31s");
        expect((await visit(sessions, token, false)).exists).toBe(true);
        await (await visit(sessions, offered?.token)).commit();
        clock.advance("30s");
        expect((await visit(sessions, token, false)).exists).toBe(true);
        clock.advance("1s");
        expect((await visit(sessions, token, false)).refusal).toBe("replaced");
        expect(events).toEqual(["created", "rotated", "ended reuse", "reuse"]);
      });

      test("is not offered over a carrier that cannot hand it back", async () => {
        const { sessions, clock } = open({ idle: "3h" });
        const { token } = await sessions.create({});
        clock.advance("2h");
        const session = await visit(sessions, token, false);
        await session.commit();
        expect(await sessions.settle(session)).toBeUndefined();
      });

      test("on demand: rotate() hands back a token, and what the request set is kept", async () => {
        const { sessions } = open();
        const { token } = await sessions.create({});
        const session = await visit(sessions, token);
        session.set("theme", "dark");
        await session.rotate();
        const back = await sessions.settle(session);
        expect(back?.token).toBe(session.token);
        expect((await visit(sessions, back?.token)).get("theme")).toBe("dark");
        await expect((await visit(sessions, undefined)).rotate()).rejects.toMatchObject({ code: "session_missing" });
      });
    });
  });
}
