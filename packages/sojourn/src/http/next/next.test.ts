import fc from "fast-check";
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import type { Session } from "../../core/session.ts";
import { createSessions, type Sessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { failingStore, type FaultPlan } from "../../testing/failing-store.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import type { HttpData } from "../../testing/http-contract-harness.ts";
import { lengthened } from "../../testing/http-contract-tokens.ts";
import { cookie } from "../carriers.ts";
import { putInJar, type JarAttributes } from "./cookie-jar.ts";
import { keptOnReload, nextSessions, type NextSessions, type ReadonlySession } from "./next.ts";
import { fallbackError, nextWorld, redirectError, type NextRequestStore } from "./next.fixture.ts";
import { thrownAnswer } from "./thrown-answer.ts";

interface Data {
  n: number;
  cart: string[];
}
const world = nextWorld();
let plan: FaultPlan = () => undefined;
afterEach(() => void (plan = () => undefined));
const failures: unknown[] = [];

function site(): { web: NextSessions<Data>; sessions: Sessions<Data>; clock: FakeClock } {
  const clock = fakeClock();
  const store = failingStore(delayed(memoryStore()), (call) => plan(call));
  const sessions = createSessions<Data>({ store, clock, breaker: false });
  const web = nextSessions(sessions, { carriers: [cookie()], onFailure: (error) => void failures.push(error), headers: world.headers, cookies: world.cookies });
  return { web, sessions, clock };
}
const storeFor = (headers: Record<string, string> = {}): NextRequestStore => ({ headers: new Headers({ host: "localhost:3000", ...headers }), set: [] });
const kept = ({ set }: NextRequestStore): { cookie: string } => ({ cookie: set.map((line) => line.split(";", 1)[0]).join("; ") });

describe("a server action", () => {
  it("commits and sets the cookie when it returns; the next request resumes it", async () => {
    const { web } = site();
    const add = web.action(async (session, sku: string) => session.update("cart", (cart = []) => [...cart, sku]));
    expectTypeOf(add).toEqualTypeOf<(sku: string) => Promise<string[]>>();
    const first = storeFor();
    expect(await world.within(first, () => add("tea"))).toEqual(["tea"]);
    expect(first.set).toEqual([expect.stringMatching(/^__Host-Http-session=[0-9a-z]{26}\.[\w-]{32}; Path=\/; Secure; HttpOnly; SameSite=lax$/)]);
    const second = storeFor(kept(first));
    expect(await world.within(second, () => add("milk"))).toEqual(["tea", "milk"]);
    expect(second.set).toEqual([]);
    expect(await world.within(storeFor(kept(first)), async () => (await web.read()).data)).toEqual({ cart: ["tea", "milk"] });
  });

  it.each([
    ["redirect()", redirectError("/account", 303)],
    ["notFound()", fallbackError(404)],
    ["an error of its own", new Error("boom")],
  ])("commits, sets the cookie and throws on: %s", async (_name, error) => {
    const { web } = site();
    const login = web.action(async (session) => {
      await session.authenticate("alice");
      session.set("n", 1);
      throw error;
    });
    const store = storeFor();
    await expect(world.within(store, () => login())).rejects.toBe(error);
    expect(store.set).toHaveLength(1);
    expect(await world.within(storeFor(kept(store)), async () => [(await web.read()).subject, (await web.read()).get("n")])).toEqual(["alice", 1]);
  });

  it("rejects without a cookie when the commit fails, in place of its result and of a redirect; an error of its own stays", async () => {
    const { web } = site();
    plan = ({ verb }) => (verb === "commit" ? { fault: "before" } : undefined);
    const boom = new Error("boom");
    for (const [thrown, expected] of [
      [undefined, { code: "store_unavailable", status: 503 }],
      [redirectError("/"), { code: "store_unavailable" }],
      [boom, boom],
    ] as const) {
      failures.length = 0;
      const store = storeFor();
      const act = web.action((session) => {
        session.set("n", 1);
        if (thrown !== undefined) throw thrown;
      });
      await expect(world.within(store, () => act())).rejects.toMatchObject(expected);
      expect([store.set, failures]).toEqual([[], [expect.objectContaining({ code: "store_unavailable" })]]);
    }
  });

  it("rejects without a cookie when the session ended meanwhile, and revives nothing", async () => {
    const { web, sessions } = site();
    const first = storeFor();
    await world.within(first, () => web.action((session) => session.authenticate("alice"))());
    const second = storeFor(kept(first));
    const slow = web.action(async (session) => {
      session.set("n", 1);
      await sessions.endAll({ subject: "alice" });
    });
    await expect(world.within(second, () => slow())).rejects.toMatchObject({ code: "session_ended", status: 401 });
    expect(second.set).toEqual([]);
    expect(await world.within(storeFor(kept(first)), async () => (await web.read()).exists)).toBe(false);
  });

  it("is not called when a page of another origin sent the request", async () => {
    const { web } = site();
    let reached = 0;
    const act = web.action(() => void (reached += 1));
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }, { origin: "null" }] as Record<string, string>[])
      await expect(world.within(storeFor(headers), () => act())).rejects.toMatchObject({ code: "cross_site", status: 403 });
    expect(reached).toBe(0);
    for (const headers of [{ "sec-fetch-site": "same-origin" }, { origin: "http://localhost:3000" }, {}] as Record<string, string>[])
      await world.within(storeFor(headers), () => act());
    expect(reached).toBe(3);
  });

  it("shares its session with the actions that it calls, and what follows it in the same request sees what it did", async () => {
    const { web } = site();
    const count = web.action((session) => {
      session.set("n", (session.get("n") ?? 0) + 1);
      return session;
    });
    const outer = web.action(async (session) => {
      await session.authenticate("alice");
      return [await count(), session, session.get("n")];
    });
    const store = storeFor();
    await world.within(store, async () => {
      const [inner, own, n] = await outer();
      expect([inner === own, n]).toEqual([true, 1]);
      expect([(await web.read()).subject, (await web.read()).get("n")]).toEqual(["alice", 1]);
      expect((await count()).get("n")).toBe(2);
      expect((await web.read()).get("n")).toBe(2);
    });
    expect(store.set).toHaveLength(1);
    expect(await world.within(storeFor(kept(store)), async () => (await web.read()).get("n"))).toBe(2);
  });

  it("takes no write when it is over", async () => {
    const { web } = site();
    for (const writes of [false, true]) {
      let left: Session<Data> | undefined;
      const act = web.action((session) => {
        left = session;
        if (writes) session.set("n", 1);
      });
      await world.within(storeFor(), () => act());
      expect(() => left?.set("n", 2)).toThrow(expect.objectContaining({ code: "response_started" }));
    }
  });

  it("takes the cookie away with the session", async () => {
    const { web } = site();
    const first = storeFor();
    await world.within(first, () => web.action((session) => session.authenticate("alice"))());
    const second = storeFor(kept(first));
    await world.within(second, () => web.action((session) => session.end())());
    expect(second.set).toEqual(["__Host-Http-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=lax"]);
  });
});

describe("read()", () => {
  it("gives what can be looked at, by type and at run time", async () => {
    const { web } = site();
    const store = storeFor();
    await world.within(store, () => web.action((session) => session.set("n", 1))());
    const session = await world.within(storeFor(kept(store)), () => web.read());
    expectTypeOf(session).toEqualTypeOf<ReadonlySession<Data>>();
    expectTypeOf<keyof ReadonlySession<Data> & ("set" | "update" | "delete" | "authenticate" | "elevate" | "end" | "flash" | "commit" | "token")>().toBeNever();
    expect([session.exists, session.get("n"), session.data, session.kind, session.levels, session.isFresh("1h"), session.degraded]).toEqual([
      true,
      1,
      { n: 1 },
      "web",
      [],
      false,
      false,
    ]);
    const full = session as unknown as Session<Data>;
    for (const write of [() => full.set("n", 2), () => full.update("n", () => 2), () => full.authenticate("eve"), () => full.end(), () => full.flash("a")])
      expect(write).toThrow(expect.objectContaining({ code: "response_started", message: expect.stringMatching(/web\.route.*web\.action/) as string }));
    expect(() => Object.assign(session, { get: () => 7 })).toThrow(TypeError);
  });

  it("loads once for each request, creates nothing, and hands no rotation out", async () => {
    let loads = 0;
    plan = ({ verb }) => {
      loads += verb === "load" ? 1 : 0;
      return undefined;
    };
    const { web, clock } = site();
    const stranger = storeFor();
    expect(await world.within(stranger, async () => [(await web.read()).exists, (await web.read()).subject])).toEqual([false, undefined]);
    expect([stranger.set, loads]).toEqual([[], 0]);
    const first = storeFor();
    const keep = web.action((session) => session.authenticate("alice", { idle: "1d", absolute: "30d" }));
    await world.within(first, () => keep());
    clock.advance("2h");
    await world.within(storeFor(kept(first)), () => web.read());
    loads = 0;
    const second = storeFor(kept(first));
    const [one, two] = await world.within(second, () => Promise.all([web.read(), web.read()]));
    expect([one === two, loads, second.set]).toEqual([true, 1, []]);
    // An action may hand one out.
    await world.within(second, () => web.action(() => undefined)());
    expect(second.set).toHaveLength(1);
  });

  it("is an error when the store is down, never somebody who is not logged in", async () => {
    const { web } = site();
    const first = storeFor();
    await world.within(first, () => web.action((session) => session.set("n", 1))());
    plan = () => ({ fault: "before" });
    await expect(world.within(storeFor(kept(first)), () => web.read())).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe("a route handler", () => {
  const request = (): Request => new Request("http://localhost:3000/api", { method: "POST" });

  it.each([
    [redirectError("/a;b?c=1;d", 307), 307, "/a;b?c=1;d"],
    [redirectError("https://other.example/", 308), 308, "https://other.example/"],
    [fallbackError(404), 404, null],
    [fallbackError(403), 403, null],
  ])("commits what it wrote before it threw %s, and answers as Next.js does, with the cookie", async (error, status, location) => {
    const { web } = site();
    const answer = await web.route(async (given) => {
      (await web.session(given)).set("n", 1);
      throw error;
    })(request());
    expect([answer.status, answer.headers.get("location"), answer.headers.get("cache-control")]).toEqual([status, location, "no-store"]);
    expect(answer.headers.getSetCookie()).toHaveLength(1);
  });

  it("leaves to Next.js what used no session, and what it throws for purposes of its own", async () => {
    const { web } = site();
    const error = redirectError("/");
    await expect(web.route(() => Promise.reject(error))(request())).rejects.toBe(error);
    const signal = Object.assign(new Error("Dynamic server usage"), { digest: "DYNAMIC_SERVER_USAGE" });
    const handler = web.route(async (given) => {
      await web.session(given);
      throw signal;
    });
    await expect(handler(request())).rejects.toBe(signal);
  });

  it("answers a commit that fails with a problem, also in place of a redirect, and passes on what else Next.js gives", async () => {
    const { web } = site();
    const context = { params: Promise.resolve({ id: "7" }) };
    const handler = web.route(async (given, { params }: typeof context) => {
      (await web.session(given)).set("n", Number((await params).id));
      throw redirectError("/");
    });
    expect((await handler(request(), context)).status).toBe(307);
    plan = ({ verb }) => (verb === "commit" ? { fault: "before" } : undefined);
    const answer = await handler(request(), context);
    expect([answer.status, answer.headers.getSetCookie(), answer.headers.get("location")]).toEqual([503, [], null]);
  });
});

describe("keptOnReload", () => {
  it("makes once, also what is undefined, and keeps names apart", () => {
    let made = 0;
    const make = (): { n: number } => ({ n: (made += 1) });
    expect(keptOnReload("test/a", make)).toBe(keptOnReload("test/a", make));
    expect([keptOnReload("test/b", make).n, made]).toEqual([2, 2]);
    const nothing = (): undefined => void (made += 1);
    keptOnReload("test/c", nothing);
    keptOnReload("test/c", nothing);
    expect(made).toBe(3);
    expect(Symbol.for("sojourn.test/a") in globalThis).toBe(true);
  });

  it("makes again after what failed", () => {
    expect(() =>
      keptOnReload("test/d", () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(keptOnReload("test/d", () => 4)).toBe(4);
  });
});

describe("what is thrown as an answer", () => {
  it("is read back, whatever the URL", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom(303, 307, 308), fc.constantFrom("push", "replace"), (url, status, how) => {
        const digest = `NEXT_REDIRECT;${how};${url};${status};`;
        expect(thrownAnswer({ digest })).toEqual({ status, location: url });
      }),
    );
    expect(thrownAnswer({ digest: "NEXT_NOT_FOUND" })).toEqual({ status: 404, location: undefined });
  });

  it("is nothing else", () => {
    const hostile = ["", "NEXT_REDIRECT", "NEXT_REDIRECT;push;/;200;", "NEXT_REDIRECT;go;/;307;", "NEXT_HTTP_ERROR_FALLBACK;500", "x;NEXT_NOT_FOUND", 7, {}];
    for (const error of [...hostile.map((digest) => ({ digest })), null, undefined, "NEXT_NOT_FOUND", new Error("x")])
      expect(thrownAnswer(error)).toBe(undefined);
    fc.assert(fc.property(fc.anything(), (error) => thrownAnswer(error) === undefined));
  });
});

it("a long token of an action goes into several cookies, and a shorter one of a second action takes them back", async () => {
  let length = 10_000;
  const sessions = lengthened(createSessions<HttpData>({ store: memoryStore() }), () => length);
  const web = nextSessions(sessions, { carriers: [cookie()], headers: world.headers, cookies: world.cookies });
  const login = web.action(async (session) => session.authenticate("alice"));
  const store = storeFor();
  await world.within(store, () => login());
  expect(store.set.map((line) => line.split("=")[0])).toEqual(["__Host-Http-session", "__Host-Http-session.1", "__Host-Http-session.2"]);
  expect(await world.within(storeFor(kept(store)), async () => (await web.read()).subject)).toBe("alice");
  // In one request, which brought no cookie: the first action's are in the jar only.
  const both = storeFor();
  await world.within(both, () => login());
  both.set.length = 0;
  length = 59;
  await world.within(both, () => login());
  expect(both.set.map((line) => [line.split("=")[0], line.includes("Max-Age=0")])).toEqual([
    ["__Host-Http-session", false],
    ["__Host-Http-session.1", true],
    ["__Host-Http-session.2", true],
  ]);
  length = 13_000;
  const refused = storeFor();
  await expect(world.within(refused, () => login())).rejects.toMatchObject({ code: "too_large" });
  expect(refused.set).toEqual([]);
});

it("every cookie of the carrier goes into the jar as it is", () => {
  const token = `${"0".repeat(26)}.${"a-_".repeat(10)}xy`;
  fc.assert(
    fc.property(
      fc.record({
        sameSite: fc.constantFrom("Strict", "Lax", "None"),
        persistent: fc.boolean(),
        partitioned: fc.boolean(),
        domain: fc.constantFrom(undefined, "example.com"),
        path: fc.constantFrom("/", "/app=1"),
        lasts: fc.integer({ min: 1_000, max: 10_000_000 }),
        gone: fc.boolean(),
      }),
      ({ sameSite, persistent, partitioned, domain, path, lasts, gone }) => {
        const carrier = cookie({ name: "__Http-s", sameSite, persistent, partitioned, path, ...(domain !== undefined && { domain }) });
        const puts: [string, string, JarAttributes][] = [];
        putInJar({ set: (...args) => puts.push(args) }, carrier.setCookie!({ token: gone ? undefined : token, lasts }));
        expect(puts).toEqual([
          [
            "__Http-s",
            gone ? "" : token,
            {
              path,
              ...(domain !== undefined && { domain }),
              ...(gone ? { maxAge: 0 } : persistent ? { maxAge: Math.floor(lasts / 1_000) } : undefined),
              secure: true,
              httpOnly: true,
              sameSite: sameSite.toLowerCase(),
              ...(partitioned && { partitioned: true }),
            },
          ],
        ]);
      },
    ),
  );
});
