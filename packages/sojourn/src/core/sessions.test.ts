import { describe, expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import type { SojournErrorCode } from "./errors.ts";
import type { Store } from "./seam.ts";
import type { Session } from "./session.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { SessionsOptions } from "./settings.ts";
import { newId } from "./token.ts";

interface Data {
  cart: string[];
  theme: string;
  views: number;
}

for (const [name, wrap] of Object.entries({ "answers at once": (store: Store) => store, "answers later": delayed<Store> })) {
  describe(`a manager over a store that ${name}`, () => {
    function open(options: Partial<SessionsOptions<Data>> = {}): {
      sessions: Sessions<Data>;
      clock: ReturnType<typeof fakeClock>;
      calls: string[];
      store: Store;
    } {
      const clock = fakeClock();
      const inner = wrap(options.store ?? memoryStore());
      const calls: string[] = [];
      const store: Store = {
        load: (id, given) => (calls.push(`load ${id}`), inner.load(id, given)),
        commit: (change, given) => (calls.push(`commit ${change.id}`), inner.commit(change, given)),
        find: (query, page) => (calls.push("find"), inner.find(query, page)),
        close: () => inner.close(),
      };
      return { sessions: createSessions<Data>({ clock, ...options, store }), clock, calls, store: inner };
    }

    test("asking never creates: no store call, nothing to hand back", async () => {
      const { sessions, calls } = open();
      const session = await sessions.visit({});
      expect([session.exists, session.id, session.subject, session.get("theme"), { ...session.data }]).toEqual([false, undefined, undefined, undefined, {}]);
      expect(await sessions.settle(session)).toBeUndefined();
      expect(calls).toEqual([]);
    });

    test("the first write creates, with the answer; the token resumes it, data and all", async () => {
      const { sessions } = open();
      const first = await sessions.visit({ client: { address: "192.0.2.1", agent: "curl/8" } });
      first.set("cart", ["apple"]);
      expect(first.exists).toBe(false);
      const back = await sessions.settle(first);
      expect(back?.token).toMatch(/^[0-9a-z]{26}\.[\w-]{32}$/);
      const second = await sessions.visit({ token: back?.token });
      expect(second.get("cart")).toEqual(["apple"]);
      expect(second.id).toBe(first.id);
      expect(await sessions.settle(second)).toBeUndefined();
      expect(await sessions.info({ id: String(first.id) })).toMatchObject({ kind: "web", address: "192.0.2.1", agent: "curl/8", version: 1 });
    });

    test("writes are deltas: two requests that change different fields both land", async () => {
      const { sessions } = open();
      const { token } = await sessions.create({ data: { theme: "light", views: 1 } });
      const a = (await sessions.resume(String(token))) as Session<Data>;
      const b = (await sessions.resume(String(token))) as Session<Data>;
      a.set("theme", "dark");
      b.set("views", 2);
      b.delete("cart");
      await Promise.all([a.commit(), b.commit()]);
      expect({ ...(await sessions.resume(String(token)))?.data }).toEqual({ theme: "dark", views: 2 });
    });

    test("200 pairs of parallel requests, each changing a field of its own: none of 400 is lost", async () => {
      const { sessions } = open();
      const { token } = await sessions.create({ data: { views: 0 } });
      await Promise.all(
        Array.from({ length: 400 }, async (_, n) => {
          const session = (await sessions.resume(String(token))) as unknown as Session<Record<string, number>>;
          session.set(`field${n}`, n);
          await session.commit();
        }),
      );
      const session = (await sessions.resume(String(token))) as unknown as Session<Record<string, number>>;
      expect(Object.keys(session.data)).toHaveLength(401);
    });

    test("update is never lost: 50 at once count to 50", async () => {
      const { sessions } = open();
      const { token } = await sessions.create({ data: { views: 0 } });
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const session = (await sessions.resume(String(token))) as Session<Data>;
          await session.update("views", (views = 0) => views + 1);
        }),
      );
      expect((await sessions.resume(String(token)))?.get("views")).toBe(50);
    });

    test("update begins a session where there is none, and sees what the request has set", async () => {
      const { sessions } = open();
      const session = await sessions.visit({});
      expect(await session.update("cart", (cart = []) => [...cart, "a"])).toEqual(["a"]);
      session.set("cart", ["b"]);
      expect(await session.update("cart", (cart = []) => [...cart, "c"])).toEqual(["b", "c"]);
      expect((await sessions.resume(String(session.token)))?.get("cart")).toEqual(["b", "c"]);
    });

    test("ended is final: of 100 slow writes that overlap the logout none revives the session", async () => {
      const { sessions, store } = open();
      const { id, token } = await sessions.create({ subject: "ada", data: { views: 0 } });
      const slow = await Promise.all(Array.from({ length: 100 }, () => sessions.visit({ token })));
      const logout = await sessions.visit({ token });
      await logout.end();
      expect(await sessions.settle(logout)).toEqual({ token: undefined });
      const answers = await Promise.all(
        slow.map(async (session, n) => {
          session.set("views", n);
          return code(async () => sessions.settle(session));
        }),
      );
      expect(new Set(answers)).toEqual(new Set(["session_ended"]));
      const record = await store.load(id as never);
      expect([record?.fields["views"], record?.ended === undefined]).toEqual(["0", false]);
      expect((await sessions.visit({ token })).refusal).toBe("ended");
    });

    test("a write that arrives just after the end, or with a secret that was just replaced, begins no other session; later it does", async () => {
      const { sessions, clock } = open();
      const first = await sessions.create({});
      const { token } = first;
      await first.end();
      const late = await sessions.visit({ token });
      late.set("theme", "late");
      expect(await code(async () => sessions.settle(late))).toBe("session_ended");
      const login = await sessions.visit({ token });
      await login.authenticate("ada");
      expect((await sessions.settle(login))?.token).toBeDefined();
      clock.advance("31s");
      const fresh = await sessions.visit({ token });
      fresh.set("theme", "new");
      expect((await sessions.settle(fresh))?.token).toBeDefined();
      const planted = await sessions.create({});
      const before = planted.token;
      await (await sessions.visit({ token: before })).authenticate("bob");
      const replaced = await sessions.visit({ token: before });
      replaced.set("theme", "late");
      expect(await code(async () => sessions.settle(replaced))).toBe("session_ended");
    });

    test("values are frozen: a push throws instead of being lost", async () => {
      const { sessions } = open();
      const { token } = await sessions.create({ data: { cart: ["a"] } });
      const session = (await sessions.resume(String(token))) as Session<Data>;
      expect(() => session.get("cart")?.push("b")).toThrow(TypeError);
      expect(() => Object.assign(session.data, { theme: "x" })).toThrow(TypeError);
    });

    test("flash is given once", async () => {
      const { sessions } = open();
      const { token } = await sessions.create({});
      const one = await sessions.visit({ token });
      one.flash("notice", "Saved.");
      await sessions.settle(one);
      const two = await sessions.visit({ token });
      expect([two.flash("notice"), two.flash("notice"), Object.keys(two.data)]).toEqual(["Saved.", undefined, []]);
      await sessions.settle(two);
      expect((await sessions.visit({ token })).flash("notice")).toBeUndefined();
    });

    test("a malformed token causes no store call; an unknown one is never adopted, and hears nothing", async () => {
      const { sessions, calls } = open();
      const { token } = await sessions.create({});
      calls.length = 0;
      const good = String(token);
      for (const bad of [
        "",
        "x",
        good.slice(0, -1),
        `${good}x`,
        good.replace(".", "!"),
        `../${good.slice(3)}`,
        "\0".repeat(59),
        good.toUpperCase(),
        "a".repeat(1_000_000),
      ]) {
        const session = await sessions.visit({ token: bad });
        expect([session.exists, session.refusal]).toEqual([false, "malformed"]);
        expect(await sessions.settle(session)).toBeUndefined();
      }
      expect(calls).toEqual([]);
      const unknown = await sessions.visit({ token: `${newId(Date.now())}${good.slice(26)}` });
      expect(unknown.refusal).toBe("missing");
      unknown.set("theme", "dark");
      expect((await sessions.settle(unknown))?.token?.slice(0, 26)).not.toBe(good.slice(0, 26));
    });

    test("the right id with another secret is missing, also after the right one has been seen", async () => {
      const { sessions } = open();
      const { token } = await sessions.create({});
      const other = `${String(token).slice(0, 27)}${"A".repeat(32)}`;
      expect((await sessions.visit({ token: other })).refusal).toBe("missing");
      expect((await sessions.visit({ token })).exists).toBe(true);
      expect((await sessions.visit({ token: other })).refusal).toBe("missing");
    });

    test("the secret is not in the store; only its hash is", async () => {
      const { sessions, store } = open();
      const { id, token } = await sessions.create({ subject: "ada", data: { theme: "dark" } });
      const record = JSON.stringify(await store.load(id as never));
      expect(record).not.toContain(String(token).slice(27));
      expect(record).toContain("$secret");
    });

    test("after the answer has begun a write is refused by name", async () => {
      const { sessions } = open();
      const session = await sessions.visit({});
      await sessions.settle(session);
      expect(await code(async () => session.set("theme", "dark"))).toBe("response_started");
      expect(await code(async () => session.authenticate("ada"))).toBe("response_started");
      expect(await code(async () => session.update("views", () => 1))).toBe("response_started");
    });

    test("the door is told once, before the first write, and may refuse", async () => {
      const { sessions } = open();
      let told = 0;
      const session = await sessions.visit({ onPending: () => told++ });
      session.set("theme", "a");
      session.set("theme", "b");
      expect(told).toBe(1);
      const late = await sessions.visit({
        onPending: () => {
          throw new Error("too late");
        },
      });
      expect(() => late.set("theme", "a")).toThrow("too late");
      expect(await sessions.settle(late)).toBeUndefined();
    });

    test("ifVersion: a write against an older version is stale, and nothing is written", async () => {
      const { sessions } = open();
      const { token } = await sessions.create({ data: { views: 1 } });
      const a = (await sessions.resume(String(token))) as Session<Data>;
      const b = (await sessions.resume(String(token))) as Session<Data>;
      a.set("views", 2);
      await a.commit({ ifVersion: 1 });
      expect(a.version).toBe(2);
      b.set("views", 3);
      expect(await code(() => b.commit({ ifVersion: 1 }))).toBe("stale");
      expect((await sessions.resume(String(token)))?.get("views")).toBe(2);
    });

    test("somebody else's id is missing, for ending as for looking", async () => {
      const { sessions } = open();
      const { id } = await sessions.create({ subject: "ada" });
      const target = { id: String(id), subject: "bob" };
      expect([await sessions.info(target), await sessions.end(target)]).toEqual([undefined, false]);
      expect(await sessions.end({ ...target, subject: "ada" }, "closed", "ada")).toBe(true);
      expect(await sessions.info({ id: String(id) })).toMatchObject({ ended: { reason: "closed", by: "ada" } });
      expect(await sessions.end({ id: "../../etc/passwd" })).toBe(false);
    });

    test("tenants share a store and nothing else", async () => {
      const store = memoryStore();
      const red = open({ store, tenant: "red", limit: { perSubject: 1 } }).sessions;
      const blue = open({ store, tenant: "blue", limit: { perSubject: 1 } }).sessions;
      const { id, token } = await red.create({ subject: "ada" });
      await blue.create({ subject: "ada" });
      expect((await blue.visit({ token })).refusal).toBe("missing");
      expect([await blue.info({ id: String(id) }), await blue.end({ id: String(id) })]).toEqual([undefined, false]);
      await blue.endAll({ subject: "ada" });
      await blue.endAll({ everyone: true });
      expect((await red.visit({ token })).exists).toBe(true);
      expect((await collect(red.list({ subject: "ada" }))).map((info) => info.id)).toEqual([id]);
    });

    test("fields over the bounds are refused before the store is called", async () => {
      const { sessions, calls } = open({ bounds: { record: 200_000 } });
      const session = await sessions.visit({});
      expect(await code(async () => session.set("theme", "x".repeat(65_537)))).toBe("too_large");
      for (let n = 0; n < 4; n++) (session as unknown as Session<Record<string, string>>).set(`f${n}`, "x".repeat(60_000));
      expect(await code(async () => sessions.settle(session))).toBe("too_large");
      expect(calls).toEqual([]);
      const { token } = await sessions.create({ data: { theme: "y".repeat(60_000) } });
      const grown = await sessions.visit({ token });
      for (let n = 0; n < 3; n++) (grown as unknown as Session<Record<string, string>>).set(`f${n}`, "x".repeat(60_000));
      calls.length = 0;
      expect(await code(async () => sessions.settle(grown))).toBe("too_large");
      expect(calls).toEqual([]);
    });
  });
}

/** The code of the error that an action ends in. */
async function code(action: () => unknown): Promise<SojournErrorCode | "nothing was thrown"> {
  try {
    await action();
  } catch (error) {
    return (error as { code: SojournErrorCode }).code;
  }
  return "nothing was thrown";
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
