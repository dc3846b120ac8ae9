import { describe, expect, test, vi } from "vitest";
import type { Store, WatchableStore } from "../core/seam.ts";
import type { Session } from "../core/session.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { fakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { keyring, newKey } from "./keys.ts";
import { sealedSessions, type RevocableSessions, type SealedSessions } from "./sealed-sessions.ts";
import type { TokenReader } from "./readers.ts";
import type { SealedOptions } from "./sealed-options.ts";

interface Shop {
  cart: string[];
  theme: string;
  note: string;
}

const key = newKey();
const place = "__Host-Http-session";

/** A browser with one cookie, and an application that does something with its session. */
function browser(sessions: SealedSessions<Shop>, room = 4_000): Browser {
  let token: string | undefined;
  return {
    async visit(act = () => undefined) {
      const session = await sessions.visit({ token, place, room });
      await act(session);
      const back = await sessions.settle(session);
      if (back !== undefined) token = back.token;
      return session;
    },
    get token() {
      return token;
    },
    set token(given) {
      token = given;
    },
  };
}

interface Browser {
  visit(act?: (session: Session<Shop>) => unknown): Promise<Session<Shop>>;
  token: string | undefined;
}

function made(options: Partial<SealedOptions<Shop>> = {}): { readonly sessions: SealedSessions<Shop>; readonly clock: FakeClock } {
  const clock = fakeClock();
  return { sessions: sealedSessions<Shop>({ keys: [key], clock, ...options }), clock };
}

describe("a session that travels", () => {
  test("is begun by the first write, is read again from the token, and asking for it writes nothing", async () => {
    const { sessions } = made();
    const ana = browser(sessions);
    await ana.visit();
    expect(ana.token).toBeUndefined();
    const first = await ana.visit((session) => session.set("cart", ["tea"]));
    const token = ana.token;
    const again = await ana.visit((session) => expect(session.get("cart")).toEqual(["tea"]));
    expect(again.id).toBe(first.id);
    expect(ana.token).toBe(token);
    expect(again.version).toBe(1);
  });

  test("keeps who logged in, how, and how far; the fields that were not to be kept are gone", async () => {
    const { sessions, clock } = made();
    const ana = browser(sessions);
    await ana.visit((session) => {
      session.set("cart", ["tea"]);
      session.set("note", "planted");
    });
    await ana.visit(async (session) => {
      await session.authenticate("ana", { methods: ["pwd"], keep: ["cart"] });
      await session.elevate("pay", { methods: ["otp"], for: "5m" });
    });
    await ana.visit((session) => {
      expect(session.subject).toBe("ana");
      expect(session.methods).toEqual(["pwd", "otp"]);
      expect(session.levels).toEqual(["pay"]);
      expect({ ...session.data }).toEqual({ cart: ["tea"] });
    });
    clock.advance("5m");
    await ana.visit((session) => expect(session.levels).toEqual([]));
  });

  test("another subject begins another session", async () => {
    const { sessions } = made();
    const browserOfTwo = browser(sessions);
    const ana = await browserOfTwo.visit((session) => session.authenticate("ana"));
    const id = ana.id;
    const bob = await browserOfTwo.visit((session) => session.authenticate("bob"));
    expect(bob.id).not.toBe(id);
    await browserOfTwo.visit((session) => expect(session.subject).toBe("bob"));
  });

  test("flash, update and delete do what they do with a store", async () => {
    const { sessions } = made();
    const ana = browser(sessions);
    await ana.visit(async (session) => {
      session.flash("notice", "hello");
      await session.update("cart", (cart = []) => [...cart, "tea"]);
      await session.update("cart", (cart = []) => [...cart, "milk"]);
      session.set("theme", "dark");
    });
    await ana.visit((session) => {
      expect(session.flash("notice")).toBe("hello");
      session.delete("theme");
    });
    await ana.visit((session) => {
      expect(session.flash("notice")).toBeUndefined();
      expect({ ...session.data }).toEqual({ cart: ["tea", "milk"] });
    });
  });

  test("is handed to a program by session.token, with all that the request did, and a cookie of it is nobody's there", async () => {
    const { sessions } = made();
    const session = await sessions.visit({});
    expect(session.token).toBeUndefined();
    session.set("theme", "dark");
    const anonymous = session.token;
    await session.authenticate("ana", { keep: ["theme"] });
    session.set("note", "last");
    const token = session.token ?? "";
    await sessions.settle(session);
    const resumed = await sessions.resume(token);
    expect(resumed?.subject).toBe("ana");
    expect({ ...resumed?.data }).toEqual({ theme: "dark", note: "last" });
    expect((await sessions.resume(anonymous ?? ""))?.subject).toBeUndefined();
    expect(await sessions.resume(token, { place })).toBeUndefined();
    const ana = browser(sessions);
    await ana.visit((own) => own.set("theme", "dark"));
    expect(await sessions.resume(ana.token ?? "")).toBeUndefined();
    expect(await sessions.resume(ana.token ?? "", { place })).toBeDefined();
  });

  test("cannot do what needs a record in a store, and says so", async () => {
    const { sessions } = made();
    const session = await sessions.create();
    const needs = expect.objectContaining({ code: "needs_store" }) as Error;
    await expect(session.claim("sms:1")).rejects.toThrow(needs);
    await expect(session.lease()).rejects.toThrow(needs);
    await expect(session.ticket("download")).rejects.toThrow(needs);
    await expect(session.checkpoint("one")).rejects.toThrow(needs);
    await expect(session.restore("one")).rejects.toThrow(needs);
    session.wakeAt(Date.now() + 1_000);
    await expect(session.commit()).rejects.toThrow(needs);
  });
});

describe("its two clocks", () => {
  test("idle: activity seals it again, at a tenth of the time; without any it is over", async () => {
    const { sessions, clock } = made({ idle: "30m", absolute: "12h" });
    const ana = browser(sessions);
    await ana.visit((session) => session.set("theme", "dark"));
    const first = ana.token;
    clock.advance("2m");
    await ana.visit();
    expect(ana.token).toBe(first);
    clock.advance("20m");
    await ana.visit();
    expect(ana.token).not.toBe(first);
    clock.advance("29m");
    expect((await ana.visit()).exists).toBe(true);
    clock.advance("30m");
    const over = await ana.visit();
    expect(over.exists).toBe(false);
    expect(over.refusal).toBe("expired");
  });

  test("absolute: nothing that is done moves it but a new authentication; the cookie's own attributes decide nothing", async () => {
    const { sessions, clock } = made({ idle: "1h", absolute: "3h" });
    const ana = browser(sessions);
    await ana.visit((session) => session.authenticate("ana"));
    for (let i = 0; i < 5; i++) {
      clock.advance("30m");
      expect((await ana.visit((session) => session.set("note", String(i)))).exists).toBe(true);
    }
    clock.advance("31m");
    expect((await ana.visit()).refusal).toBe("expired");
  });

  test("of servers that are five minutes apart: it goes on, and is over five minutes earlier or later", async () => {
    const ahead = fakeClock();
    const behind = fakeClock();
    const one = sealedSessions<Shop>({ keys: [key], clock: ahead });
    const other = sealedSessions<Shop>({ keys: [key], clock: behind });
    ahead.advance("5m");
    const session = await one.visit({ place, room: 4_000 });
    session.set("theme", "dark");
    const token = (await one.settle(session))?.token;
    expect((await other.visit({ token, place })).get("theme")).toBe("dark");
    behind.advance("34m");
    expect((await other.visit({ token, place })).exists).toBe(true);
    behind.advance("1m");
    expect((await other.visit({ token, place })).refusal).toBe("expired");
  });

  test("no session lasts longer than `longest`, by which ended ones are remembered", async () => {
    const { sessions } = made({ longest: "7d" });
    const session = await sessions.visit({});
    await expect(session.authenticate("ana", { absolute: "8d" })).rejects.toMatchObject({ code: "invalid_option" });
    await (await sessions.visit({})).authenticate("ana", { absolute: "7d" });
  });
});

describe("a token from a URL or a form", () => {
  test("is bound to no cookie, and is handed back to one", async () => {
    const { sessions } = made();
    const visitor = await sessions.visit({ place, room: 4_000 });
    visitor.set("theme", "dark");
    const inLinks = visitor.token;
    const inCookie = (await sessions.settle(visitor))?.token;
    expect((await sessions.visit({ token: inLinks, place, loose: true })).get("theme")).toBe("dark");
    expect((await sessions.visit({ token: inLinks, place })).refusal).toBe("malformed");
    expect((await sessions.visit({ token: inCookie, place, loose: true })).refusal).toBe("malformed");
    const followed = await sessions.visit({ token: inLinks, place, room: 4_000, loose: true });
    followed.set("note", "x");
    const back = await sessions.settle(followed);
    expect((await sessions.visit({ token: back?.token, place })).get("note")).toBe("x");
  });
});

describe("keys", () => {
  test("are replaced while it runs: the first seals, the others open, a retired one opens nothing; the next write is under the new key", async () => {
    const [old, next] = [newKey(), newKey()];
    const ring = keyring([old]);
    const { sessions } = made({ keys: ring });
    const ana = browser(sessions);
    await ana.visit((session) => session.set("theme", "dark"));
    const underOld = ana.token;
    ring.replace([next, old]);
    expect((await ana.visit()).get("theme")).toBe("dark");
    expect(ana.token).toBe(underOld);
    await ana.visit((session) => session.set("note", "x"));
    ring.replace([next]);
    expect((await ana.visit()).get("note")).toBe("x");
    ana.token = underOld;
    expect((await ana.visit()).refusal).toBe("malformed");
  });

  test("other tenants, kinds, places and keys open nothing, and the answer is one and the same", async () => {
    const { sessions } = made();
    const ana = browser(sessions);
    await ana.visit((session) => session.authenticate("ana"));
    const { token = "" } = ana;
    const others = [made({ tenant: "other" }), made({ kind: "admin" }), made({ keys: [newKey()] })].map(({ sessions: each }) => each.visit({ token, place }));
    const elsewhere = [undefined, "other", `${place}2`].map((at) => sessions.visit({ token, place: at }));
    for (const session of await Promise.all([...others, ...elsewhere])) {
      expect(session.exists).toBe(false);
      expect(session.refusal).toBe("malformed");
    }
  });

  test("that are passwords, or given twice, are refused at the start", () => {
    for (const keys of [[], ["correct horse battery staple"], [key, key], [key.toLowerCase()]])
      expect(() => sealedSessions({ keys })).toThrow(
        expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("sojournd keys new") as string }),
      );
  });

  test("every bit flipped, every prefix, every extension: no session, and no error", async () => {
    const { sessions } = made();
    const ana = browser(sessions);
    await ana.visit((session) => session.set("theme", "dark"));
    const { token = "" } = ana;
    const bytes = Buffer.from(token, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect((await sessions.visit({ token: changed.toString("base64url"), place })).refusal).toBe("malformed");
    }
    for (let length = 0; length < token.length; length++) expect((await sessions.visit({ token: token.slice(0, length), place })).exists).toBe(false);
    for (const more of ["A", "AA", "=", " ", token, "\n"]) expect((await sessions.visit({ token: token + more, place })).exists).toBe(false);
    expect((await sessions.visit({ token, place })).exists).toBe(true);
  });
});

describe("what is too large", () => {
  const long = "x".repeat(9_000);

  test("moves into the store beside, travels again when it is small, and is gone from there with the session", async () => {
    const store = memoryStore();
    const { sessions } = made({ overflow: store });
    const ana = browser(sessions, 4_000);
    await ana.visit((session) => {
      session.set("note", long);
      session.set("theme", "dark");
    });
    expect(ana.token?.length).toBeLessThan(200);
    const { token: reference } = ana;
    await ana.visit((session) => {
      expect(session.get("note")).toBe(long);
      session.set("theme", "light");
    });
    expect(ana.token).toBe(reference);
    await ana.visit((session) => {
      expect(session.get("theme")).toBe("light");
      session.delete("note");
    });
    expect(ana.token).not.toBe(reference);
    const travelling = await sessions.visit({ token: ana.token, place });
    expect({ ...travelling.data }).toEqual({ theme: "light" });
    // A client that missed the answer goes on with what it has.
    expect((await sessions.visit({ token: reference, place })).get("theme")).toBe("light");
    // What is taken away while it travels does not come back with what rests there still.
    await ana.visit((session) => session.delete("theme"));
    await ana.visit((session) => session.set("note", long));
    expect(ana.token?.length).toBeLessThan(200);
    await ana.visit((session) => expect(Object.keys(session.data)).toEqual(["note"]));
    const { token: last } = ana;
    await ana.visit((session) => session.end());
    expect((await sessions.visit({ token: last, place })).refusal).toBe("ended");
    expect((await sessions.visit({ token: reference, place })).refusal).toBe("ended");
  });

  test("without such a store goes to the carrier as it is, and is its to refuse", async () => {
    const { sessions } = made();
    const ana = browser(sessions, 4_000);
    await ana.visit((session) => session.set("note", long));
    expect(ana.token?.length).toBeGreaterThan(9_000);
    await expect(
      ana.visit((session) => {
        session.set("note", "y".repeat(30_000));
        session.set("theme", "z".repeat(30_000));
      }),
    ).rejects.toMatchObject({ code: "too_large" });
  });

  test("is compressed where its fields were declared free of secrets; the length tells of no other field", async () => {
    const { sessions } = made({ compress: { fields: ["cart"] } });
    const plain = made().sessions;
    const cart = Array.from({ length: 200 }, (_, i) => `article-${i % 7}`);
    const lengthOf = async (manager: SealedSessions<Shop>, note: string): Promise<number> => {
      const session = await manager.create({ data: { cart, note } });
      expect((await manager.resume(session.token ?? ""))?.get("cart")).toEqual(cart);
      return session.token?.length ?? 0;
    };
    expect(await lengthOf(sessions, "secret-1")).toBeLessThan((await lengthOf(plain, "secret-1")) / 3);
    expect(new Set(await Promise.all(["article-1", "article-9", "qwertyuio"].map((guess) => lengthOf(sessions, guess)))).size).toBe(1);
  });
});

describe("fields that are shared", () => {
  test.each([
    ["at once", () => memoryStore()],
    ["later", () => delayed(memoryStore())],
  ] as const)("of many requests at the same moment none is lost, from the first on; a store that answers %s", async (_, store) => {
    const { sessions } = made({ overflow: store(), shared: ["cart"] });
    const ana = browser(sessions);
    await ana.visit((session) => session.set("theme", "dark"));
    const { token } = ana;
    const backs = await Promise.all(
      Array.from({ length: 12 }, async (__, i) => {
        const session = await sessions.visit({ token, place, room: 4_000 });
        await session.update("cart", (cart = []) => [...cart, String(i)]);
        return sessions.settle(session);
      }),
    );
    for (const back of backs) {
      if (back?.token === undefined) continue;
      const session = await sessions.visit({ token: back.token, place });
      expect(session.get("cart")).toHaveLength(12);
      expect(session.get("theme")).toBe("dark");
    }
    expect(backs.some((back) => back?.token !== undefined)).toBe(true);
  });

  test("without a store, or a store without that, is refused at the start", () => {
    expect(() => made({ shared: ["cart"] })).toThrow(expect.objectContaining({ code: "invalid_option" }));
  });
});

describe("where it is kept what has ended", () => {
  function kept(
    options: Record<string, unknown> = {},
    store: Store & WatchableStore = memoryStore(),
  ): { a: RevocableSessions<Shop>; b: RevocableSessions<Shop>; clock: FakeClock } {
    const clock = fakeClock();
    const node = (): RevocableSessions<Shop> => sealedSessions<Shop>({ keys: [key], clock, revocations: store, ...options });
    return { a: node(), b: node(), clock };
  }

  async function refusalOn(sessions: SealedSessions<Shop>, token: string | undefined, wanted: string | undefined): Promise<void> {
    await vi.waitFor(async () => expect((await sessions.visit({ token, place })).refusal).toBe(wanted), { timeout: 5_000, interval: 5 });
  }

  test("a copied cookie is refused on the other node after a logout", async () => {
    const { a, b } = kept();
    const ana = browser(a);
    await ana.visit((session) => session.authenticate("ana"));
    const { token: copy } = ana;
    await refusalOn(b, copy, undefined);
    await ana.visit((session) => session.end());
    expect(ana.token).toBeUndefined();
    expect((await a.visit({ token: copy, place })).refusal).toBe("ended");
    await refusalOn(b, copy, "ended");
    await Promise.all([a.close(), b.close()]);
  });

  test("end by id and by subject: somebody else's id is as good as missing; endAll spares one", async () => {
    const { a, b } = kept();
    const [one, two] = [browser(a), browser(a)];
    const first = await one.visit((session) => session.authenticate("ana"));
    const second = await two.visit((session) => session.authenticate("ana"));
    await a.end({ id: first.id ?? "", subject: "bob" });
    expect((await a.visit({ token: one.token, place })).exists).toBe(true);
    expect(await a.end({ id: first.id ?? "", subject: "ana" })).toBe(true);
    await refusalOn(a, one.token, "ended");
    await refusalOn(b, one.token, "ended");
    const third = browser(a);
    await third.visit((session) => session.authenticate("ana"));
    await a.endAll({ subject: "ana", except: second.id });
    await refusalOn(b, third.token, "ended");
    expect((await b.visit({ token: two.token, place })).subject).toBe("ana");
    await b.endAll({ everyone: true });
    await refusalOn(a, two.token, "ended");
    await Promise.all([a.close(), b.close()]);
  });

  test("endAll of everyone before a moment spares who logged in at it or later; one that has not come is refused", async () => {
    const { a, b, clock } = kept();
    const [old, fresh] = [browser(a), browser(a)];
    await old.visit((session) => session.authenticate("ana"));
    clock.advance(1);
    const before = clock.now();
    await fresh.visit((session) => session.authenticate("bob"));
    clock.advance("1s");
    await expect(a.endAll({ everyone: true, before: clock.now() + 1 })).rejects.toThrow(/^before is/);
    await a.endAll({ everyone: true, before });
    await refusalOn(b, old.token, "ended");
    expect((await b.visit({ token: fresh.token, place })).subject).toBe("bob");
    await Promise.all([a.close(), b.close()]);
  });

  test("the token of before a log-in, and of before an elevation, is replaced at once; a late answer to it has no cookie", async () => {
    const { a, b, clock } = kept();
    const ana = browser(a);
    await ana.visit((session) => session.set("theme", "dark"));
    const planted = ana.token;
    const slow = await a.visit({ token: planted, place, room: 4_000 });
    slow.set("note", "late");
    await ana.visit((session) => session.authenticate("ana", { keep: ["theme"] }));
    await expect((async () => a.settle(slow))()).rejects.toMatchObject({ code: "session_ended" });
    await refusalOn(b, planted, "replaced");
    const loggedIn = ana.token;
    await ana.visit((session) => session.elevate("pay"));
    await refusalOn(b, loggedIn, "replaced");
    await ana.visit((session) => expect(session.levels).toEqual(["pay"]));
    // Whoever comes with it later writes nothing either, until its time is over; whoever lost the answer logs in again.
    const late = await a.visit({ token: planted, place, room: 4_000 });
    late.set("note", "later");
    await expect((async () => a.settle(late))()).rejects.toMatchObject({ code: "session_ended" });
    const again = await a.visit({ token: planted, place, room: 4_000 });
    await again.authenticate("ana");
    expect((await a.settle(again))?.token).toBeDefined();
    clock.advance("40m");
    const lost = await a.visit({ token: planted, place, room: 4_000 });
    lost.set("note", "new");
    expect((await a.settle(lost))?.token).toBeDefined();
    await Promise.all([a.close(), b.close()]);
  });

  test("what was given out and ended in one and the same request is ended; what came of it before the log-in is replaced", async () => {
    const { a, b } = kept();
    const session = await a.create({ subject: "ana" });
    const { token = "" } = session;
    await session.end();
    expect(await a.resume(token)).toBeUndefined();
    const other = await b.visit({});
    other.set("theme", "dark");
    const { token: planted = "" } = other;
    await other.authenticate("ana");
    expect(await b.resume(planted)).toBeUndefined();
    expect((await b.resume(other.token ?? ""))?.subject).toBe("ana");
    await Promise.all([a.close(), b.close()]);
  });

  test("of two log-ins with one cookie at the same moment one wins", async () => {
    const { a, b } = kept();
    const ana = browser(a);
    await ana.visit((session) => session.set("theme", "dark"));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, async (_, i) => {
        const session = await (i % 2 === 0 ? a : b).visit({ token: ana.token, place, room: 4_000 });
        await session.authenticate(`user-${i}`);
        return (await a.settle(session))?.token;
      }),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await Promise.all([a.close(), b.close()]);
  });

  test("a limit holds, whoever counts: the oldest goes, or the newcomer is refused", async () => {
    for (const whenFull of ["end-oldest", "refuse"] as const) {
      const { a, b, clock } = kept({ limit: { perSubject: 2, whenFull } });
      const browsers = [browser(a), browser(b), browser(a), browser(b)];
      const outcomes = [];
      for (const each of browsers) {
        outcomes.push(
          await each
            .visit((session) => session.authenticate("ana"))
            .then(
              () => "in",
              (error: unknown) => (error as { readonly code?: string }).code,
            ),
        );
        clock.advance("1s");
      }
      if (whenFull === "refuse") {
        expect(outcomes).toEqual(["in", "in", "limit_reached", "limit_reached"]);
        await browsers[0]?.visit((session) => session.end());
        await browsers[2]?.visit((session) => session.authenticate("ana"));
      } else {
        expect(outcomes).toEqual(["in", "in", "in", "in"]);
        await refusalOn(b, browsers[0]?.token, "ended");
        await refusalOn(a, browsers[1]?.token, "ended");
        for (const each of browsers.slice(2)) expect((await each.visit()).subject).toBe("ana");
      }
      await Promise.all([a.close(), b.close()]);
    }
  });

  test("a place is free again when its session's idle time is over, and not before", async () => {
    const { a, clock } = kept({ limit: { perSubject: 1 }, idle: "30m" });
    const ana = browser(a);
    await ana.visit((session) => session.authenticate("ana"));
    const other = browser(a);
    for (let i = 0; i < 3; i++) {
      clock.advance("20m");
      await ana.visit();
      await expect(other.visit((session) => session.authenticate("ana"))).rejects.toMatchObject({ code: "limit_reached" });
    }
    clock.advance("31m");
    await other.visit((session) => session.authenticate("ana"));
    await a.close();
  });

  test("a node that cannot know refuses who has a subject, and serves them where it is told to; it is back by itself", async () => {
    const inner = memoryStore();
    let broken = false;
    const fails = (): never => {
      throw new Error("connection lost");
    };
    const store = {
      ...inner,
      load: (...args: Parameters<Store["load"]>) => (broken ? fails() : inner.load(args[0])),
      commit: (...args: Parameters<Store["commit"]>) => (broken ? fails() : inner.commit(args[0])),
      find: (...args: Parameters<Store["find"]>) => (broken ? fails() : inner.find(...args)),
    } as unknown as Store & WatchableStore;
    for (const unheard of ["refuse", "serve"] as const) {
      broken = false;
      const sessions = sealedSessions<Shop>({ keys: [key], revocations: store, silence: 200, unheard, breaker: false });
      const [ana, anonymous] = [browser(sessions), browser(sessions)];
      await ana.visit((session) => session.authenticate("ana"));
      await anonymous.visit((session) => session.set("theme", "dark"));
      broken = true;
      await new Promise((resolve) => setTimeout(resolve, 500));
      if (unheard === "refuse") await expect(ana.visit()).rejects.toMatchObject({ code: "store_unavailable" });
      else expect((await ana.visit()).subject).toBe("ana");
      expect((await anonymous.visit()).get("theme")).toBe("dark");
      broken = false;
      await vi.waitFor(async () => expect((await ana.visit()).subject).toBe("ana"), { timeout: 5_000 });
      await sessions.close();
    }
  });
});

describe("a cookie of the library that was here before", () => {
  const reader: TokenReader = {
    open: async (text, now) =>
      text === "old" ? { data: { theme: "dark", bad: undefined }, subject: "ana", issued: now - 1_000, expires: now + 3_600_000 } : undefined,
  };

  test("becomes a session of ours: its subject stays, it is fresh for nothing, and it ends when the other would have", async () => {
    const { sessions, clock } = made({ readers: [reader] });
    const ana = browser(sessions);
    ana.token = "old";
    const moved = await ana.visit((session) => {
      expect(session.subject).toBe("ana");
      expect({ ...session.data }).toEqual({ theme: "dark" });
      expect(session.isFresh("400d")).toBe(false);
    });
    expect(ana.token).not.toBe("old");
    expect((await ana.visit()).id).toBe(moved.id);
    clock.advance("25m");
    expect((await ana.visit()).subject).toBe("ana");
    clock.advance("25m");
    await ana.visit((session) => session.authenticate("ana"));
    clock.advance("29m");
    expect((await ana.visit((session) => expect(session.isFresh("1h")).toBe(true))).subject).toBe("ana");
    const other = browser(sessions);
    other.token = "young";
    expect((await other.visit()).refusal).toBe("malformed");
    other.token = "old";
    await other.visit();
    for (let i = 0; i < 2; i++) {
      clock.advance("25m");
      expect((await other.visit()).subject).toBe("ana");
    }
    clock.advance("11m");
    expect((await other.visit()).refusal).toBe("expired");
  });

  test("is worth nothing once all sessions of its subject were ended", async () => {
    const sessions = sealedSessions<Shop>({ keys: [key], readers: [reader], revocations: memoryStore() });
    expect((await sessions.visit({ token: "old", place })).subject).toBe("ana");
    await sessions.endAll({ subject: "ana" });
    expect((await sessions.visit({ token: "old", place })).refusal).toBe("ended");
    await sessions.close();
  });
});

test("without revocations the verbs that would need them are not there by type, and limit is refused", () => {
  const { sessions } = made();
  // @ts-expect-error -- nothing is kept of what has ended
  expect(typeof sessions.endAll).toBe("function");
  // @ts-expect-error -- what is to be counted has to be written down
  expect(() => sealedSessions({ keys: [key], limit: { perSubject: 1 } })).toThrow(expect.objectContaining({ code: "invalid_option" }));
});
