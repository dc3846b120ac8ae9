import { createServer, request as send, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import fastify from "fastify";
import { Hono } from "hono";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Resumable, Visit } from "../core/resumable.ts";
import type { Session } from "../core/session.ts";
import { createSessions, type Sessions } from "../core/sessions.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import type { HttpData } from "../testing/http-contract-harness.ts";
import { lengthened } from "../testing/http-contract-tokens.ts";
import { bearer, cookie, formerCookie, header, type Carrier } from "./carriers.ts";
import { webDoor, type RequestReader, type WebOptions } from "./door.ts";
import { fastifySessions } from "./fastify/fastify.ts";
import { fetchSessions } from "./fetch/fetch.ts";
import { honoSessions } from "./hono/hono.ts";
import { nodeSessions } from "./node/node.ts";
import { urlParameter } from "./parameters.ts";
import { trustedProxies } from "./trusted-proxies.ts";
import { wideDoor } from "./wide-door.ts";

interface Answer {
  readonly status: number;
  readonly cookies: readonly string[];
  readonly body: string;
}
interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
type Client = (path: string, call?: Call) => Promise<Answer>;
type Handler = (session: Session<HttpData>) => Promise<string> | string;
type Open = (manager: Resumable<HttpData>, options: Partial<WebOptions>, maxHeaderSize?: number) => Promise<Client>;

const routes: Readonly<Record<string, Handler>> = {
  "/read": (session) => `${session.subject ?? "nobody"} ${session.get("n") ?? 0}`,
  "/login": async (session) => (await session.authenticate("alice", { keep: ["n"] }), "welcome"),
  "/logout": async (session) => (await session.end(), "bye"),
};
const handle = async (path: string, session: Session<HttpData>): Promise<string> => {
  const answer = await routes[path]?.(session);
  return answer ?? "none";
};

// Hono writes on stderr what its handlers threw.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A client of a server, as behind a proxy that ends TLS for shop.example. */
function clientOf(port: number): Client {
  return (path, { method = "GET", headers = {} } = {}) =>
    new Promise((done, failed) => {
      const given = { host: "shop.example", "x-forwarded-proto": "https", ...headers };
      const outgoing = send({ port, host: "127.0.0.1", method, path, headers: given, agent: false, maxHeaderSize: 200_000 }, (incoming) => {
        const parts: Buffer[] = [];
        incoming.on("data", (part: Buffer) => parts.push(part));
        incoming
          .on("error", failed)
          .on("end", () => done({ status: incoming.statusCode ?? 0, cookies: incoming.headers["set-cookie"] ?? [], body: Buffer.concat(parts).toString() }));
      });
      outgoing.on("error", failed).end();
    });
}

async function listen(server: Server): Promise<Client> {
  closing.push(() => new Promise((done) => (server.closeAllConnections(), server.close(done))));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return clientOf((server.address() as AddressInfo).port);
}

const optionsFor = (options: Partial<WebOptions>): WebOptions => ({
  carriers: [cookie()],
  client: trustedProxies(1),
  onFailure: () => undefined,
  ...options,
});
const pathOf = (url = "/"): string => new URL(url, "http://x").pathname;
const statusOf = (error: unknown): number => (error as { status?: number }).status ?? 500;

const doors: Readonly<Record<string, Open>> = {
  node(manager, options, maxHeaderSize = 16_384) {
    const web = nodeSessions(manager, optionsFor(options));
    const listener: RequestListener = (req, res) => {
      if (!web.middleware(req, res)) return;
      web
        .session(req, res)
        .then((session) => handle(pathOf(req.url), session))
        .then(
          (body) => res.end(body),
          (error: unknown) => res.writeHead(statusOf(error)).end(),
        );
    };
    return listen(createServer({ maxHeaderSize }, listener));
  },
  async fastify(manager, options, maxHeaderSize = 16_384) {
    const web = fastifySessions(manager, optionsFor(options));
    const app = fastify({ http: { maxHeaderSize } });
    await app.register(web.plugin);
    app.all("/*", async (request) => handle(pathOf(request.url), await web.session(request)));
    closing.push(() => app.close());
    await app.listen({ port: 0, host: "127.0.0.1" });
    return clientOf((app.server.address() as AddressInfo).port);
  },
  fetch(manager, options) {
    const web = fetchSessions(manager, optionsFor(options));
    const answer = web.handle(async (request) => new Response(await handle(pathOf(request.url), await web.session(request))));
    const client: Client = async (path, { method = "GET", headers = {} } = {}) => {
      const response = await answer(new Request(`https://shop.example${path}`, { method, headers: { host: "shop.example", ...headers } }));
      return { status: response.status, cookies: response.headers.getSetCookie(), body: await response.text() };
    };
    return Promise.resolve(client);
  },
  hono(manager, options, maxHeaderSize = 16_384) {
    const web = honoSessions(manager, optionsFor(options));
    const app = new Hono();
    app.use(web.middleware);
    app.all("/*", async (context) => context.text(await handle(pathOf(context.req.url), await web.session(context))));
    return listen(createAdaptorServer({ fetch: app.fetch, serverOptions: { maxHeaderSize } }) as Server);
  },
};

const post = { method: "POST" } as const;
const isGone = (line: string): boolean => /; Max-Age=0(?:;|$)/.test(line);
/** A client that keeps cookies as a browser does. */
function browser(client: Client, has: Map<string, string> = new Map()): { readonly has: Map<string, string>; go(path: string, call?: Call): Promise<Answer> } {
  return {
    has,
    async go(path, { method = "GET", headers = {} } = {}) {
      const given = [...has].map((pair) => pair.join("=")).join("; ");
      const answer = await client(path, { method, headers: { ...headers, ...(given !== "" && { cookie: given }) } });
      for (const line of answer.cookies) {
        const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
        if (isGone(line)) has.delete(name);
        else has.set(name, value);
      }
      return answer;
    },
  };
}
const sessionsOf = (): Sessions<HttpData> => createSessions<HttpData>({ store: memoryStore() });

describe.each(Object.entries(doors))("%s", (at, open) => {
  it.each([
    ["cookies alone", {}],
    ["Clear-Site-Data beside them", { clearSiteData: ["cache"] }],
    ["links beside them", { carriers: [cookie(), urlParameter({ name: "sid" })] }],
  ] as const)("a long token grows, shrinks and goes: %s", async (_, options) => {
    let length = 12_000;
    const { has, go } = browser(
      await open(
        lengthened(sessionsOf(), () => length),
        options,
      ),
    );
    expect((await go("/login", post)).status).toBe(200);
    expect([has.size, (await go("/read")).body]).toEqual([3, "alice 0"]);
    length = 100;
    const shorter = await go("/login", post);
    expect([shorter.cookies.map(isGone), has.size, (await go("/read")).body]).toEqual([[false, true, true], 1, "alice 0"]);
    length = 8_000;
    await go("/login", post);
    expect([has.size, (await go("/read")).body, (await go("/logout", post)).cookies.every(isGone), has.size]).toEqual([2, "alice 0", true, 0]);
    length = 12_226;
    const refused = await go("/login", post);
    expect([refused.status, refused.cookies, JSON.parse(refused.body)]).toEqual([413, [], { title: "Content Too Large", status: 413, code: "too_large" }]);
  });

  // A handler of Fetch requests has no server of its own.
  if (at !== "fetch")
    it("Node refuses a head over 16 kB, so that more parts need maxHeaderSize", async () => {
      const carriers = [cookie({ parts: 5 })];
      const manager = lengthened(sessionsOf(), () => 20_000);
      const [tight, wide] = [browser(await open(manager, { carriers })), browser(await open(manager, { carriers }, 32_768))];
      await wide.go("/login", post);
      expect([wide.has.size, (await wide.go("/read")).body]).toEqual([5, "alice 0"]);
      for (const [name, value] of wide.has) tight.has.set(name, value);
      expect((await tight.go("/read")).status).toBe(431);
    });

  describe("a cookie of the library that was here before", () => {
    /** A manager that takes over what was kept there. */
    const taking = (real: Sessions<HttpData>, seen: Visit[]): Resumable<HttpData> => ({
      async visit(visit) {
        seen.push(visit);
        const n = /^old(\d+)(?:\.mac)?$/.exec(visit.token ?? "")?.[1];
        const session = await real.visit(n === undefined ? visit : { ...visit, token: undefined });
        if (n === undefined) return session;
        session.set("n", Number(n));
        await session.authenticate("bob", { keep: ["n"] });
        return session;
      },
      settle: (session) => real.settle(session),
    });
    const carriers: readonly Carrier[] = [cookie(), formerCookie({ name: "sid", signature: true }), formerCookie({ name: "iron" })];

    it.each([
      ["one", { iron: "old7" }, ["iron"]],
      ["one with its signature", { sid: "old7", "sid.sig": "mac" }, ["sid", "sid.sig"]],
      ["both", { iron: "old8", sid: "old7", "sid.sig": "mac" }, ["sid", "sid.sig", "iron"]],
    ] as const)("is exchanged for ours by the first answer: %s", async (_, before, gone) => {
      const seen: Visit[] = [];
      const { has, go } = browser(await open(taking(sessionsOf(), seen), { carriers }), new Map(Object.entries(before)));
      const first = await go("/read");
      expect([first.body, [...has.keys()]]).toEqual(["bob 7", ["__Host-Http-session"]]);
      expect(first.cookies.filter(isGone).map((line) => line.split("=")[0])).toEqual(gone);
      expect(seen[0]).toMatchObject({ rotates: true, place: "__Host-Http-session", room: 12_225 });
      expect([(await go("/read")).body, (await go("/read")).cookies, seen.length]).toEqual(["bob 7", [], 3]);
      await go("/logout", post);
      expect([has.size, (await go("/read")).body]).toEqual([0, "nobody 0"]);
    });

    it("never overrides ours, and goes with a log-out, so that it logs nobody in again", async () => {
      const { has, go } = browser(await open(taking(sessionsOf(), []), { carriers }));
      await go("/login", post);
      has.set("iron", "old7");
      expect((await go("/read")).body).toBe("alice 0");
      await go("/logout", post);
      expect([has.size, (await go("/read")).body]).toEqual([0, "nobody 0"]);
    });

    it("does not come without the text of csrf, where that is asked for", async () => {
      const client = await open(taking(sessionsOf(), []), { carriers, csrf: {} });
      expect((await client("/login", { method: "POST", headers: { cookie: "iron=old7" } })).status).toBe(403);
      expect((await client("/read", { headers: { cookie: "iron=old7" } })).body).toBe("bob 7");
    });

    it("is checked for its origin as ours is; nothing is taken away by what changes no session", async () => {
      const client = await open(taking(sessionsOf(), []), { carriers });
      for (const sent of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
        const answer = await client("/login", { method: "POST", headers: { cookie: "iron=old7", ...sent } });
        expect([answer.status, answer.cookies]).toEqual([403, []]);
      }
      for (const given of ["iron=old7; iron=old8", "iron=", "sid=old7", "iron=nothing"])
        expect(await client("/read", { headers: { cookie: given } })).toEqual({ status: 200, cookies: [], body: "nobody 0" });
    });
  });
});

describe("what a door knows of the place", () => {
  type Headers = Readonly<Record<string, string>>;
  const reader: RequestReader<Headers> = {
    method: () => "GET",
    header: (given, name) => given[name],
    host: () => "shop.example",
    peer: () => undefined,
    encrypted: () => true,
    url: ({ url = "/" }) => url,
  };
  const placed = ({ token, place, room, rotates, loose }: Visit): Visit => ({ token, place, room, rotates, ...(loose === true ? { loose } : undefined) });
  const knock = (carriers: readonly Carrier[], headers: Headers): Visit => placed(webDoor({ carriers }, reader).knock(headers, () => undefined));

  it("is the cookie's name and its room, and nothing for programs", () => {
    const carriers = [bearer(), header({ name: "x-session" }), cookie({ name: "__Host-a", parts: 1 })];
    const bound = { place: "__Host-a", room: 4_088, rotates: true };
    const free = { place: undefined, room: undefined, rotates: false };
    expect(knock(carriers, {})).toEqual({ token: undefined, ...bound });
    expect(knock(carriers, { cookie: "__Host-a=t" })).toEqual({ token: "t", ...bound });
    expect(knock(carriers, { cookie: "__Host-a=t", authorization: "Bearer b" })).toEqual({ token: "b", ...free });
    expect(knock(carriers, { "x-session": "h" })).toEqual({ token: "h", ...free });
    expect(knock([bearer()], {})).toEqual({ token: undefined, ...free });
  });

  it("is where one is handed back for a token in a URL, which is bound to no place itself", () => {
    const carriers = [cookie(), urlParameter({ name: "sid" })];
    const wide = wideDoor({ carriers }, reader, webDoor({ carriers }, reader));
    const knocked = (headers: Headers): Visit => placed(wide?.knock(headers, () => undefined, undefined) ?? {});
    expect(knocked({ url: "/?sid=t" })).toEqual({ token: "t", place: "__Host-Http-session", room: 12_225, rotates: false, loose: true });
    expect(knocked({ url: "/" })).toEqual({ token: undefined, place: "__Host-Http-session", room: 12_225, rotates: true });
  });

  it.each([
    [[formerCookie({ name: "sid" })], /after a cookie/],
    [[bearer(), formerCookie({ name: "sid" })], /after a cookie/],
    [[formerCookie({ name: "sid" }), cookie()], /after a cookie/],
    [[cookie({ name: "sid" }), formerCookie({ name: "sid" })], /one name, "sid"/],
  ] as const)("refuses %# at the start", (carriers, message) => {
    expect(() => knock(carriers, {})).toThrow(expect.objectContaining({ code: "invalid_option", message: expect.stringMatching(message) as string }));
  });
});
