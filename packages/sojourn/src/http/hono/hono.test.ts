import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { stream, streamSSE, streamText } from "hono/streaming";
import { expect, it } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { failingStore } from "../../testing/failing-store.ts";
import { cookie } from "../carriers.ts";
import { csrfToken } from "../csrf.ts";
import { listening } from "../harness.fixture.ts";
import { honoSessions, type HonoSessions } from "./hono.ts";

interface Data {
  n: number;
}
const ours = expect.stringMatching(/^__Host-Http-session=/) as string;
const newWeb = (store = delayed(memoryStore())): HonoSessions<Data> =>
  honoSessions(createSessions<Data>({ store }), { carriers: [cookie()], onFailure: () => undefined });
const writing =
  (web: HonoSessions<Data>, answer: (context: Context) => Response | Promise<Response>) =>
  async (context: Context): Promise<Response> => {
    const session = await web.session(context);
    session.set("n", (session.get("n") ?? 0) + 1);
    return answer(context);
  };

it("streaming helpers begin after the commit, with the cookie", async () => {
  const web = newWeb();
  const app = new Hono();
  app.use(web.middleware);
  app.get(
    "/stream",
    writing(web, (context) => stream(context, async (out) => void (await out.write("by hand")))),
  );
  app.get(
    "/text",
    writing(web, (context) => streamText(context, async (out) => void (await out.write("by hand")))),
  );
  app.get(
    "/events",
    writing(web, (context) => streamSSE(context, async (out) => out.writeSSE({ data: "by hand" }))),
  );
  for (const path of ["/stream", "/text", "/events"]) {
    const answer = await app.request(path);
    expect([answer.status, answer.headers.getSetCookie(), await answer.text()], path).toEqual([200, [ours], expect.stringContaining("by hand")]);
  }
});

it("what app.onError, HTTPException and app.notFound answer commits; each may ask for the session", async () => {
  const web = newWeb();
  const app = new Hono();
  app.use(web.middleware);
  app.get(
    "/throws",
    writing(web, () => Promise.reject(new Error("x"))),
  );
  app.get(
    "/teapot",
    writing(web, () => Promise.reject(new HTTPException(418, { message: "teapot" }))),
  );
  app.onError(async (error, context) => {
    const session = await web.session(context);
    return error instanceof HTTPException ? error.getResponse() : context.text(`n=${session.get("n")}`, 500);
  });
  app.notFound(async (context) => {
    (await web.session(context)).set("n", 404);
    return context.text("nothing here", 404);
  });
  for (const [path, status, text] of [
    ["/throws", 500, "n=1"],
    ["/teapot", 418, "teapot"],
    ["/nowhere", 404, "nothing here"],
  ] as const) {
    const answer = await app.request(path);
    expect([answer.status, await answer.text(), answer.headers.getSetCookie()]).toEqual([status, text, [ours]]);
  }
});

it("a store that is down is 503 by itself, and whatever app.onError makes of it otherwise", async () => {
  const web = newWeb(failingStore(memoryStore(), ({ verb }) => (verb === "commit" ? { fault: "before" } : undefined)));
  const failing = async (context: Context): Promise<Response> => {
    await (await web.session(context)).authenticate("alice");
    return context.text("never");
  };
  const plain = new Hono();
  plain.use(web.middleware);
  plain.post("/", failing);
  plain.onError((_error, context) => context.text("sorry", 500));
  const answer = await plain.request("/", { method: "POST" });
  expect([answer.status, answer.headers.getSetCookie(), await answer.json()]).toEqual([503, [], expect.objectContaining({ code: "store_unavailable" })]);
  const own = new Hono();
  own.use(web.middleware);
  own.post("/", failing);
  own.onError((_error, context) => context.text("back soon", 502));
  const theirs = await own.request("/", { method: "POST" });
  expect([theirs.status, await theirs.text(), theirs.headers.getSetCookie()]).toEqual([502, "back soon", []]);
});

it("goes with middleware around it: CORS, security headers, compression, a body limit that replaces the request", async () => {
  const web = newWeb();
  const app = new Hono();
  app.use(cors({ origin: "http://localhost" }), secureHeaders(), compress({ threshold: 1 }));
  app.use(web.middleware);
  app.use(bodyLimit({ maxSize: 1_000 }));
  app.post(
    "/",
    writing(web, async (context) => context.text((await context.req.text()).repeat(100), 200, { "set-cookie": "theirs=1" })),
  );
  const answer = await app.request("/", {
    method: "POST",
    body: "by hand",
    duplex: "half",
    headers: { "accept-encoding": "gzip", origin: "http://localhost" },
  });
  expect([answer.status, answer.headers.get("content-encoding"), answer.headers.get("access-control-allow-origin")]).toEqual([200, "gzip", "http://localhost"]);
  expect(answer.headers.getSetCookie()).toEqual(["theirs=1", ours]);
  expect([answer.headers.get("x-content-type-options"), answer.headers.get("cache-control")]).toEqual(["nosniff", "no-store"]);
  const text = await new Response((answer.body as ReadableStream).pipeThrough(new DecompressionStream("gzip"))).text();
  expect(text).toBe("by hand".repeat(100));
});

it("an answer that used no session is the handler's own object", async () => {
  const web = newWeb();
  const app = new Hono();
  const own = new Response("x", { headers: { "cache-control": "public" } });
  let same = false;
  app.use(async (context, next) => {
    await next();
    same = context.res === own;
  });
  app.use(web.middleware);
  app.get("/", () => own);
  expect([(await app.request("/")).headers.get("cache-control"), same]).toEqual(["public", true]);
});

it("says what is missing when the middleware is not in use", async () => {
  const web = newWeb();
  const app = new Hono();
  let told: unknown;
  app.get("/", async (context) => {
    told = await web.session(context).catch((error: unknown) => error);
    return context.text("x");
  });
  await app.request("/");
  expect(told).toMatchObject({ code: "invalid_option" });
});

it("looks for CSRF tokens in forms, on Node too, and leaves the body to the handler", async () => {
  const web = honoSessions(createSessions<Data>({ store: memoryStore() }), { carriers: [cookie()], onFailure: () => undefined, csrf: {} });
  const app = new Hono();
  app.use(web.middleware);
  app.get("/", async (context) => context.text(csrfToken(await web.session(context))));
  app.post("/", async (context) => {
    await web.session(context);
    return context.json((await context.req.parseBody())["a"]);
  });
  const server = await listening(createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server);
  try {
    const form = await fetch(server.url);
    const [token, headers] = [await form.text(), { cookie: form.headers.getSetCookie()[0]?.split(";", 1)[0] as string }];
    const good = await fetch(server.url, { method: "POST", headers, body: new URLSearchParams({ _csrf: token, a: "b" }) });
    expect([good.status, await good.json()]).toEqual([200, "b"]);
    expect((await fetch(server.url, { method: "POST", headers, body: new URLSearchParams({ _csrf: "x" }) })).status).toBe(403);
  } finally {
    await server.close();
  }
});
