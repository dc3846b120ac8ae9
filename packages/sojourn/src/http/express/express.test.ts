import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { afterEach, expect, it } from "vitest";
import { createSessions } from "../../core/sessions.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { cookie } from "../carriers.ts";
import { expressSessions } from "./express.ts";

interface Data {
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
const shop = (): ReturnType<typeof expressSessions<Data>> =>
  expressSessions(createSessions<Data>({ store: delayed(memoryStore()) }), { carriers: [cookie()], onFailure: () => undefined });
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

it("wants an Express request", async () => {
  await expect(shop().session({} as express.Request)).rejects.toMatchObject({ code: "invalid_option" });
});
