import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import express from "express";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SojournError } from "../core/errors.ts";
import type { MaybePromise } from "../core/seam.ts";
import { problem } from "./problem.ts";
import { arm, gateFor, type Asked, type AskedOwner } from "./response-gate.ts";

const big = "z".repeat(200_000);
let folder: string;
const servers: Server[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gate-"));
  writeFileSync(join(folder, "big.txt"), big);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => (server.closeAllConnections(), server.close(done)))));
});

async function serve(listener: (...given: Parameters<RequestListener>) => unknown): Promise<number> {
  const server = createServer((req, res) => void listener(req, res));
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

/** A client that sees every byte as it comes. */
interface Wire {
  text: string;
  readonly closed: Promise<string>;
  end(): void;
}
function request(port: number, method = "GET", path = "/"): Wire {
  const socket = connect(port, "127.0.0.1", () => socket.write(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`));
  const wire: Wire = { text: "", closed: new Promise((done) => socket.on("close", () => done(wire.text))), end: () => socket.destroy() };
  socket.setEncoding("latin1").on("data", (data: string) => (wire.text += data));
  socket.on("error", () => undefined);
  return wire;
}

interface Commit {
  readonly began: Promise<void>;
  settled: boolean;
  land(cookie?: string): void;
  fail(error: unknown): void;
}
/** A response with something to commit, and the commit in the test's hands. */
function armed(response: ServerResponse, commits: Commit[], vary = "Cookie"): void {
  let begin = (): void => undefined;
  let land: (cookie?: string) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const outcome = new Promise<string | undefined>((yes, no) => ([land, fail] = [yes, no]));
  const commit: Commit = {
    began: new Promise((done) => (begin = done)),
    settled: false,
    land: (cookie) => land(cookie),
    fail: (error) => fail(error),
  };
  commits.push(commit);
  const owner: AskedOwner = {
    vary,
    problem: (error) => problem(error, "Bearer"),
    settle() {
      expect(commit.settled, "settled twice").toBe(false);
      commit.settled = true;
      begin();
      return outcome;
    },
  };
  const asked: Asked = { owner, pending: false, next: gateFor(response).asked };
  gateFor(response).asked = asked;
  arm(gateFor(response), asked);
}

/** An owner whose commit answers at once. */
function armedSync(response: ServerResponse, settle: () => MaybePromise<string | undefined>): void {
  const asked: Asked = { owner: { vary: "Cookie", problem: (error) => problem(error), settle }, pending: false, next: gateFor(response).asked };
  gateFor(response).asked = asked;
  arm(gateFor(response), asked);
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await new Promise((done) => setImmediate(done));
};

const ways: Record<string, (response: ServerResponse, request: IncomingMessage) => unknown> = {
  "writeHead, write, end": (res) => (res.writeHead(201, { "x-a": "1" }), res.write("ab"), res.write("cd"), res.end("ef")),
  "writeHead with a phrase": (res) => res.writeHead(201, "Made", { "x-a": "1" }).end("abcdef"),
  "writeHead with a list": (res) => res.writeHead(201, ["x-a", "1", "set-cookie", "own=1", "set-cookie", "own=2"]).end("abcdef"),
  "writeHead with pairs": (res) => res.writeHead(201, [["x-a", "1"]] as never).end("abcdef"),
  end: (res) => ((res.statusCode = 201), res.setHeader("x-a", "1"), res.end("abcdef")),
  "end with a callback": async (res) => ((res.statusCode = 201), res.setHeader("x-a", "1"), await new Promise<void>((done) => res.end("abcdef", done))),
  "write, then end": (res) => ((res.statusCode = 201), res.setHeader("x-a", "1"), res.write(Buffer.from("abc")), res.end(new Uint8Array(Buffer.from("def")))),
  flushHeaders: (res) => ((res.statusCode = 201), res.setHeader("x-a", "1"), res.flushHeaders(), setImmediate(() => res.end("abcdef"))),
  pipe: (res) => ((res.statusCode = 201), res.setHeader("x-a", "1"), Readable.from(["abc", "def"]).pipe(res)),
  pipeline: async (res) => ((res.statusCode = 201), res.setHeader("x-a", "1"), await pipeline(Readable.from(["abc", "def"]), res)),
  cork: (res) => (res.cork(), (res.statusCode = 201), res.setHeader("x-a", "1"), res.write("abc"), res.write("def"), res.uncork(), res.end()),
};

describe("no byte leaves before the commit has landed", () => {
  it.each(Object.entries(ways))("%s", async (_name, answer) => {
    const commits: Commit[] = [];
    let failed: unknown;
    const port = await serve((req, res) => {
      armed(res, commits);
      Promise.resolve(answer(res, req)).catch((error: unknown) => (failed = error));
    });
    const wire = request(port);
    while (commits.length === 0) await turns();
    await commits[0]?.began;
    await turns();
    expect(wire.text).toBe("");
    commits[0]?.land("ours=1; Path=/");
    const text = await wire.closed;
    expect(failed).toBeUndefined();
    expect(text).toMatch(/^HTTP\/1.1 201 (Created|Made)\r\n/);
    expect(text).toMatch(/\r\nx-a: 1\r\n/i);
    expect(text).toMatch(/\r\nset-cookie: ours=1; Path=\/\r\n/i);
    expect(text).toMatch(/\r\ncache-control: no-store\r\n/i);
    expect(text).toMatch(/\r\nvary: Cookie\r\n/i);
    expect(
      text
        .slice(text.indexOf("\r\n\r\n") + 4)
        .replace(/(?:^|\r\n)[0-9a-f]+\r\n/g, "")
        .trim(),
    ).toBe("abcdef");
    if (_name === "writeHead with a list") expect(text.match(/set-cookie/gi)).toHaveLength(3);
  });

  it.each<[string, (app: express.Express) => unknown, RegExp]>([
    ["json", (app) => app.get("/", (_req, res) => void res.json({ a: 1 })), /^HTTP\/1.1 200 [^]*\r\n\r\n{"a":1}$/],
    ["send", (app) => app.get("/", (_req, res) => void res.status(404).send("none")), /^HTTP\/1.1 404 [^]*\r\n\r\nnone$/],
    ["redirect", (app) => app.get("/", (_req, res) => res.redirect("/next")), /^HTTP\/1.1 302 [^]*\r\nLocation: \/next\r\n/],
    ["sendFile", (app) => app.get("/", (_req, res) => res.sendFile("big.txt", { root: folder })), /^HTTP\/1.1 200 OK\r\n/],
    ["sendStatus", (app) => app.get("/", (_req, res) => void res.sendStatus(204)), /^HTTP\/1.1 204 /],
    ["a stream of a file", (app) => app.get("/", (_req, res) => void createReadStream(join(folder, "big.txt")).pipe(res)), /^HTTP\/1.1 200 [^]*\r\n\r\n/],
    ["a handler that throws", (app) => app.get("/", () => Promise.reject(Object.assign(new Error("x"), { status: 418, expose: false }))), /^HTTP\/1.1 418 /],
    ["no handler", (app) => app, /^HTTP\/1.1 404 /],
  ])("Express: %s", async (_name, routes, expected) => {
    const commits: Commit[] = [];
    const app = express().set("env", "test");
    app.use((_req, res, next) => (armed(res, commits), next()));
    routes(app);
    const wire = request(await serve(app));
    while (commits.length === 0) await turns();
    await commits[0]?.began;
    await turns();
    expect(wire.text).toBe("");
    commits[0]?.land("ours=1");
    const text = await wire.closed;
    expect(text).toMatch(expected);
    if (/send|stream/i.test(_name) && text.includes("zz")) expect(text.match(/z/g)).toHaveLength(big.length);
    expect(text).toMatch(/\r\nset-cookie: ours=1\r\n/i);
    expect(text).toMatch(/\r\ncache-control: no-store\r\n/i);
  });

  it.each([
    ["HEAD", 200],
    ["GET", 304],
    ["GET", 204],
  ])("%s %i", async (method, status) => {
    const commits: Commit[] = [];
    const wire = request(await serve((_req, res) => (armed(res, commits), res.writeHead(status, { etag: '"1"' }).end("body"))), method);
    while (commits.length === 0) await turns();
    await turns();
    expect(wire.text).toBe("");
    commits[0]?.land("ours=1");
    expect(await wire.closed).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*set-cookie: ours=1[^]*\r\n\r\n$`, "i"));
  });

  it("informational answers go at once, and begin nothing", async () => {
    const commits: Commit[] = [];
    const wire = request(await serve((_req, res) => (armed(res, commits), res.writeEarlyHints({ link: "</a.css>; rel=preload" }), res.writeProcessing())));
    while (!wire.text.includes("102")) await turns();
    expect(wire.text).toMatch(/^HTTP\/1.1 103 [^]*HTTP\/1.1 102 /);
    expect(commits[0]?.settled).toBe(false);
    wire.end();
  });

  it("flushHeaders sends the head as soon as the commit has landed, and the body when it comes", async () => {
    const commits: Commit[] = [];
    let finish = (): void => undefined;
    const wire = request(
      await serve((_req, res) => {
        armed(res, commits);
        res.flushHeaders();
        finish = () => void res.end("body");
      }),
    );
    while (commits.length === 0) await turns();
    await turns();
    expect(wire.text).toBe("");
    commits[0]?.land("ours=1");
    while (!wire.text.includes("\r\n\r\n")) await turns();
    expect(wire.text).toMatch(/set-cookie: ours=1/i);
    finish();
    expect(await wire.closed).toContain("body");
  });

  it("a producer that minds the buffer waits, and goes on", async () => {
    const commits: Commit[] = [];
    let waits = 0;
    const port = await serve(async (_req, res) => {
      armed(res, commits);
      for (let i = 0; i < 30; i += 1) {
        if (res.write(big)) continue;
        waits += 1;
        await new Promise((done) => res.once("drain", done));
      }
      res.end();
    });
    const wire = request(port);
    while (commits.length === 0) await turns();
    await turns();
    expect([wire.text, waits]).toEqual(["", 1]);
    commits[0]?.land();
    expect((await wire.closed).match(/z/g)).toHaveLength(30 * big.length);
  });
});

describe("while the answer waits", () => {
  it("the response looks begun to the handler, and what it does too late changes nothing", async () => {
    const commits: Commit[] = [];
    const seen: unknown[] = [];
    const attempt = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const port = await serve((_req, res) => {
      armed(res, commits);
      res.setHeader("x-a", "1");
      seen.push(res.headersSent, res.writableEnded);
      res.end("first");
      seen.push(res.headersSent, res.writableEnded);
      res.statusCode = 500;
      seen.push(
        attempt(() => res.setHeader("x-late", "1")),
        attempt(() => res.appendHeader("x-a", "2")),
        attempt(() => res.removeHeader("x-a")),
        attempt(() => res.writeHead(500)),
      );
      res.end();
    });
    const wire = request(port);
    while (commits.length === 0) await turns();
    commits[0]?.land();
    const sent = "ERR_HTTP_HEADERS_SENT";
    expect(await wire.closed).toMatch(/^HTTP\/1.1 200 [^]*x-a: 1\r\n[^]*first$/i);
    expect(wire.text).not.toMatch(/late|x-a: 2/);
    expect(seen).toEqual([false, false, true, true, sent, sent, sent, sent]);
  });

  it.each<[string, (res: ServerResponse) => unknown, string]>([
    ["a status", (res) => res.writeHead(42), "ERR_HTTP_INVALID_STATUS_CODE"],
    ["a header", (res) => res.writeHead(200, { "x-a": "1\r\nset-cookie: evil=1" }), "ERR_INVALID_CHAR"],
    ["a chunk", (res) => res.write(17), "ERR_INVALID_ARG_TYPE"],
    ["a last chunk", (res) => res.end({}), "ERR_INVALID_ARG_TYPE"],
  ])("%s that is none throws where the handler sees it", async (_name, run, code) => {
    const commits: Commit[] = [];
    let thrown: unknown;
    const port = await serve((_req, res) => {
      armed(res, commits);
      try {
        run(res);
      } catch (error) {
        thrown = error;
        res.destroy();
      }
    });
    await request(port).closed;
    commits[0]?.land();
    await turns();
    expect(thrown).toMatchObject({ code });
  });

  it("a client that goes away stops nothing: the commit lands and the process lives", async () => {
    const commits: Commit[] = [];
    const done: unknown[] = [];
    const port = await serve((_req, res) => {
      armed(res, commits);
      res.on("close", () => done.push("close"));
      res.write(big);
      res.end(big, () => done.push("ended"));
    });
    const wire = request(port);
    while (commits.length === 0) await turns();
    wire.end();
    while (!done.includes("close")) await turns();
    commits[0]?.land("ours=1");
    await turns();
    expect(commits[0]?.settled).toBe(true);
    const other = request(await serve((_req, res) => res.end("alive")));
    expect(await other.closed).toMatch(/alive$/);
  });
});

describe("a commit that fails", () => {
  const unavailable = new SojournError("store_unavailable", "secret detail");
  it.each(Object.entries(ways))("%s: a problem, and nothing of the handler's", async (_name, answer) => {
    const commits: Commit[] = [];
    const port = await serve((req, res) => {
      res.setHeader("Set-Cookie", ["theirs=1"]);
      res.setHeader("Access-Control-Allow-Origin", "https://a.example");
      res.setHeader("ETag", '"1"');
      armed(res, commits);
      Promise.resolve(answer(res, req)).catch(() => undefined);
    });
    const wire = request(port);
    while (commits.length === 0) await turns();
    await commits[0]?.began;
    commits[0]?.fail(unavailable);
    const text = await wire.closed;
    expect(text).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
    expect(text).not.toMatch(/cookie:|x-a|etag|abc|def|secret detail/i);
    expect(text).toMatch(/content-type: application\/problem\+json\r\n/i);
    expect(text).toMatch(/cache-control: no-store\r\n/i);
    expect(text).toMatch(/access-control-allow-origin: https:\/\/a.example\r\n/i);
    expect(JSON.parse(text.slice(text.indexOf("\r\n\r\n")))).toMatchObject({ status: 503, code: "store_unavailable" });
  });

  it("at once, and in every way: the same", async () => {
    for (const [name, answer] of Object.entries(ways)) {
      const port = await serve((req, res) => {
        res.setHeader("Set-Cookie", "theirs=1");
        armedSync(res, () => {
          throw new SojournError("session_ended", "x");
        });
        Promise.resolve(answer(res, req)).catch(() => undefined);
      });
      const text = await request(port).closed;
      expect(text, name).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/);
      expect(text, name).not.toMatch(/cookie:|x-a|abc|def/i);
    }
  });

  it("HEAD: the head of the problem", async () => {
    const commits: Commit[] = [];
    const wire = request(await serve((_req, res) => (armed(res, commits), res.end("x"))), "HEAD");
    while (commits.length === 0) await turns();
    commits[0]?.fail(new SojournError("session_ended", "x"));
    expect(await wire.closed).toMatch(/^HTTP\/1.1 401 [^]*www-authenticate: Bearer[^]*\r\n\r\n$/i);
  });

  it("tells those who wait for their bytes, and lets an endless producer go", async () => {
    const commits: Commit[] = [];
    const told: unknown[] = [];
    let read = 0;
    const source = new Readable({
      read() {
        read += 1;
        this.push(big);
      },
    });
    const port = await serve((_req, res) => {
      armed(res, commits);
      res.write("x", (error) => told.push(error));
      pipeline(source, res).then(
        () => told.push("done"),
        () => told.push("broken off"),
      );
    });
    const wire = request(port);
    while (commits.length === 0) await turns();
    commits[0]?.fail(unavailable);
    expect(await wire.closed).toMatch(/^HTTP\/1.1 503 /);
    while (told.length < 2) await turns();
    expect(told[0]).toBe(unavailable);
    expect(source.destroyed).toBe(true);
    const so = read;
    await turns();
    expect(read).toBe(so);
  });
});

describe("a commit that answers at once", () => {
  it.each(Object.entries(ways))("%s", async (_name, answer) => {
    let settled = 0;
    const port = await serve((req, res) => {
      armedSync(res, () => ((settled += 1), "ours=1"));
      void answer(res, req);
    });
    const text = await request(port).closed;
    expect(text).toMatch(/^HTTP\/1.1 201 [^]*x-a: 1\r\n/i);
    expect(text).toMatch(/\r\nset-cookie: ours=1\r\n/i);
    expect(settled).toBe(1);
  });
});

describe("headers of both", () => {
  const head = async (answer: (res: ServerResponse) => unknown, cookie: string | null = "ours=1"): Promise<string[]> => {
    const text = await request(await serve((_req, res) => (armedSync(res, () => cookie ?? undefined), answer(res)))).closed;
    return (
      text
        .split("\r\n\r\n")[0]
        ?.split("\r\n")
        .slice(1)
        .map((line) => line.toLowerCase()) ?? []
    );
  };
  const cookies = (lines: string[]): string[] => lines.filter((line) => line.startsWith("set-cookie")).map((line) => line.slice(12));

  it("keeps the application's cookies beside ours, however they were set", async () => {
    expect(cookies(await head((res) => res.setHeader("Set-Cookie", "a=1").end()))).toEqual(["a=1", "ours=1"]);
    expect(cookies(await head((res) => res.setHeader("Set-Cookie", ["a=1", "b=2"]).end()))).toEqual(["a=1", "b=2", "ours=1"]);
    expect(cookies(await head((res) => res.writeHead(200, { "set-cookie": "a=1" }).end()))).toEqual(["a=1", "ours=1"]);
    expect(cookies(await head((res) => res.writeHead(200, { "SET-COOKIE": ["a=1", "b=2"] }).end()))).toEqual(["a=1", "b=2", "ours=1"]);
    expect(cookies(await head((res) => res.writeHead(200, ["Set-Cookie", "a=1", "Set-Cookie", "b=2"]).end()))).toEqual(["a=1", "b=2", "ours=1"]);
    expect(
      cookies(
        await head((res) =>
          res
            .writeHead(200, [
              ["Set-Cookie", "a=1"],
              ["set-cookie", "b=2"],
            ] as never)
            .end(),
        ),
      ),
    ).toEqual(["a=1", "b=2", "ours=1"]);
  });

  it("as with Node, what writeHead is given stands in place of what was set before", async () => {
    expect(cookies(await head((res) => (res.setHeader("Set-Cookie", "a=1"), res.writeHead(200, { "Set-Cookie": "b=2" }).end())))).toEqual(["b=2", "ours=1"]);
    expect(cookies(await head((res) => (res.setHeader("Set-Cookie", "a=1"), res.writeHead(200, { "x-b": "2" }).end())))).toEqual(["a=1", "ours=1"]);
  });

  it("does not change the object that the application gave (it may be everybody's)", async () => {
    const shared = Object.freeze({ "content-type": "text/plain", "Cache-Control": "public", "set-cookie": Object.freeze(["a=1"]) as string[] });
    expect(cookies(await head((res) => res.writeHead(200, shared).end()))).toEqual(["a=1", "ours=1"]);
    expect(shared["set-cookie"]).toEqual(["a=1"]);
  });

  it("lets no shared cache keep the answer, whatever the application says", async () => {
    const lists = ["public, max-age=600, s-maxage=900", "Public"];
    for (const own of lists) {
      for (const answer of [
        (res: ServerResponse) => res.setHeader("Cache-Control", own).setHeader("CDN-Cache-Control", "public").end(),
        (res: ServerResponse) => res.writeHead(200, { "cache-control": own, "Surrogate-Control": "max-age=9" }).end(),
        (res: ServerResponse) => res.writeHead(200, ["Cache-Control", own, "cdn-cache-control", "public"]).end(),
      ]) {
        const lines = await head(answer, null);
        expect(lines.filter((line) => line.includes("cache-control") || line.includes("surrogate"))).toEqual([
          `cache-control: private${own === lists[0] ? ", max-age=600" : ""}`,
        ]);
        expect(lines).toContain("vary: cookie");
      }
    }
    expect(await head((res) => res.setHeader("Vary", ["Accept", "Origin"]).end(), null)).toContain("vary: accept, origin, cookie");
    expect(await head((res) => res.end(), null)).toContain("cache-control: private, no-cache");
  });

  it("an error handler's answer has them too when the handler's head was refused by Node", async () => {
    const lines = await head((res) => {
      try {
        res.writeHead(9999);
      } catch {
        res.writeHead(500).end();
      }
    });
    expect(cookies(lines)).toEqual(["ours=1"]);
  });
});

describe("several sessions on one response", () => {
  it("commits all and hands back all", async () => {
    const commits: Commit[] = [];
    const wire = request(await serve((_req, res) => (armed(res, commits), armed(res, commits, "Authorization"), res.end("x"))));
    while (commits.length < 2) await turns();
    commits[0]?.land("a=1");
    await turns();
    expect(wire.text).toBe("");
    commits[1]?.land("b=2");
    const text = await wire.closed;
    expect(text.match(/set-cookie: .*/gi)?.sort()).toEqual(["Set-Cookie: a=1", "Set-Cookie: b=2"]);
    expect(text).toMatch(/vary: (Cookie, Authorization|Authorization, Cookie)\r\n/i);
  });
});

describe("middleware that wraps the response as well", () => {
  const wrap = (res: ServerResponse, log: string[]): void => {
    const { writeHead, write, end } = res;
    res.writeHead = function (this: ServerResponse, ...args: never[]) {
      log.push("writeHead");
      return Reflect.apply(writeHead, this, args) as ServerResponse;
    };
    res.write = function (this: ServerResponse, ...args: never[]) {
      log.push("write");
      return Reflect.apply(write, this, args) as boolean;
    } as ServerResponse["write"];
    res.end = function (this: ServerResponse, ...args: never[]) {
      log.push("end");
      return Reflect.apply(end, this, args) as ServerResponse;
    } as ServerResponse["end"];
  };
  it.each(["before", "after"])("%s ours", async (when) => {
    const commits: Commit[] = [];
    const log: string[] = [];
    const wire = request(
      await serve((_req, res) => {
        if (when === "before") wrap(res, log);
        armed(res, commits);
        if (when === "after") wrap(res, log);
        res.write("ab");
        res.end("cd");
      }),
    );
    while (commits.length === 0) await turns();
    await turns();
    expect(wire.text).toBe("");
    commits[0]?.land("ours=1");
    expect(await wire.closed).toMatch(/set-cookie: ours=1[^]*ab[^]*cd/i);
    expect(new Set(log)).toEqual(new Set(["writeHead", "write", "end"]));
  });
});

it("is too late once the response has begun", async () => {
  const seen: unknown[] = [];
  const port = await serve((_req, res) => {
    const asked: Asked = { owner: { vary: "Cookie", problem, settle: () => undefined }, pending: false, next: undefined };
    gateFor(res).asked = asked;
    res.write("x");
    try {
      arm(gateFor(res), asked);
    } catch (error) {
      seen.push((error as { code: string }).code);
    }
    res.end();
  });
  await request(port).closed;
  expect(seen).toEqual(["response_started"]);
});
