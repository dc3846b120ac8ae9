import { createServer, request as send, type RequestListener, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import compression from "compression";
import express from "express";
import multer from "multer";
import { RewritingStream } from "parse5-html-rewriting-stream";
import { afterEach, describe, expect, it } from "vitest";
import type { Session } from "../core/session.ts";
import { createSessions, type Sessions } from "../core/sessions.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { bearer, cookie, header, type Carrier } from "./carriers.ts";
import { csrfToken } from "./csrf.ts";
import type { WebOptions } from "./door.ts";
import { expressSessions } from "./express/express.ts";
import { fetchSessions } from "./fetch/fetch.ts";
import { nodeSessions } from "./node/node.ts";
import { rewriter } from "./page-rewriter.ts";
import { formField, urlParameter } from "./parameters.ts";
import { trustedProxies } from "./trusted-proxies.ts";

interface Data {
  n: number;
}
interface Answer {
  readonly status: number;
  readonly cookies: readonly string[];
  readonly header: (name: string) => string | undefined;
  readonly body: string;
  readonly bytes: Uint8Array;
}
/** What a handler answers. */
interface Page {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
type Handler = (session: Session<Data>) => Promise<Page> | Page;
interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
interface Site {
  readonly sessions: Sessions<Data>;
  call(path: string, call?: Call): Promise<Answer>;
}
type Open = (handlers: Readonly<Record<string, Handler>>, options?: Partial<WebOptions>, slow?: boolean) => Promise<Site>;

const links: readonly Carrier[] = [cookie(), bearer(), urlParameter({ name: "sid", pages: rewriter(RewritingStream) }), formField({ name: "sid" })];
const html = (body: string): Page => ({ headers: { "content-type": "text/html; charset=utf-8" }, body });
const menu = `<a href="/next">next</a><a href="https://evil.example/">away</a><form method="post" action="/act"></form><form action="/find"></form>`;
const handlers: Readonly<Record<string, Handler>> = {
  "/begin": (session) => (session.set("n", 1), html(menu)),
  "/page": (session) => html(`<i>${session.get("n") ?? "none"} ${session.subject ?? "nobody"}</i>${menu}`),
  "/json": (session) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify({ n: session.get("n") ?? null }) }),
  "/count": async (session) => ({ headers: { "content-type": "text/plain" }, body: String(await session.update("n", (n = 0) => n + 1)) }),
  "/login": async (session) => (await session.authenticate("alice"), { status: 303, headers: { location: "/page#top" } }),
  "/away": () => ({ status: 302, headers: { location: "https://evil.example/" } }),
  "/logout": async (session) => (await session.end(), html(menu)),
  "/csrf": (session) => ({ headers: { "content-type": "text/plain" }, body: csrfToken(session) }),
};

const missing: Handler = () => ({ status: 404 });

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => (server.closeAllConnections(), server.close(done)))));
});

async function listen(listener: RequestListener): Promise<Site["call"]> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return (path, { method = "GET", headers = {}, body } = {}) =>
    new Promise((done, failed) => {
      const outgoing = send(
        { port, host: "127.0.0.1", method, path, headers: { host: "shop.example", "x-forwarded-proto": "https", ...headers }, agent: false },
        (incoming) => {
          const parts: Buffer[] = [];
          incoming.on("data", (part: Buffer) => parts.push(part));
          incoming.on("error", failed).on("end", () => {
            const bytes = Buffer.concat(parts);
            done({
              status: incoming.statusCode ?? 0,
              cookies: incoming.headers["set-cookie"] ?? [],
              header: (name) => incoming.headers[name]?.toString(),
              body: bytes.toString(),
              bytes,
            });
          });
        },
      );
      outgoing.on("error", failed).end(body);
    });
}

const optionsFor = (options: Partial<WebOptions>): WebOptions => ({ carriers: links, client: trustedProxies(1), onFailure: () => undefined, ...options });
const sessionsFor = (slow: boolean): Sessions<Data> => createSessions<Data>({ store: slow ? delayed(memoryStore()) : memoryStore() });

const doors: Readonly<Record<string, Open>> = {
  async node(routes, options = {}, slow = false) {
    const sessions = sessionsFor(slow);
    const web = nodeSessions(sessions, optionsFor(options));
    const call = await listen((req, res) => {
      if (!web.middleware(req, res)) return;
      const form: Buffer[] = [];
      req
        .on("data", (part: Buffer) => form.push(part))
        .on("end", () => {
          if (req.headers["content-type"] === "application/x-www-form-urlencoded")
            Object.assign(req, { body: Object.fromEntries(new URLSearchParams(Buffer.concat(form).toString())) });
          web
            .session(req, res)
            .then(routes[new URL(req.url ?? "", "http://x").pathname] ?? missing)
            .then(
              ({ status = 200, headers = {}, body = "" }) => res.writeHead(status, headers).end(body),
              (error: unknown) => res.writeHead((error as { status?: number }).status ?? 500).end(),
            );
        });
    });
    return { sessions, call };
  },
  async express(routes, options = {}, slow = false) {
    const sessions = sessionsFor(slow);
    const web = expressSessions(sessions, optionsFor(options));
    const app = express().set("env", "test").disable("x-powered-by");
    app.use(web.middleware, express.urlencoded({ extended: false }), multer({ limits: { fieldSize: 4_096 } }).any());
    app.all("/{*path}", async (req, res) => {
      const { status = 200, headers = {}, body } = await (routes[req.path] ?? missing)(await web.session(req));
      res.status(status).set(headers);
      if (body === undefined) res.end();
      else res.send(body);
    });
    return { sessions, call: await listen(app) };
  },
  async fetch(routes, options = {}, slow = false) {
    const sessions = sessionsFor(slow);
    const web = fetchSessions(sessions, optionsFor(options));
    const handle = web.handle(async (request) => {
      const { status = 200, headers = {}, body } = await (routes[new URL(request.url).pathname] ?? missing)(await web.session(request));
      return new Response(request.method === "HEAD" ? null : (body ?? null), { status, headers });
    });
    return {
      sessions,
      async call(path, { method = "GET", headers = {}, body } = {}) {
        const response = await handle(new Request(`https://shop.example${path}`, body === undefined ? { method, headers } : { method, headers, body }));
        const bytes = new Uint8Array(await response.arrayBuffer());
        return {
          status: response.status,
          cookies: response.headers.getSetCookie(),
          header: (name) => response.headers.get(name) ?? undefined,
          body: new TextDecoder().decode(bytes),
          bytes,
        };
      },
    };
  },
};

const jar = ({ cookies }: Answer): { cookie: string } => ({ cookie: cookies.map((line) => line.split(";")[0]).join("; ") });
const tokenIn = ({ body }: Answer): string => /sid=([\w.-]{59})/.exec(body)?.[1] ?? "";
const urlencoded = { "content-type": "application/x-www-form-urlencoded" };
const boundary = "----boundary-of-a-form-with-a-file";
const multipart = (token: string): Call => ({
  method: "POST",
  headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  body: `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="x.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--${boundary}\r\ncontent-disposition: form-data; name="sid"\r\n\r\n${token}\r\n--${boundary}--\r\n`,
});

for (const [name, open] of Object.entries(doors)) {
  for (const slow of [false, true]) {
    describe(`${name}, a store that answers ${slow ? "later" : "at once"}`, () => {
      it("a client without cookies keeps its session by links, forms and redirects", async () => {
        const { call } = await open(handlers, {}, slow);
        const first = await call("/begin");
        const token = tokenIn(first);
        expect(first.body).toBe(
          `<a href="/next?sid=${token}">next</a><a href="https://evil.example/">away</a><form method="post" action="/act"><input type="hidden" name="sid" value="${token}"></form><form action="/find"><input type="hidden" name="sid" value="${token}"></form>`,
        );
        expect([first.header("cache-control"), first.header("referrer-policy"), first.header("content-security-policy"), first.header("etag")]).toEqual([
          "no-store",
          "same-origin",
          "base-uri 'self'",
          undefined,
        ]);
        expect(first.cookies).toHaveLength(1);
        const page = await call(`/page?sid=${token}`);
        expect([page.body.slice(0, 15), tokenIn(page), page.cookies]).toEqual(["<i>1 nobody</i>", token, []]);
        expect((await call("/count", { method: "POST", headers: urlencoded, body: `a=1&sid=${token}` })).body).toBe("2");
        if (name !== "node") expect((await call("/count", multipart(token))).body).toBe("3");
        const login = await call(`/login?sid=${token}`, { method: "POST" });
        const next = /^\/page\?sid=([\w.-]{59})#top$/.exec(login.header("location") ?? "")?.[1] ?? "";
        expect([login.status, login.header("cache-control"), next === "", next === token]).toEqual([303, "no-store", false, false]);
        expect((await call(`/page?sid=${next}`)).body).toContain("alice");
        expect((await call(`/page?sid=${token}`)).body).toContain("none nobody");
        expect((await call(`/away?sid=${next}`)).header("location")).toBe("https://evil.example/");
        const out = await call(`/logout?sid=${next}`);
        expect([out.body, out.header("referrer-policy")]).toEqual([menu, "same-origin"]);
        expect((await call(`/page?sid=${next}`)).body).toContain("none nobody");
      });

      it("a client that takes cookies has plain links from its second request on, and a secret that no URL has", async () => {
        const { call } = await open(handlers, {}, slow);
        const first = await call("/begin");
        const token = tokenIn(first);
        expect(jar(first).cookie).toContain(token);
        const second = await call(`/page?sid=${token}`, { headers: jar(first) });
        expect(second.body).toBe(`<i>1 nobody</i>${menu}`);
        expect([second.cookies.length, second.header("cache-control"), second.header("referrer-policy")]).toEqual([1, "no-store", "same-origin"]);
        expect(jar(second).cookie).not.toContain(token);
        // Its first answer was lost, or others were sent before it came: what is offered already is not offered over.
        expect((await call(`/page?sid=${token}`, { headers: jar(first) })).cookies).toEqual([]);
        const third = await call(`/page?sid=${token}`, { headers: jar(second) });
        expect([third.body, third.cookies]).toEqual([`<i>1 nobody</i>${menu}`, []]);
        const plain = await call("/page", { headers: jar(second) });
        expect([plain.header("cache-control"), plain.header("referrer-policy"), plain.header("content-security-policy")]).toEqual([
          "private, no-cache",
          undefined,
          undefined,
        ]);
        expect(plain.header("vary")).toMatch(/Cookie, Authorization, Sec-Fetch-Site$/i);
      });

      it("a URL never overrides the session of a cookie, and counts from no other site's page", async () => {
        const { call } = await open(handlers, {}, slow);
        const theirs = tokenIn(await call("/begin"));
        await call(`/count?sid=${theirs}`);
        const own = await call("/begin");
        expect((await call(`/json?sid=${theirs}`, { headers: jar(own) })).body).toBe('{"n":1}');
        expect((await call(`/json?sid=${theirs}`)).body).toBe('{"n":2}');
        for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { referer: "https://evil.example/x" }])
          expect((await call(`/json?sid=${theirs}`, { headers })).body).toBe('{"n":null}');
        for (const headers of [{ "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }, { referer: "https://shop.example/x" }])
          expect((await call(`/json?sid=${theirs}`, { headers })).body).toBe('{"n":2}');
        for (const carriers of [links, links.slice(2)]) {
          const site = await open(handlers, { carriers }, slow);
          const crossed = await site.call(`/login?sid=${theirs}`, {
            method: "POST",
            headers: { ...urlencoded, origin: "https://evil.example" },
            body: `sid=${theirs}`,
          });
          expect([crossed.status, crossed.header("location"), crossed.cookies]).toEqual([403, undefined, []]);
        }
      });

      it("two different tokens in URL and form, or in either, are none", async () => {
        const { call } = await open(handlers, {}, slow);
        const [one, two] = [tokenIn(await call("/begin")), tokenIn(await call("/begin"))];
        expect((await call(`/json?sid=${one}&sid=${two}`)).body).toBe('{"n":null}');
        expect((await call(`/json?sid=${one}&sid=${one}`)).body).toBe('{"n":1}');
        const posted = (path: string, body: string): Promise<Answer> => call(path, { method: "POST", headers: urlencoded, body });
        expect((await posted(`/json?sid=${one}`, `sid=${two}`)).body).toBe('{"n":null}');
        expect((await posted(`/json?sid=${one}`, `sid=${one}`)).body).toBe('{"n":1}');
        expect((await posted("/json", "sid=x&sid")).body).toBe('{"n":null}');
        expect((await call("/json?sid=&__proto__=1")).body).toBe('{"n":null}');
      });

      it("HEAD has the head of GET; what is not HTML, not whole or compressed already is left alone", async () => {
        const { call } = await open(
          {
            ...handlers,
            "/gzip": (session) => (session.set("n", 1), { headers: { "content-type": "text/html", "content-encoding": "gzip" }, body: menu }),
            "/part": (session) => (session.set("n", 1), { status: 206, headers: { "content-type": "text/html", "content-range": "bytes 0-1/9" }, body: menu }),
            "/latin": (session) => (session.set("n", 1), { headers: { "content-type": "text/html; charset=iso-8859-1" }, body: menu }),
            "/xml": (session) => (session.set("n", 1), { headers: { "content-type": "application/xhtml+xml" }, body: menu }),
            "/own": (session) => (
              session.set("n", 1),
              {
                headers: {
                  "content-type": "TEXT/HTML",
                  "content-security-policy": "default-src 'none'",
                  "referrer-policy": "no-referrer",
                  "cache-control": "public",
                },
                body: menu,
              }
            ),
          },
          {},
          slow,
        );
        const token = tokenIn(await call("/begin"));
        const [get, head] = [await call(`/page?sid=${token}`), await call(`/page?sid=${token}`, { method: "HEAD" })];
        expect([head.status, head.body, head.header("content-length")]).toEqual([200, "", undefined]);
        for (const field of ["cache-control", "referrer-policy", "content-security-policy", "content-type", "etag", "vary"])
          expect(head.header(field)).toBe(get.header(field));
        // Express writes a charset of its own.
        for (const path of ["/gzip", "/part", "/xml", ...(name === "express" ? [] : ["/latin"])]) {
          const answer = await call(path, { headers: { "accept-encoding": "identity" } });
          expect(answer.body, path).toBe(menu);
        }
        const own = await call("/own");
        expect([tokenIn(own).length, own.header("content-security-policy"), own.header("referrer-policy"), own.header("cache-control")]).toEqual([
          59,
          "default-src 'none', base-uri 'self'",
          "no-referrer",
          "no-store",
        ]);
        expect((await call(`/json?sid=${token}`)).header("referrer-policy")).toBe("same-origin");
      });

      it("CSRF tokens: an unsafe request brings one of this very session, log-in included", async () => {
        const { call } = await open(handlers, { csrf: {}, carriers: [cookie(), bearer()] }, slow);
        expect((await call("/login", { method: "POST", headers: { "sec-fetch-site": "same-origin" } })).status).toBe(403);
        const form = await call("/csrf");
        const stranger = await call("/csrf");
        const posted = (path: string, given: string, who = form): Promise<Answer> =>
          call(path, { method: "POST", headers: { ...urlencoded, ...jar(who) }, body: `_csrf=${encodeURIComponent(given)}` });
        expect((await posted("/login", stranger.body)).status).toBe(403);
        expect((await posted("/login", form.body.slice(0, -1))).status).toBe(403);
        expect((await call("/login", { method: "POST", headers: jar(form) })).status).toBe(403);
        expect((await call("/count", { headers: jar(form) })).body).toBe("1");
        const again = await call("/csrf", { headers: jar(form) });
        expect([again.body === form.body, again.cookies]).toEqual([false, []]);
        expect((await posted("/count", again.body)).body).toBe("2");
        expect((await call("/count", { method: "POST", headers: { ...jar(form), "x-csrf-token": form.body } })).body).toBe("3");
        const login = await posted("/login", form.body);
        expect(login.status).toBe(303);
        expect((await posted("/count", form.body, login)).status).toBe(403);
        const after = await call("/csrf", { headers: jar(login) });
        expect((await posted("/count", after.body, login)).status).toBe(200);
        const token = jar(login).cookie.split("=")[1] ?? "";
        expect((await call("/count", { method: "POST", headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
      });

      it("Clear-Site-Data goes with a log-out, over https", async () => {
        const { call } = await open(handlers, { clearSiteData: ["cache", "storage"], carriers: [cookie()] }, slow);
        const login = await call("/login", { method: "POST" });
        expect(login.header("clear-site-data")).toBeUndefined();
        const out = await call("/logout", { headers: jar(login) });
        expect([out.header("clear-site-data"), out.cookies.length]).toEqual(['"cache", "storage"', 1]);
        if (name === "fetch") return;
        const plain = await call("/login", { method: "POST", headers: { "x-forwarded-proto": "http" } });
        expect((await call("/logout", { headers: { ...jar(plain), "x-forwarded-proto": "http" } })).header("clear-site-data")).toBeUndefined();
      });

      it("a header of the application's own brings a token, and answers vary on it", async () => {
        const { call, sessions } = await open(handlers, { carriers: [header({ name: "X-Session" })] }, slow);
        const { token = "" } = await sessions.create({ data: { n: 7 } });
        const answer = await call("/json", { headers: { "x-session": token } });
        expect([answer.body, answer.header("vary"), answer.cookies]).toEqual(['{"n":7}', "X-Session", []]);
        expect((await call("/count", { method: "POST", headers: { "x-session": token, "sec-fetch-site": "cross-site" } })).body).toBe("8");
      });
    });
  }
}

for (const slow of [false, true]) {
  it(`pages are rewritten before the application's compression (${slow ? "slow" : "fast"} store), and stream`, async () => {
    const web = expressSessions(sessionsFor(slow), optionsFor({}));
    const app = express().set("env", "test");
    app.use(compression({ threshold: 0 }), web.middleware);
    app.get("/begin", async (req, res) => {
      (await web.session(req)).set("n", 1);
      res.type("html").write(menu);
      res.end(menu.repeat(500));
    });
    app.get("/json", async (req, res) => {
      (await web.session(req)).set("n", 1);
      res.json({ long: "x".repeat(5_000) });
    });
    const call = await listen(app);
    const first = await call("/begin", { headers: { "accept-encoding": "gzip" } });
    const text = gunzipSync(first.bytes).toString();
    expect([first.header("content-encoding"), text.split("/next?sid=").length, first.cookies.length]).toEqual(["gzip", 502, 1]);
    const json = await call("/json", { headers: { "accept-encoding": "gzip" } });
    expect(JSON.parse(gunzipSync(json.bytes).toString())).toEqual({ long: "x".repeat(5_000) });
  });
}

it.each([true, false])("an adapter with cookies alone holds answers that are compressed, the first one too (with its middleware: %s)", async (early) => {
  const web = expressSessions(sessionsFor(true), { carriers: [cookie()] });
  const node = nodeSessions(sessionsFor(true), { carriers: [cookie()] });
  const app = express().set("env", "test");
  app.use(compression({ threshold: 0 }), ...(early ? [web.middleware] : []));
  app.get("/", async (req, res) => {
    (await web.session(req)).set("n", 1);
    res.json("x".repeat(2_000));
  });
  const plain = compression({ threshold: 0 });
  const calls = [
    await listen(app),
    await listen((req, res) => {
      plain(req as never, res as never, () => {
        void node.session(req, res).then((session) => {
          session.set("n", 1);
          res.setHeader("content-type", "application/json");
          res.end(JSON.stringify("x".repeat(2_000)));
        });
      });
    }),
  ];
  for (const call of calls) {
    for (let i = 0; i < 3; i++) {
      const answer = await call("/", { headers: { "accept-encoding": "gzip" } });
      expect([answer.header("content-encoding"), answer.cookies.length, JSON.parse(gunzipSync(answer.bytes).toString())]).toEqual([
        "gzip",
        1,
        "x".repeat(2_000),
      ]);
    }
  }
});

it("beside an adapter with cookies alone, compressed or not, nothing is lost", async () => {
  const [wide, narrow] = [
    expressSessions(sessionsFor(true), optionsFor({})),
    expressSessions(sessionsFor(false), { carriers: [cookie({ name: "__Host-n" })] }),
  ];
  const app = express().set("env", "test");
  app.get("/narrow", async (req, res) => void res.json((await narrow.session(req)).exists));
  app.use(compression({ threshold: 0 }));
  app.get("/both", async (req, res) => {
    const [one, two] = [await wide.session(req), await narrow.session(req)];
    one.set("n", 1);
    two.set("n", 2);
    res.type("html").send(menu);
  });
  const call = await listen(app);
  for (let i = 0; i < 3; i++) {
    const both = await call("/both");
    expect([both.status, both.cookies.length, tokenIn(both).length]).toEqual([200, 2, 59]);
    const packed = await call("/both", { headers: { "accept-encoding": "gzip" } });
    expect([packed.cookies.length, gunzipSync(packed.bytes).toString().includes("<a href")]).toEqual([2, true]);
    expect((await call("/narrow")).body).toBe("false");
  }
});

it("a page's first bytes leave before it ends", async () => {
  const web = nodeSessions(sessionsFor(true), optionsFor({}));
  let finish = (): void => undefined;
  const call = await new Promise<number>((done) => {
    const server = createServer((req, res) => {
      void web.session(req, res).then((session) => {
        session.set("n", 1);
        res.setHeader("content-type", "text/html");
        res.write(`<a href="/x">one</a><p`);
        finish = () => void res.end(">two");
      });
    });
    servers.push(server);
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port));
  });
  const socket = connect(call, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (part: string) => (text += part));
  socket.write("GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
  while (!text.includes("one</a>")) await new Promise((done) => setTimeout(done, 1));
  expect(text).not.toContain("two");
  finish();
  await new Promise((done) => socket.on("close", done));
  expect(text).toMatch(/<p>two/);
});

it("a page of 64 MB goes through in constant memory, at its reader's pace", async () => {
  const web = nodeSessions(sessionsFor(false), optionsFor({}));
  const part = `<p>${"x".repeat(900)}</p><a href="/x">y</a>`.repeat(64);
  const parts = Math.ceil(67_108_864 / part.length);
  let most = 0;
  const call = await listen((req, res) => {
    void web.session(req, res).then(async (session) => {
      session.set("n", 1);
      res.setHeader("content-type", "text/html");
      for (let i = 0; i < parts; i++) {
        if (!res.write(part)) await new Promise((done) => res.once("drain", done));
        most = Math.max(most, res.writableLength);
      }
      res.end();
    });
  });
  const answer = await call("/");
  expect(answer.bytes.length).toBe(parts * (part.length + 64 * 64));
  expect(most).toBeLessThan(1_000_000);
});

it("HTTP/1.0 clients keep a session by links, in answers without chunks", async () => {
  const web = nodeSessions(sessionsFor(false), optionsFor({ carriers: links.slice(2) }));
  const server = createServer((req, res) => {
    void web.session(req, res).then((session) => {
      session.set("n", (session.get("n") ?? 0) + 1);
      res.writeHead(200, { "content-type": "text/html", "content-length": "40" });
      res.end(`<a href="/x">${session.get("n")}</a>`.padEnd(40));
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const get = (path: string): Promise<string> =>
    new Promise((done) => {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
      let text = "";
      socket.setEncoding("utf8").on("data", (part: string) => (text += part));
      socket.on("close", () => done(text)).write(`GET ${path} HTTP/1.0\r\n\r\n`);
    });
  let path = "/";
  for (let n = 1; n < 4; n++) {
    const answer = await get(path);
    expect(answer).toContain(`>${n}</a>`);
    expect(answer).not.toMatch(/transfer-encoding|content-length|set-cookie/i);
    path = /href="(\/x\?sid=[\w.-]{59})"/.exec(answer)?.[1] ?? "";
  }
});

describe("what cannot be", () => {
  const made =
    (options: Partial<WebOptions>): (() => unknown) =>
    () =>
      fetchSessions(sessionsFor(false), optionsFor(options));
  const [byUrl, byForm] = [urlParameter({ name: "sid" }), formField({ name: "sid" })];
  it.each<[string, () => unknown, RegExp]>([
    ["a parameter before a cookie", made({ carriers: [byUrl, cookie()] }), /come last/],
    ["a field before a bearer", made({ carriers: [cookie(), byForm, bearer()] }), /come last/],
    ["two parameters", made({ carriers: [byUrl, urlParameter({ name: "b" })] }), /several urlParameter/],
    ["a name that a URL would change", () => urlParameter({ name: "s d" }), /urlParameter: name/],
    ["no name", () => formField({ name: "" }), /formField: name/],
    ["a limit of nothing", () => formField({ name: "a", limit: 0 }), /limit/],
    ["a header that is taken", () => header({ name: "Cookie" }), /header: name/],
    ["a header of the browser's", () => header({ name: "sec-x" }), /header: name/],
    ["what no browser clears", made({ clearSiteData: ["cookie" as "cookies"] }), /clearSiteData/],
  ])("%s is refused at the start", (_name, make, message) => expect(make).toThrow(message));

  it("a form over the bound is refused, and one that was read already is told", async () => {
    const sessions = sessionsFor(false);
    const web = fetchSessions(sessions, optionsFor({ carriers: [cookie(), formField({ name: "sid", limit: 100 })] }));
    const handle = web.handle(async (request) => {
      if (new URL(request.url).pathname === "/read") await request.text();
      const session = await web.session(request);
      return Response.json([session.exists, new URL(request.url).pathname === "/read" ? "" : await request.text()]);
    });
    const post = (path: string, body: string): Promise<Response> =>
      handle(new Request(`https://shop.example${path}`, { method: "POST", headers: urlencoded, body }));
    const { token } = await sessions.create();
    expect(await (await post("/", `sid=${token}`)).json()).toEqual([true, `sid=${token}`]);
    expect((await post("/", `sid=${token}&x=${"x".repeat(100)}`)).status).toBe(413);
    expect((await post("/read", `sid=${token}`)).status).toBe(500);
  });
});
