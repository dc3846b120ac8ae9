import { defineHandler, H3, HTTPError, HTTPResponse, html, noContent, onDispose, redirect, serveStatic, toResponse, withBase } from "h3";
import { expect, it } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { cookie } from "../carriers.ts";
import { h3Sessions, type H3Sessions } from "./h3.ts";

interface Data {
  n: number;
}
const ours = expect.stringMatching(/^__Host-Http-session=/) as string;
const newWeb = (): H3Sessions<Data> =>
  h3Sessions(createSessions<Data>({ store: delayed(memoryStore()) }), { carriers: [cookie()], onFailure: () => undefined, toResponse });

it("every kind of value becomes the answer that h3 makes of it, with what was prepared on event.res", async () => {
  const web = newWeb();
  const bare = new H3({ silent: true });
  const app = new H3({ silent: true }).use(web.middleware);
  const values: Readonly<Record<string, () => unknown>> = {
    text: () => "text",
    json: () => ({ a: [1] }),
    number: () => 7,
    null: () => null,
    bytes: () => new Uint8Array([1, 2]),
    blob: () => new Blob(["blob"], { type: "text/css" }),
    stream: () => new Blob(["a stream"]).stream(),
    response: () => new Response("response", { status: 201, headers: { "x-response": "1" } }),
    html: () => html`<p>${"<"}</p>`,
    redirect: () => redirect("/next", 303),
    nothing: () => noContent(),
    wrapped: () => new HTTPResponse("wrapped", { status: 202, headers: { "x-wrapped": "1" } }),
    thrown: () => {
      throw new HTTPError({ status: 418, message: "teapot" });
    },
    error: () => {
      throw new Error("a secret");
    },
  };
  for (const [name, value] of Object.entries(values)) {
    bare.get(`/${name}`, (event) => {
      event.res.headers.set("x-prepared", "1");
      event.res.headers.append("set-cookie", "theirs=1");
      return value();
    });
    app.get(`/${name}`, async (event) => {
      (await web.session(event)).set("n", 1);
      event.res.headers.set("x-prepared", "1");
      event.res.headers.append("set-cookie", "theirs=1");
      return value();
    });
    const [expected, given] = [await bare.request(`/${name}`), await app.request(`/${name}`)];
    expect([given.status, await given.text()], name).toEqual([expected.status, await expected.text()]);
    const headers = Object.fromEntries(expected.headers);
    expect(Object.fromEntries(given.headers), name).toMatchObject({ ...headers, "cache-control": "no-store", vary: "Cookie", "set-cookie": ours });
    expect(given.headers.getSetCookie(), name).toEqual([...expected.headers.getSetCookie(), ours]);
  }
});

it("hooks are called once: onError may answer and use the session, onResponse sees the cookie", async () => {
  const web = newWeb();
  const seen: unknown[] = [];
  const app = new H3({
    silent: true,
    onError: async (error, event) => `n=${(await web.session(event)).get("n")} ${error.status}`,
    onResponse: (response) => void seen.push(response.headers.getSetCookie().length),
  }).use(web.middleware);
  app.get("/", async (event) => {
    onDispose(event, () => void seen.push("disposed"));
    (await web.session(event)).set("n", 1);
    throw new HTTPError({ status: 409 });
  });
  const answer = await app.request("/");
  expect([await answer.text(), answer.headers.getSetCookie()]).toEqual(["n=1 409", [ours]]);
  expect(seen).toEqual([1, "disposed"]);
});

it("what used no session goes on untouched: the next application, the handler's own response", async () => {
  const web = newWeb();
  const own = new Response("x", { headers: { "cache-control": "public" } });
  const inner = new H3().use(web.middleware).get("/in", async (event) => {
    (await web.session(event)).set("n", 1);
    return "in";
  });
  const app = new H3({ silent: true }).use(inner.handler as never).get("/out", () => own);
  expect(await app.request("/out")).toBe(own);
  expect([await (await app.request("/in")).text(), (await app.request("/nowhere")).status]).toEqual(["in", 404]);
});

it("refuses before the handler, and goes with other middleware and mounted applications", async () => {
  const web = newWeb();
  let reached = 0;
  const app = new H3({ silent: true }).use(async (event, next) => {
    event.res.headers.set("x-before", "1");
    const value = await next();
    event.res.headers.set("x-after", "1");
    return value;
  });
  app.use(web.middleware);
  const shop = new H3().post(
    "/buy",
    defineHandler(async (event) => {
      reached += 1;
      (await web.session(event)).set("n", 1);
      return "bought";
    }),
  );
  app.post("/shop/**", withBase("/shop", shop.handler));
  app.get("/files/**", (event) => serveStatic(event, { getContents: () => "file", getMeta: () => ({ size: 4 }) }));
  const refused = await app.request("/shop/buy", { method: "POST", headers: { "sec-fetch-site": "cross-site" } });
  expect([refused.status, await refused.json(), reached]).toEqual([403, expect.objectContaining({ code: "cross_site" }), 0]);
  const bought = await app.request("/shop/buy", { method: "POST" });
  expect([await bought.text(), bought.headers.getSetCookie(), bought.headers.get("x-before"), bought.headers.get("x-after")]).toEqual([
    "bought",
    [ours],
    "1",
    "1",
  ]);
  expect(await (await app.request("/files/a")).text()).toBe("file");
});

it("says what is missing when the middleware is not in use", async () => {
  const web = newWeb();
  const app = new H3({ silent: true }).get("/", async (event) => ({
    told: await web.session(event).catch((error: unknown) => (error as { code: string }).code),
  }));
  expect(await (await app.request("/")).json()).toEqual({ told: "invalid_option" });
});
