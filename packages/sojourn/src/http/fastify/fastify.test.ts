import { createGzip } from "node:zlib";
import { Readable } from "node:stream";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, expect, it } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { cookie } from "../carriers.ts";
import { csrfToken } from "../csrf.ts";
import { fastifySessions, type FastifySessions } from "./fastify.ts";

interface Data {
  n: number;
}
const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});
const ours = [expect.stringMatching(/^__Host-Http-session=/) as string];

async function site(): Promise<{ app: FastifyInstance; web: FastifySessions<Data> }> {
  const web = fastifySessions(createSessions<Data>({ store: delayed(memoryStore()) }), { carriers: [cookie()], onFailure: () => undefined });
  const app = fastify();
  apps.push(app);
  await app.register(web.plugin);
  return { app, web };
}

it("acts on the whole application: on plugins beside it and inside, and on what is not found", async () => {
  const { app, web } = await site();
  await app.register(async (inner) => {
    inner.post("/inner", async (request) => {
      (await web.session(request)).set("n", 1);
      return { inner: true };
    });
  });
  app.post("/outer", async () => "outer");
  for (const url of ["/inner", "/outer", "/nowhere"]) {
    const refused = await app.inject({ method: "POST", url, headers: { "sec-fetch-site": "cross-site" } });
    expect([refused.statusCode, refused.json()], url).toEqual([403, expect.objectContaining({ code: "cross_site" })]);
  }
  const answer = await app.inject({ method: "POST", url: "/inner" });
  expect([answer.statusCode, answer.json(), answer.headers["set-cookie"]]).toEqual([200, { inner: true }, ours]);
});

it("app.inject() sees what a client sees, and nothing is put on requests and replies", async () => {
  const { app, web } = await site();
  let own: unknown[] = [];
  app.get("/", async (request, reply) => {
    const before = new Set([...Object.keys(request), ...Object.keys(reply)]);
    const session = await web.session(request);
    session.set("n", (session.get("n") ?? 0) + 1);
    own = [...Object.keys(request), ...Object.keys(reply)].filter((name) => !before.has(name));
    return { n: session.get("n") };
  });
  const first = await app.inject("/");
  expect([first.json(), first.headers["cache-control"], first.headers["vary"]]).toEqual([{ n: 1 }, "no-store", "Cookie"]);
  const kept = String(first.headers["set-cookie"]).split(";", 1)[0] as string;
  const second = await app.inject({ url: "/", headers: { cookie: kept } });
  expect([second.json(), second.headers["set-cookie"], own]).toEqual([{ n: 2 }, undefined, []]);
});

it("an error handler and a not-found handler may use the session; both commit", async () => {
  const { app, web } = await site();
  app.get("/throws", async (request) => {
    (await web.session(request)).set("n", 3);
    throw Object.assign(new Error("x"), { statusCode: 418 });
  });
  app.setErrorHandler(async (error: { statusCode?: number }, request, reply) => {
    const session = await web.session(request);
    return reply.code(error.statusCode ?? 500).send(`n=${session.get("n")}`);
  });
  app.setNotFoundHandler(async (request, reply) => {
    (await web.session(request)).set("n", 404);
    return reply.code(404).send("no such page");
  });
  const thrown = await app.inject("/throws");
  expect([thrown.statusCode, thrown.body, thrown.headers["set-cookie"]]).toEqual([418, "n=3", ours]);
  const nowhere = await app.inject("/nowhere");
  expect([nowhere.statusCode, nowhere.headers["set-cookie"]]).toEqual([404, ours]);
});

it("a hijacked reply is held until the commit as well, and onSend may still pack the answer", async () => {
  const { app, web } = await site();
  app.get("/hijacked", async (request, reply) => {
    (await web.session(request)).set("n", 1);
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/plain" });
    reply.raw.write("by ");
    reply.raw.end("hand");
  });
  app.addHook("onSend", async (request, reply, payload) => {
    if (request.url !== "/packed") return payload;
    reply.header("content-encoding", "gzip").removeHeader("content-length");
    return Readable.from([payload as string]).pipe(createGzip());
  });
  app.get("/packed", async (request) => {
    (await web.session(request)).set("n", 2);
    return "a page";
  });
  const hijacked = await app.inject("/hijacked");
  expect([hijacked.statusCode, hijacked.body, hijacked.headers["set-cookie"]]).toEqual([200, "by hand", ours]);
  const packed = await app.inject("/packed");
  expect([packed.headers["content-encoding"], packed.headers["set-cookie"]]).toEqual(["gzip", ours]);
});

it("hooks of the application run: onRequest after it, onResponse for a refused request too", async () => {
  const { app, web } = await site();
  const seen: string[] = [];
  app.addHook("onRequest", async (request) => void seen.push(`request ${(await web.session(request)).exists}`));
  app.addHook("onResponse", async (_request, reply) => void seen.push(`response ${reply.statusCode}`));
  app.post("/", async () => "x");
  await app.inject({ method: "POST", url: "/", headers: { origin: "https://evil.example" } });
  await app.inject({ method: "POST", url: "/" });
  expect(seen).toEqual(["response 403", "request false", "response 200"]);
});

it("looks for CSRF tokens in what Fastify made of the body", async () => {
  const web = fastifySessions(createSessions<Data>({ store: memoryStore() }), { carriers: [cookie()], onFailure: () => undefined, csrf: {} });
  const app = fastify();
  apps.push(app);
  await app.register(web.plugin);
  app.get("/form", async (request) => csrfToken(await web.session(request)));
  app.post("/act", async (request) => ({ n: (await web.session(request)).get("n") ?? 0 }));
  const form = await app.inject("/form");
  const known = { cookie: String(form.headers["set-cookie"]).split(";", 1)[0] as string };
  expect((await app.inject({ method: "POST", url: "/act", headers: known, payload: { _csrf: form.body } })).statusCode).toBe(200);
  expect((await app.inject({ method: "POST", url: "/act", headers: known, payload: { _csrf: "x" } })).statusCode).toBe(403);
});

it("says what is missing when the plugin is not registered", async () => {
  const web = fastifySessions(createSessions<Data>({ store: memoryStore() }), { carriers: [cookie()] });
  await expect(web.session({ raw: {} } as never)).rejects.toMatchObject({
    code: "invalid_option",
    message: expect.stringMatching(/app\.register\(web\.plugin\)/) as string,
  });
});
