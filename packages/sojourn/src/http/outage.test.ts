import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterEach, expect, test } from "vitest";
import type { Session } from "../core/session.ts";
import { createSessions, type Sessions } from "../core/sessions.ts";
import type { SessionsOptions } from "../core/settings.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { failingStore, type FaultPlan } from "../testing/failing-store.ts";
import { signedIn } from "../testing/signed-in.ts";
import { cookie } from "./carriers.ts";
import type { WebSessions } from "./door.ts";
import { expressSessions } from "./express/express.ts";
import { fetchSessions } from "./fetch/fetch.ts";
import { nodeSessions } from "./node/node.ts";

interface Data {
  n: number;
}
interface Site {
  readonly web: WebSessions<Data>;
  ask(method: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => (server.closeAllConnections(), server.close(done)))));
});
async function listen(listener: RequestListener): Promise<Site["ask"]> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return (method, headers = {}) => fetch(origin, { method, headers });
}

/** GET shows, POST writes with the answer, PUT logs in, DELETE logs out. */
async function handle(method: string | undefined, session: Session<Data>): Promise<object> {
  if (method === "POST") session.set("n", (session.get("n") ?? 0) + 1);
  if (method === "PUT") await session.authenticate("eve");
  if (method === "DELETE") await session.end();
  return { subject: session.subject ?? null, n: session.get("n") ?? null, degraded: session.degraded };
}
const quiet = { carriers: [cookie()], onFailure: () => undefined };

const adapters: Record<string, (sessions: Sessions<Data>) => Promise<Site>> = {
  async node(sessions) {
    const web = nodeSessions(sessions, quiet);
    const ask = await listen((req, res) => {
      if (!web.middleware(req, res)) return;
      web
        .session(req, res)
        .then((session) => handle(req.method, session))
        .then(
          (body) => res.end(JSON.stringify(body)),
          (error: unknown) => res.writeHead((error as { status?: number }).status ?? 500).end(),
        );
    });
    return { web, ask };
  },
  async express(sessions) {
    const web = expressSessions(sessions, quiet);
    const app = express().set("env", "test");
    app.use(web.middleware);
    app.all("/", async (req, res) => void res.json(await handle(req.method, await web.session(req))));
    return { web, ask: await listen(app) };
  },
  async fetch(sessions) {
    const web = fetchSessions(sessions, quiet);
    const answer = web.handle(async (request) => Response.json(await handle(request.method, await web.session(request))));
    return { web, ask: (method, headers = {}) => answer(new Request("https://shop.example/", { method, headers })) };
  },
};

async function open(name: string, options: Partial<SessionsOptions<Data>> = {}): Promise<Site & { plan: FaultPlan }> {
  const store = failingStore(memoryStore(), (call) => made.plan(call));
  const site = await adapters[name]!(createSessions<Data>({ ...options, store }));
  const made = { ...site, plan: (() => undefined) as FaultPlan };
  return made;
}
const seen = async (answer: Response): Promise<unknown[]> => [answer.status, answer.headers.getSetCookie().length, answer.ok ? await answer.json() : undefined];

test.each(Object.keys(adapters))("%s: a store that fails is 503 without a cookie, whatever is asked; then it is as before", async (name) => {
  const site = await open(name, { deadline: 50, breaker: false });
  const { headers } = await signedIn(site.web, "ada", { data: { n: 1 } });
  expect(await seen(await site.ask("GET", headers))).toEqual([200, 0, { subject: "ada", n: 1, degraded: false }]);
  for (const fault of [{ fault: "before" }, { fault: "hang" }, { fault: "throw", error: new Error("ECONNRESET") }] as const) {
    site.plan = () => fault;
    for (const method of ["GET", "POST", "PUT", "DELETE"]) expect(await seen(await site.ask(method, headers)), method).toEqual([503, 0, undefined]);
  }
  expect(await seen(await site.ask("GET"))).toEqual([200, 0, { subject: null, n: null, degraded: false }]);
  for (const fault of [{ fault: "before" }, { fault: "after" }] as const) {
    site.plan = ({ verb }) => (verb === "commit" ? fault : undefined);
    expect(await seen(await site.ask("POST", headers)), fault.fault).toEqual([503, 0, undefined]);
    expect(await seen(await site.ask("PUT")), fault.fault).toEqual([503, 0, undefined]);
  }
  site.plan = () => undefined;
  // The answer of the second POST was lost, not what it wrote.
  expect(await seen(await site.ask("POST", headers))).toEqual([200, 0, { subject: "ada", n: 3, degraded: false }]);
});

test.each(Object.keys(adapters))("%s: a session served from memory is shown, and every write to it is 503 without a cookie", async (name) => {
  const site = await open(name, { outage: { serve: "1h" } });
  const { headers } = await signedIn(site.web, "ada", { data: { n: 1 } });
  expect((await site.ask("GET", headers)).status).toBe(200);
  site.plan = ({ verb }) => (verb === "load" ? { fault: "before" } : undefined);
  for (let n = 0; n < 10; n++) expect(await seen(await site.ask("GET", headers))).toEqual([200, 0, { subject: "ada", n: 1, degraded: true }]);
  for (const method of ["POST", "PUT", "DELETE"]) expect(await seen(await site.ask(method, headers)), method).toEqual([503, 0, undefined]);
  const stranger = (await signedIn((await open(name)).web, "eve")).headers;
  expect(await seen(await site.ask("GET", stranger))).toEqual([503, 0, undefined]);
});
