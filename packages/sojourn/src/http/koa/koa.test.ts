import { createServer } from "node:http";
import Koa from "koa";
import { afterEach, expect, it } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import type { HttpServer } from "../../testing/http-contract-harness.ts";
import { cookie } from "../carriers.ts";
import { csrfToken } from "../csrf.ts";
import { listening } from "../harness.fixture.ts";
import { koaSessions } from "./koa.ts";

interface Data {
  n: number;
}
const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
const web = (): ReturnType<typeof koaSessions<Data>> =>
  koaSessions(createSessions<Data>({ store: delayed(memoryStore()) }), { carriers: [cookie()], onFailure: () => undefined });
async function serve(app: Koa): Promise<string> {
  const answer = app.callback();
  const server = await listening(createServer((request, response) => void answer(request, response)));
  servers.push(server);
  return server.url;
}

it("what ctx.throw and app.on('error') make of an error commits like any answer", async () => {
  const sessions = web();
  const app = new Koa();
  const told: string[] = [];
  app.on("error", (error: Error) => void told.push(error.message));
  app.use(sessions.middleware);
  app.use(async (context) => {
    (await sessions.session(context)).set("n", 1);
    context.set("x-forgotten", "1");
    if (context.path === "/throw") context.throw(418, "teapot");
    throw new Error("a secret");
  });
  const url = await serve(app);
  for (const [path, status, text] of [
    ["/throw", 418, "teapot"],
    ["/", 500, "Internal Server Error"],
  ] as const) {
    const answer = await fetch(url + path);
    expect([answer.status, await answer.text(), answer.headers.getSetCookie().length, answer.headers.get("x-forgotten")]).toEqual([status, text, 1, null]);
  }
  expect(told).toEqual(["teapot", "a secret"]);
});

it("works where the handler writes itself (ctx.respond = false), and in web streams and responses", async () => {
  const sessions = web();
  const app = new Koa();
  app.use(sessions.middleware);
  app.use(async (context) => {
    const session = await sessions.session(context);
    session.set("n", (session.get("n") ?? 0) + 1);
    if (context.path === "/self") {
      context.respond = false;
      context.res.writeHead(202, { "x-self": "1" });
      context.res.write("by ");
      context.res.end("hand");
    } else if (context.path === "/stream") context.body = new Blob(["by ", "hand"]).stream();
    else context.body = new Response("by hand", { status: 201 });
  });
  const url = await serve(app);
  for (const [path, status] of [
    ["/self", 202],
    ["/stream", 200],
    ["/response", 201],
  ] as const) {
    const answer = await fetch(url + path);
    expect([answer.status, await answer.text(), answer.headers.getSetCookie().length], path).toEqual([status, "by hand", 1]);
  }
});

it("middleware before and after it goes on as ever; a refused request reaches nothing after it", async () => {
  const sessions = web();
  const app = new Koa();
  const seen: string[] = [];
  app.use(async (context, next) => {
    await next();
    seen.push(`${context.status} ${context.respond}`);
  });
  app.use(sessions.middleware);
  app.use(async (context) => {
    seen.push("reached");
    context.cookies.set("theirs", "1");
    (await sessions.session(context)).set("n", 1);
    context.body = "x";
  });
  const url = await serve(app);
  const refused = await fetch(url, { method: "POST", headers: { "sec-fetch-site": "cross-site" } });
  expect([refused.status, await refused.json()]).toEqual([403, expect.objectContaining({ code: "cross_site" })]);
  const answer = await fetch(url);
  expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^theirs=1/), expect.stringMatching(/^__Host-Http-session=/)]);
  expect(seen).toEqual(["403 false", "reached", "200 undefined"]);
});

it("looks for CSRF tokens in what a parser made of the body", async () => {
  const sessions = koaSessions(createSessions<Data>({ store: memoryStore() }), { carriers: [cookie()], onFailure: () => undefined, csrf: {} });
  const app = new Koa();
  app.silent = true;
  app.use(sessions.middleware);
  app.use(async (context, next) => {
    const body = new URLSearchParams((await context.req.setEncoding("utf8").toArray()).join(""));
    Object.assign(context.request, { body: Object.fromEntries(body) });
    await next();
  });
  app.use(async (context) => {
    const session = await sessions.session(context);
    context.body = context.method === "GET" ? csrfToken(session) : "done";
  });
  const url = await serve(app);
  const form = await fetch(url);
  const [token, headers] = [await form.text(), { cookie: form.headers.getSetCookie()[0]?.split(";", 1)[0] as string }];
  expect((await fetch(url, { method: "POST", headers, body: new URLSearchParams({ _csrf: token }) })).status).toBe(200);
  expect((await fetch(url, { method: "POST", headers, body: new URLSearchParams({ _csrf: "x" }) })).status).toBe(403);
});
