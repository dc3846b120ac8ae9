import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { cookie } from "../carriers.ts";
import { expressSessions } from "./express.ts";

interface Data {
  cart: string[];
  n: number;
}
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => (server.closeAllConnections(), server.close(done)))));
});
async function listen(app: express.Express): Promise<string> {
  const server = await new Promise<Server>((done) => {
    const made = app.listen(0, "127.0.0.1", () => done(made));
  });
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const shop = (kind = "web", name = "__Host-Http-session"): ReturnType<typeof expressSessions<Data>> =>
  expressSessions(createSessions<Data>({ store: delayed(memoryStore()), kind }), { carriers: [cookie({ name })], onFailure: () => undefined });
const jarOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");

describe("a page after a redirect sees what was written before it", () => {
  it("always (expressjs/session#360)", async () => {
    const web = shop();
    const app = express();
    app.use(web.middleware);
    app.post("/add", async (req, res) => {
      const session = await web.session(req);
      await session.update("cart", (cart = []) => [...cart, "sku"]);
      session.set("n", (session.get("n") ?? 0) + 1);
      res.redirect("/cart");
    });
    app.get("/cart", async (req, res) => void res.json((await web.session(req)).data));
    const origin = await listen(app);
    let cookies = "";
    for (let i = 1; i <= 20; i += 1) {
      const added = await fetch(`${origin}/add`, { method: "POST", redirect: "manual", headers: { cookie: cookies } });
      cookies = jarOf(added) || cookies;
      const page = await fetch(new URL(added.headers.get("location") as string, origin), { headers: { cookie: cookies } });
      expect(await page.json()).toMatchObject({ n: i, cart: Array(i).fill("sku") });
    }
  });
});

it("works in routers, sub-applications, error handlers and beside res.cookie", async () => {
  const web = shop();
  const app = express().set("env", "test");
  app.use(web.middleware);
  const router = express.Router();
  router.get("/in", async (req, res) => {
    (await web.session(req)).set("n", 1);
    res.cookie("theirs", "a b").status(202).send("in");
  });
  const sub = express();
  sub.get("/in", async (req, res) => {
    (await web.session(req)).set("n", 2);
    res.send("sub");
  });
  app.use("/router", router);
  app.use("/sub", sub);
  app.get("/throws", async (req) => {
    (await web.session(req)).set("n", 3);
    throw new Error("x");
  });
  app.use(async (_error: unknown, req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.status(500).send(`n=${(await web.session(req)).get("n")}`);
  });
  const origin = await listen(app);
  const inRouter = await fetch(`${origin}/router/in`);
  expect(inRouter.status).toBe(202);
  expect(inRouter.headers.getSetCookie()).toEqual(["theirs=a%20b; Path=/", expect.stringMatching(/^__Host-Http-session=/)]);
  expect((await fetch(`${origin}/sub/in`)).headers.getSetCookie()).toHaveLength(1);
  const failed = await fetch(`${origin}/throws`);
  expect([failed.status, await failed.text(), failed.headers.getSetCookie().length]).toEqual([500, "n=3", 1]);
});

it("sends files and conditional answers that no shared cache keeps", async () => {
  const folder = mkdtempSync(join(tmpdir(), "express-"));
  try {
    writeFileSync(join(folder, "page.txt"), "page");
    const web = shop();
    const app = express();
    app.get("/file", async (req, res) => {
      await web.session(req);
      res.sendFile("page.txt", { root: folder, maxAge: 3_600_000, immutable: true });
    });
    app.get("/public", async (req, res) => {
      await web.session(req);
      res.set("Cache-Control", "public, s-maxage=600").json(1);
    });
    app.use("/static", express.static(folder, { maxAge: 3_600_000 }));
    const origin = await listen(app);
    const file = await fetch(`${origin}/file`);
    expect([file.headers.get("cache-control"), file.headers.get("vary")]).toEqual(["private, max-age=3600, immutable", "Cookie"]);
    const again = await fetch(`${origin}/file`, { headers: { "if-none-match": file.headers.get("etag") as string, "cache-control": "max-age=0" } });
    expect([again.status, again.headers.get("cache-control"), again.headers.get("vary")]).toEqual([304, "private, max-age=3600, immutable", "Cookie"]);
    expect((await fetch(`${origin}/public`)).headers.get("cache-control")).toBe("private");
    expect((await fetch(`${origin}/static/page.txt`)).headers.get("cache-control")).toBe("public, max-age=3600");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("keeps sessions of two kinds on one answer", async () => {
  const [web, admin] = [shop(), shop("admin", "__Host-Http-admin")];
  const app = express();
  app.get("/", async (req, res) => {
    const [one, two] = [await web.session(req), await admin.session(req)];
    one.set("n", (one.get("n") ?? 0) + 1);
    two.set("n", (two.get("n") ?? 10) + 1);
    res.json([one.get("n"), two.get("n"), one === (await web.session(req)), two === (await admin.session(req))]);
  });
  const origin = await listen(app);
  const first = await fetch(origin);
  expect(await first.json()).toEqual([1, 11, true, true]);
  expect(first.headers.getSetCookie()).toHaveLength(2);
  expect(await (await fetch(origin, { headers: { cookie: jarOf(first) } })).json()).toEqual([2, 12, true, true]);
});

it("streams after the commit, and takes no write after the first byte", async () => {
  const web = shop();
  const app = express();
  app.get("/", async (req, res) => {
    const session = await web.session(req);
    session.set("n", 1);
    res.write("one ");
    let code = "none";
    try {
      session.set("n", 2);
    } catch (error) {
      ({ code } = error as { code: string });
    }
    res.end(code);
  });
  const answer = await fetch(await listen(app));
  expect(await answer.text()).toBe("one response_started");
});

it("wants an Express request", async () => {
  await expect(shop().session({} as express.Request)).rejects.toMatchObject({ code: "invalid_option" });
});
