import fc from "fast-check";
import { RewritingStream } from "parse5-html-rewriting-stream";
import { describe, expect, it } from "vitest";
import { createSessions, type Sessions } from "../core/sessions.ts";
import { isToken, newId, newSecret } from "../core/token.ts";
import { newKey, sealedSessions } from "../sealed/sealed.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { failingStore } from "../testing/failing-store.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { bearer, cookie, header } from "./carriers.ts";
import type { WebOptions } from "./door.ts";
import { fetchSessions } from "./fetch/fetch.ts";
import { rewriter } from "./page-rewriter.ts";
import { formField, urlParameter } from "./parameters.ts";
import { checkRoute, withoutRoute, withRoute } from "./route.ts";

const token = "01hv0000000000000000000000.abcdefghijklmnopqrstuvwxyz012345";
const tokens = fc.integer({ min: 0, max: 2 ** 47 }).map((at) => `${newId(at)}.${newSecret()}`);
const routes = fc.stringMatching(/^[a-z0-9-]{1,32}$/);

describe("a route in a token", () => {
  it("comes off as it was put on, and the token is the token again", () => {
    fc.assert(
      fc.property(tokens, routes, (own, route) => {
        expect(withRoute(own, route)).toBe(`${own}.${route}`);
        expect(withoutRoute(withRoute(own, route))).toBe(own);
        expect(withoutRoute(own)).toBe(own);
      }),
    );
  });

  it("is not seen in what is no token with a route: that stays malformed", () => {
    const hostile = ["", "N1", "n_1", "n1.n2", "n1.", ".n1", "n 1", "n1\n", "\n", "é", "n1~", "x".repeat(33), "../n1", "n1;", "%6e1", "\0", "n1\u2028"];
    for (const suffix of hostile) {
      expect(withoutRoute(`${token}.${suffix}`)).toBe(`${token}.${suffix}`);
      expect(isToken(withoutRoute(`${token}.${suffix}`))).toBe(false);
    }
    for (const text of ["", ".n1", `${token}n1`, `${token}-n1`, `x${token}.n1`, token.slice(1), `${token.replace(".", "_")}.n1`, `${token.toUpperCase()}.n1`])
      expect(withoutRoute(text)).toBe(text);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (rest) => {
        const read = withoutRoute(token + rest);
        expect(read === token).toBe(rest === "" || /^\.[a-z0-9-]{1,32}$/.test(rest));
        if (read !== token) expect(read).toBe(token + rest);
      }),
    );
  });

  it("has to be a name that a balancer's configuration can hold", () => {
    for (const route of ["n1", "a", "-", "0", "x".repeat(32)]) expect(() => checkRoute("route", route)).not.toThrow();
    for (const route of ["", "N1", "n.1", "n_1", "n 1", "n1\n", "x".repeat(33), 1, null, ["n1"]]) {
      const refused: unknown = expect.objectContaining({
        code: "invalid_option",
        message: expect.stringMatching(/^route: route is .*such as "n1"/s) as string,
      });
      expect(() => checkRoute("route", route)).toThrow(refused);
      expect(() => fetchSessions(createSessions({ store: memoryStore() }), { carriers: [cookie()], route: route as string })).toThrow(refused);
    }
    expect(() => withRoute(token, "N1")).toThrow(/withRoute: route is "N1"/);
  });

  it("is put on no token that is as good everywhere", () => {
    for (const sealed of ["s1-not-a-token", "x".repeat(59), `${token}x`, withRoute(token, "n1")]) expect(withRoute(sealed, "n2")).toBe(sealed);
  });
});

interface Data {
  n: number;
}
interface Reply {
  readonly status: number;
  readonly body: string;
  readonly cookies: readonly string[];
  /** The value of the one cookie. */
  readonly given: string;
}
type Init = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };
type Node = (path: string, cookie?: string, init?: Init) => Promise<Reply>;

/** A process with this route, one of several on these sessions. */
function nodeOf(sessions: Sessions<Data>, options: Partial<WebOptions>): Node {
  const web = fetchSessions<Data>(sessions, { carriers: [cookie()], onFailure: () => undefined, ...options });
  const handle = web.handle(async (request) => {
    const session = await web.session(request);
    const { pathname } = new URL(request.url);
    if (pathname === "/count") session.set("n", (session.get("n") ?? 0) + 1);
    if (pathname === "/login") await session.authenticate("ana", { keep: ["n"] });
    if (pathname === "/logout") await session.end();
    if (pathname === "/give") return Response.json((await session.authenticate("ana"), withRoute(session.token ?? "", "n1")));
    if (pathname === "/page") return new Response(`<a href="/count">next</a>`, { headers: { "content-type": "text/html; charset=utf-8" } });
    return Response.json({ n: session.get("n") ?? null, subject: session.subject ?? null });
  });
  return async (path, given, init = {}) => {
    const headers = { host: "shop.example", ...(given === undefined ? {} : { cookie: `__Host-Http-session=${given}` }), ...init.headers };
    const answer = await handle(new Request(`https://shop.example${path}`, { ...init, headers }));
    const cookies = answer.headers.getSetCookie();
    return { status: answer.status, body: await answer.text(), cookies, given: /=([^;]*)/.exec(cookies[0] ?? "")?.[1] ?? "" };
  };
}

describe("processes with routes", () => {
  it("each hands out its own, and takes that of any other, of none, and of one that is gone", async () => {
    const sessions = createSessions<Data>({ store: memoryStore() });
    const [n1, n2, plain] = [nodeOf(sessions, { route: "n1" }), nodeOf(sessions, { route: "n2" }), nodeOf(sessions, {})];
    const { given } = await n1("/count");
    expect(given).toMatch(/^[0-9a-z]{26}\.[\w-]{32}\.n1$/);
    const bare = given.slice(0, 59);
    let n = 1;
    for (const node of [n1, n2, plain])
      for (const value of [given, bare, `${bare}.n2`, `${bare}.gone-for-good`]) {
        n += 1;
        expect(await node("/count", value)).toMatchObject({ status: 200, body: `{"n":${n},"subject":null}`, cookies: [] });
      }
  });

  it("changes a visitor's route with the next secret, and not before: only then is there a cookie to set", async () => {
    const clock = fakeClock();
    const sessions = createSessions<Data>({ store: memoryStore(), clock, rotation: { every: "1h" }, idle: "1d", absolute: "7d" });
    const [n1, n2, plain] = [nodeOf(sessions, { route: "n1" }), nodeOf(sessions, { route: "n2" }), nodeOf(sessions, {})];
    const first = (await n1("/count")).given;
    // n1 is down: n2 serves, and sets nothing.
    expect((await n2("/count", first)).cookies).toEqual([]);
    expect((await n2("/read", first)).cookies).toEqual([]);
    // Of requests at the same time one has the successor to give.
    clock.advance(3_600_001);
    const rotated = await Promise.all([n2("/read", first), n2("/read", first), n1("/read", first)]);
    const lines = rotated.flatMap(({ cookies }) => cookies);
    expect(lines).toHaveLength(1);
    const second = rotated.find(({ given }) => given !== "")?.given ?? "";
    expect(second).toMatch(/\.n[12]$/);
    expect(second.slice(0, 59)).not.toBe(first.slice(0, 59));
    // The old one is good still, in whichever process it shows itself.
    for (const node of [n1, n2, plain]) expect(await node("/read", first)).toMatchObject({ body: '{"n":2,"subject":null}', cookies: [] });
    const third = (await n2("/login", second)).given;
    expect(third).toMatch(/\.n2$/);
    expect((await plain("/login", third)).given).toMatch(/^[0-9a-z]{26}\.[\w-]{32}$/);
  });

  it("leaves nothing of it behind: an end takes the one cookie away, and no store, event or session ever sees a route", async () => {
    const store = memoryStore();
    const sessions = createSessions<Data>({ store });
    const seen: unknown[] = [];
    for (const event of ["created", "authenticated", "ended"] as const) sessions.on(event, (told) => void seen.push(told));
    const n1 = nodeOf(sessions, { route: "marked-route" });
    const { given } = await n1("/login", (await n1("/count")).given);
    const record = await store.load(given.slice(0, 26) as Parameters<typeof store.load>[0]);
    expect(record?.subject).toContain("ana");
    expect((await n1("/logout", given)).cookies).toEqual(["__Host-Http-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify([record, seen])).not.toContain("marked-route");
    // Its token is still that of an ended session, whatever is written after it.
    expect(await nodeOf(sessions, { route: "n2" })("/count", given)).toMatchObject({ status: 401, cookies: [] });
  });

  it("asks no store about a token with anything else after it, and hands out no cookie for it", async () => {
    const calls: string[] = [];
    const store = failingStore(memoryStore(), ({ verb }) => void calls.push(verb));
    const n1 = nodeOf(createSessions<Data>({ store }), { route: "n1" });
    const { given } = await n1("/count");
    expect((await n1("/read", given)).body).toBe('{"n":1,"subject":null}');
    expect(calls).toContain("load");
    calls.length = 0;
    for (const suffix of [".", ".n2", "x.n2", ".N1", ".n1.", "_", "~n2", `.${"x".repeat(33)}`])
      for (const value of [given + suffix, given.slice(0, 59) + suffix].filter((each) => each !== `${given.slice(0, 59)}.n2`))
        expect(await n1("/read", value)).toMatchObject({ status: 200, body: '{"n":null,"subject":null}', cookies: [] });
    expect(calls).toEqual([]);
  });

  it("takes it in headers, in URLs and forms, writes it into links, and leaves it to handlers that give tokens themselves", async () => {
    const sessions = createSessions<Data>({ store: memoryStore() });
    const carriers = [
      cookie(),
      bearer(),
      header({ name: "x-session" }),
      urlParameter({ name: "sid", pages: rewriter(RewritingStream) }),
      formField({ name: "sid" }),
    ];
    const [n1, n2] = [nodeOf(sessions, { carriers, route: "n1" }), nodeOf(sessions, { carriers, route: "n2" })];
    const { given } = await n1("/count");
    const bare = given.slice(0, 59);
    for (const headers of [{ authorization: `Bearer ${given}` }, { authorization: `Bearer ${bare}` }, { "x-session": given }])
      expect((await n2("/read", undefined, { headers })).body).toBe('{"n":1,"subject":null}');
    const form = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" }, body: `sid=${given}` };
    expect((await n2("/read", undefined, form)).body).toBe('{"n":1,"subject":null}');
    // One token, though the link is of one process and the form of another.
    expect((await n2(`/read?sid=${bare}.n2`, undefined, form)).body).toBe('{"n":1,"subject":null}');
    const links = (await n2(`/page?sid=${given}`)).body;
    expect(/sid=([\w.-]+)/.exec(links)?.[1]).toMatch(/^[0-9a-z]{26}\.[\w-]{32}\.n2$/);
    const told = JSON.parse((await n1("/give", undefined, { headers: { authorization: "Bearer none" } })).body) as string;
    expect(told).toMatch(/^[0-9a-z]{26}\.[\w-]{32}\.n1$/);
    expect((await n2("/read", undefined, { headers: { authorization: `Bearer ${told}` } })).body).toBe('{"n":null,"subject":"ana"}');
  });

  it("leaves sealed sessions alone, whose tokens every process can open", async () => {
    const sealed = sealedSessions<Data>({ keys: [newKey()] });
    const web = fetchSessions<Data>(sealed, { carriers: [cookie()], route: "n1" });
    const handle = web.handle(async (request) => {
      const session = await web.session(request);
      session.set("n", (session.get("n") ?? 0) + 1);
      return Response.json(session.get("n"));
    });
    const first = await handle(new Request("https://shop.example/"));
    const pair = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect(pair).not.toContain(".n1");
    expect(await (await handle(new Request("https://shop.example/", { headers: { cookie: pair } }))).json()).toBe(2);
  });
});
