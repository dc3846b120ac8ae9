import { createServer, request as send, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import { storeUnavailable } from "../core/errors.ts";
import type { Store } from "../core/seam.ts";
import type { Session } from "../core/session.ts";
import { createSessions, type Sessions } from "../core/sessions.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { fakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { bearer, cookie, type Carrier } from "./carriers.ts";
import { expressSessions } from "./express/express.ts";
import { fetchSessions } from "./fetch/fetch.ts";
import { nodeSessions } from "./node/node.ts";
import { trustedProxies } from "./trusted-proxies.ts";

interface Data {
  n: number;
  cart: string[];
}
type Answer = { readonly status: number; readonly cookies: readonly string[]; readonly header: (name: string) => string | undefined; readonly body: string };
type Ask = () => Promise<Session<Data>>;
interface Routes {
  readonly [route: string]: (ask: Ask) => unknown;
}
interface Site {
  readonly sessions: Sessions<Data>;
  readonly clock: FakeClock;
  /** Calls of the store's verbs so far. */
  readonly calls: string[];
  breakStore(): void;
  call(route: string, headers?: Record<string, string>): Promise<Answer>;
}
interface SiteOptions {
  readonly carriers?: readonly Carrier[];
  readonly origins?: readonly string[];
  readonly routes?: Routes;
  readonly slow?: boolean;
}

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => (server.closeAllConnections(), server.close(done)))));
});

const routes: Routes = {
  "GET /none": () => "none",
  "GET /read": async (ask) => {
    const session = await ask();
    return { exists: session.exists, subject: session.subject ?? null, data: session.data };
  },
  "POST /count": async (ask) => {
    const session = await ask();
    session.set("n", (session.get("n") ?? 0) + 1);
    return session.get("n");
  },
  "POST /login": async (ask) => {
    const session = await ask();
    await session.authenticate("alice", { methods: ["pwd"] });
    return { token: session.token };
  },
  "POST /logout": async (ask) => {
    await (await ask()).end();
    return "bye";
  },
  "POST /login-then-fail": async (ask) => {
    await (await ask()).authenticate("alice");
    throw new Error("boom");
  },
};

function makeSessions({ slow = false }: SiteOptions): Omit<Site, "call"> {
  const calls: string[] = [];
  const clock = fakeClock();
  let broken = false;
  const inner = slow ? delayed(memoryStore()) : memoryStore();
  const counted =
    <A extends readonly unknown[], R>(verb: string, run: (...args: A) => R) =>
    (...args: A): R => {
      calls.push(verb);
      if (broken) throw storeUnavailable("the test took it away");
      return run(...args);
    };
  const store: Store = { ...inner, load: counted("load", inner.load), commit: counted("commit", inner.commit), find: counted("find", inner.find) };
  return { sessions: createSessions<Data>({ store, clock }), clock, calls, breakStore: () => void (broken = true) };
}

async function listen(listener: RequestListener): Promise<Site["call"]> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return (route, headers = {}) =>
    new Promise((done, failed) => {
      const [method, path] = route.split(" ") as [string, string];
      const outgoing = send(
        { port, host: "127.0.0.1", method, path, headers: { host: "shop.example", "x-forwarded-proto": "https", ...headers }, agent: false },
        (incoming: IncomingMessage) => {
          let body = "";
          incoming.setEncoding("utf8").on("data", (data: string) => (body += data));
          incoming.on("end", () =>
            done({
              status: incoming.statusCode ?? 0,
              cookies: incoming.headers["set-cookie"] ?? [],
              header: (name) => incoming.headers[name]?.toString(),
              body,
            }),
          );
        },
      );
      outgoing.on("error", failed).end();
    });
}

const adapters: Record<string, (options?: SiteOptions) => Promise<Site>> = {
  async node(options = {}) {
    const made = makeSessions(options);
    const web = nodeSessions(made.sessions, {
      carriers: options.carriers ?? [cookie()],
      origins: options.origins ?? [],
      client: trustedProxies(1),
      onFailure: () => undefined,
    });
    const call = await listen((req, res) => {
      if (!web.middleware(req, res)) return;
      const handler = { ...routes, ...options.routes }[`${req.method} ${req.url}`];
      Promise.resolve(handler?.(() => web.session(req, res))).then(
        (value) => res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value ?? null)),
        (error: unknown) => res.writeHead((error as { status?: number }).status ?? 500).end(),
      );
    });
    return { ...made, call };
  },
  async express(options = {}) {
    const made = makeSessions(options);
    const web = expressSessions(made.sessions, {
      carriers: options.carriers ?? [cookie()],
      origins: options.origins ?? [],
      client: trustedProxies(1),
      onFailure: () => undefined,
    });
    const app = express().set("env", "test").disable("x-powered-by");
    app.use(web.middleware);
    for (const [route, handler] of Object.entries({ ...routes, ...options.routes })) {
      const [method, path] = route.split(" ") as [string, string];
      app[method.toLowerCase() as "get"](path, async (req, res) => void res.json((await handler(() => web.session(req))) ?? null));
    }
    return { ...made, call: await listen(app) };
  },
  async fetch(options = {}) {
    const made = makeSessions(options);
    const web = fetchSessions(made.sessions, {
      carriers: options.carriers ?? [cookie()],
      origins: options.origins ?? [],
      client: trustedProxies(1),
      onFailure: () => undefined,
    });
    const handle = web.handle(async (request) => {
      const handler = { ...routes, ...options.routes }[`${request.method} ${new URL(request.url).pathname}`];
      return Response.json((await handler?.(() => web.session(request))) ?? null);
    });
    return {
      ...made,
      async call(route, headers = {}) {
        const [method, path] = route.split(" ") as [string, string];
        const response = await handle(new Request(`https://shop.example${path}`, { method, headers }));
        return {
          status: response.status,
          cookies: response.headers.getSetCookie(),
          header: (name) => response.headers.get(name) ?? undefined,
          body: await response.text(),
        };
      },
    };
  },
};

const jar = ({ cookies }: Answer): { cookie: string } => ({ cookie: cookies.map((line) => line.split(";")[0]).join("; ") });

for (const [name, open] of Object.entries(adapters)) {
  for (const slow of [false, true]) {
    describe(`${name}, ${slow ? "a store that answers later" : "a store that answers at once"}`, () => {
      const site = (options: SiteOptions = {}): Promise<Site> => open({ ...options, slow });

      it("a request that does not ask causes no store call, no cookie and no header", async () => {
        const { call, calls } = await site();
        const answer = await call("GET /none", { cookie: `__Host-Http-session=${"0".repeat(26)}.${"a".repeat(32)}` });
        expect(answer).toMatchObject({ status: 200, cookies: [] });
        expect([answer.header("vary"), answer.header("cache-control"), calls]).toEqual([undefined, undefined, []]);
      });

      it("asking creates nothing: no row, no cookie; the answer is private and varies", async () => {
        const { call, calls } = await site();
        const answer = await call("GET /read");
        expect(JSON.parse(answer.body)).toEqual({ exists: false, subject: null, data: {} });
        expect([answer.cookies, calls]).toEqual([[], []]);
        expect(answer.header("cache-control")).toBe("private, no-cache");
        expect(answer.header("vary")).toMatch(/Cookie/);
      });

      it("the first write creates, and the cookie resumes; a write that changes no secret sends none", async () => {
        const { call } = await site();
        const first = await call("POST /count");
        expect(first.cookies).toEqual([expect.stringMatching(/^__Host-Http-session=[0-9a-z]{26}\.[\w-]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax$/)]);
        expect(first.header("cache-control")).toBe("no-store");
        const second = await call("POST /count", jar(first));
        expect([second.body, second.cookies]).toEqual(["2", []]);
        const read = await call("GET /read", jar(first));
        expect(JSON.parse(read.body)).toMatchObject({ exists: true, data: { n: 2 } });
        expect([read.cookies, read.header("cache-control"), read.header("vary")]).toEqual([[], "private, no-cache", expect.stringMatching(/Cookie/)]);
      });

      it("asking twice gives the same session", async () => {
        let same = false;
        const { call } = await site({
          routes: {
            "GET /twice": async (ask) => {
              const first = await ask();
              same = first === (await ask());
            },
          },
        });
        await call("GET /twice");
        expect(same).toBe(true);
      });

      it("log-in gives another token and the old one resumes nothing (fixation, CVE-2022-25896)", async () => {
        const { call } = await site();
        const before = await call("POST /count");
        const after = await call("POST /login", jar(before));
        expect(jar(after).cookie).not.toBe(jar(before).cookie);
        expect(JSON.parse((await call("GET /read", jar(after))).body)).toMatchObject({ subject: "alice" });
        const old = await call("GET /read", jar(before));
        expect(JSON.parse(old.body)).toMatchObject({ exists: false });
        expect(old.cookies).toEqual([]);
      });

      it("a token of nobody's, an ended one and a hash in a token's place are answered without any cookie header", async () => {
        const { call, calls } = await site();
        const login = await call("POST /login");
        const gone = await call("POST /logout", jar(login));
        expect(gone.cookies).toEqual(["__Host-Http-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"]);
        expect(gone.header("cache-control")).toBe("no-store");
        for (const given of [jar(login).cookie, jar(login).cookie.replace(/.$/, (last) => (last === "A" ? "B" : "A"))]) {
          const answer = await call("GET /read", { cookie: given });
          expect([answer.status, answer.cookies, JSON.parse(answer.body).exists]).toEqual([200, [], false]);
        }
        const stranger = await call("POST /count", { cookie: jar(login).cookie.replace(/=.{26}/, `=${"0".repeat(26)}`) });
        expect(jar(stranger).cookie).not.toContain("0".repeat(26));
        expect(calls.length).toBeGreaterThan(0);
      });

      it("what cannot be a token causes no store call", async () => {
        const { call, calls } = await site();
        const token = jar(await call("POST /count")).cookie.slice("__Host-Http-session=".length);
        calls.length = 0;
        const hostile = [
          ...[
            "",
            "x",
            token.slice(0, -1),
            `${token}A`,
            token.replace(".", ""),
            `"${token}"`,
            `../${token}`,
            encodeURIComponent(`${token}=`),
            "__proto__",
            "a".repeat(10_000),
            `${token}\u00a0`.replace("\u00a0", "%00"),
            token.slice(27),
          ].map((value) => `__Host-Http-session=${value}`),
          `__Host-Http-session=${token}; __Host-Http-session=${token.slice(0, -1)}`,
          `session=${token}; __Host-session=${token}; x__Host-Http-session=${token}`,
          `=__Host-Http-session=${token}`,
          `a=b __Host-Http-session=${token}`,
        ];
        for (const given of hostile) {
          const answer = await call("GET /read", { cookie: given });
          expect(JSON.parse(answer.body), given).toMatchObject({ exists: false });
          expect(answer.cookies).toEqual([]);
        }
        await call("GET /read", { authorization: `Bearer ${token}`, "x-session": token, "sojourn-session": token });
        expect(calls).toEqual([]);
      });

      it("a slow request revives nothing after a log-out: 401, and no cookie (CVE-2025-46336)", async () => {
        let go = (): void => undefined;
        let there = (): void => undefined;
        const held = new Promise<void>((done) => (go = done));
        const arrived = new Promise<void>((done) => (there = done));
        const { call, sessions } = await site({
          routes: {
            "POST /slow": async (ask) => {
              const session = await ask();
              session.set("cart", ["late"]);
              there();
              await held;
              return "done";
            },
          },
        });
        const login = await call("POST /login");
        const slowAnswer = call("POST /slow", jar(login));
        await arrived;
        await call("POST /logout", jar(login));
        go();
        const answer = await slowAnswer;
        expect([answer.status, answer.cookies]).toEqual([401, []]);
        expect(JSON.parse(answer.body)).toMatchObject({ code: "session_ended" });
        expect(JSON.parse((await call("GET /read", jar(login))).body)).toMatchObject({ exists: false });
        const live: unknown[] = [];
        for await (const each of sessions.list({ subject: "alice" })) live.push(each);
        expect(live).toEqual([]);
      });

      it("a broken store: 503, never logged in, no cookie, nothing of the inside", async () => {
        const { call, breakStore } = await site({
          routes: {
            "POST /break": async (ask) => {
              (await ask()).set("n", 1);
              breakStore();
              return "a secret page";
            },
            "GET /twice": async (ask) => {
              const refused = (error: unknown): string => (error as { code: string }).code;
              return [await ask().catch(refused), await ask().catch(refused)];
            },
          },
        });
        const login = await call("POST /login");
        const broken = await call("POST /break", jar(login));
        expect([broken.status, broken.cookies, broken.header("content-type")]).toEqual([503, [], "application/problem+json"]);
        expect(broken.body).not.toMatch(/secret page|test took/);
        const read = await call("GET /read", jar(login));
        expect([read.status, read.cookies]).toEqual([503, []]);
        expect((await call("GET /twice", jar(login))).body).toBe('["store_unavailable","store_unavailable"]');
      });

      it("a log-in whose handler then fails still brings its cookie", async () => {
        const { call } = await site();
        const answer = await call("POST /login-then-fail");
        expect([answer.status, answer.cookies.length]).toEqual([500, 1]);
        expect(JSON.parse((await call("GET /read", jar(answer))).body)).toMatchObject({ subject: "alice" });
      });

      it("periodic rotation hands a successor to cookies and not to bearer clients; both tokens hold until it is seen", async () => {
        const { call, clock } = await site({
          carriers: [cookie(), bearer()],
          routes: { "POST /keep": async (ask) => (await ask()).authenticate("alice", { idle: "1d", absolute: "30d" }) },
        });
        const login = await call("POST /keep");
        const authorization = `Bearer ${jar(login).cookie.split("=")[1]}`;
        clock.advance("2h");
        expect((await call("GET /read", { authorization })).cookies).toEqual([]);
        const rotated = await call("GET /read", jar(login));
        expect(rotated.cookies).toHaveLength(1);
        expect(rotated.header("cache-control")).toBe("no-store");
        for (const token of [login, rotated]) expect(JSON.parse((await call("GET /read", jar(token))).body)).toMatchObject({ subject: "alice" });
      });

      it("bearer: the handler gives the token, no cookie is set, answers vary on Authorization", async () => {
        const { call } = await site({ carriers: [bearer()] });
        const login = await call("POST /login", { "sec-fetch-site": "cross-site" });
        expect(login.cookies).toEqual([]);
        const { token } = JSON.parse(login.body) as { token: string };
        const read = await call("GET /read", { authorization: `bearer ${token}` });
        expect(JSON.parse(read.body)).toMatchObject({ subject: "alice" });
        expect(read.header("vary")).toMatch(/Authorization/);
        expect(JSON.parse((await call("GET /read", { cookie: `__Host-Http-session=${token}` })).body)).toMatchObject({ exists: false });
      });

      it("both carriers: the first that brings a token counts, whatever it is worth", async () => {
        const { call } = await site({ carriers: [bearer(), cookie()] });
        const login = await call("POST /login");
        expect(login.cookies).toHaveLength(1);
        expect(JSON.parse((await call("GET /read", jar(login))).body)).toMatchObject({ exists: true });
        expect(JSON.parse((await call("GET /read", { ...jar(login), authorization: "Bearer nonsense" })).body)).toMatchObject({ exists: false });
        expect(JSON.parse((await call("GET /read", { ...jar(login), authorization: "Basic eDp5" })).body)).toMatchObject({ exists: true });
      });

      it("what other sites' pages send is refused before the handler, with or without a cookie (login CSRF)", async () => {
        let reached = 0;
        const { call } = await site({ origins: ["https://admin.example"], carriers: [cookie(), bearer()], routes: { "POST /act": () => void (reached += 1) } });
        const login = await call("POST /login");
        const refused = [
          { "sec-fetch-site": "cross-site" },
          { "sec-fetch-site": "same-site" },
          { origin: "https://evil.example" },
          { origin: "null" },
          { "sec-fetch-site": "cross-site", origin: "https://shop.example" },
        ];
        for (const headers of refused) {
          for (const more of [{}, jar(login)]) {
            const answer = await call("POST /act", { ...headers, ...more });
            expect([answer.status, answer.cookies, answer.header("vary")]).toEqual([403, [], "Sec-Fetch-Site, Origin"]);
            expect(JSON.parse(answer.body)).toMatchObject({ code: "cross_site" });
          }
        }
        expect(reached).toBe(0);
        const allowed = [
          { "sec-fetch-site": "same-origin" },
          { "sec-fetch-site": "none" },
          { origin: "https://shop.example" },
          { "sec-fetch-site": "cross-site", origin: "https://admin.example" },
          {},
        ];
        for (const headers of allowed) expect((await call("POST /act", { ...headers, ...jar(login) })).status).toBe(200);
        expect((await call("POST /act", { "sec-fetch-site": "cross-site", authorization: "Bearer x.y" })).status).toBe(200);
        expect((await call("GET /read", { "sec-fetch-site": "cross-site", ...jar(login) })).status).toBe(200);
        expect(reached).toBe(allowed.length + 1);
      });

      it("SameSite=None: a request that says nothing of its origin is refused too", async () => {
        const { call } = await site({ carriers: [cookie({ sameSite: "None" })] });
        expect((await call("POST /count")).status).toBe(403);
        expect((await call("POST /count", { origin: "https://shop.example" })).status).toBe(200);
      });

      it("knows the client as far as the proxy is trusted", async () => {
        const { call, sessions } = await site();
        await call("POST /login", { "x-forwarded-for": "1.2.3.4, 203.0.113.9:4711", "user-agent": `Agent\u0085${"x".repeat(400)}` });
        const known: unknown[] = [];
        for await (const { address, agent } of sessions.list({ subject: "alice" })) known.push({ address, agent });
        expect(known).toEqual([{ address: "203.0.113.9", agent: `Agent?${"x".repeat(250)}` }]);
      });
    });
  }
}
