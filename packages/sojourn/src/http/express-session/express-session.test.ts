import { EventEmitter } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { inherits } from "node:util";
import compression from "compression";
import express from "express";
import { afterEach, describe, expect, it, vi } from "vitest";
import standard, {
  Cookie,
  MemoryStore,
  Session,
  session,
  Store,
  type ConnectStore,
  type SessionOptions,
  type SessionRequest,
  type StoredSession,
} from "./express-session.ts";
import * as module from "./express-session.ts";
import { site, type Answer, type Visitor } from "./visitor.fixture.ts";

const here = site();
afterEach(async () => {
  await here.close();
  vi.restoreAllMocks();
});

const plain = { secret: "keyboard cat", resave: false, saveUninitialized: false } satisfies SessionOptions;
type Handler = (request: SessionRequest & { session: Session }, response: ServerResponse) => void;
/** Errors that came by next(). */
let told: unknown[] = [];

function listener(options: SessionOptions, handle: Handler, before?: (request: SessionRequest, response: ServerResponse) => void): RequestListener {
  const middleware = session(options);
  told = [];
  return (request, response) => {
    before?.(request, response);
    middleware(request, response, (error) => {
      if (error !== undefined) told.push(error);
      if (error !== undefined && response.headersSent) return;
      if (error !== undefined) return void response.writeHead((error as { status?: number }).status ?? 500).end((error as Error).message);
      handle(request as SessionRequest & { session: Session }, response);
    });
  };
}
async function visitorOf(options: SessionOptions, handle: Handler, before?: Parameters<typeof listener>[2]): Promise<Visitor> {
  return (await here.listen(listener({ ...plain, ...options }, handle, before))).visitor();
}
const count: Handler = (request, response) => {
  request.session["count"] = Number(request.session["count"] ?? 0) + 1;
  response.end(String(request.session["count"]));
};
const cookiesOf = (answer: Answer): readonly string[] => answer.headers["set-cookie"] ?? [];

describe("the module", () => {
  it("is the function, by default, by name and for require(), with the constructors", () => {
    expect(standard).toBe(session);
    expect((module as Record<string, unknown>)["module.exports"]).toBe(session);
    expect([session.Cookie, session.MemoryStore, session.Session, session.Store]).toEqual([Cookie, MemoryStore, Session, Store]);
  });

  it("has constructors that old and new stores inherit from", () => {
    function Old(this: object): void {
      Store.call(this);
    }
    inherits(Old, Store);
    const old = new (Old as unknown as new () => Store)();
    class New extends (Store as unknown as new () => EventEmitter) {}
    for (const store of [old, new New() as unknown as Store, new MemoryStore()]) {
      expect(store).toBeInstanceOf(Store);
      expect(store).toBeInstanceOf(EventEmitter);
      const heard = vi.fn();
      store.on("connect", heard);
      store.emit("connect");
      expect(heard).toHaveBeenCalledOnce();
      expect(Object.keys(store)).not.toContain("regenerate");
    }
  });

  it("refuses options that are wrong", () => {
    expect(() => session({ genid: 1 as never })).toThrow("genid option must be a function");
    expect(() => session({ unset: "bogus!" as never })).toThrow(/unset.*must/);
    expect(() => session({ secret: [] })).toThrow("must contain one or more");
    expect(() => session({ ...plain, store: {} as never })).toThrow("store is neither");
    expect(() => session({ ...plain, migrateFrom: new MemoryStore() })).toThrow("Sojourn store");
  });

  it("says what is deprecated, and warns of the memory store in production only", () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    session({ secret: "x" });
    const said = warned.mock.calls.map(([what]) => String(what));
    expect(said).toEqual([expect.stringContaining("undefined resave option"), expect.stringContaining("undefined saveUninitialized option")]);
    session({ secret: "x" });
    expect(warned).toHaveBeenCalledTimes(2);
    vi.stubEnv("NODE_ENV", "production");
    session(plain);
    vi.unstubAllEnvs();
    expect(warned.mock.calls.at(-1)?.[1]).toMatchObject({ code: "SOJOURN_MEMORY_STORE" });
  });
});

describe("the secret", () => {
  it("must be there, or come from cookie-parser", async () => {
    const none = await visitorOf({ secret: undefined }, count);
    expect(await none.get("/")).toMatchObject({ status: 500, body: "secret option required for sessions" });
    const parsed = await visitorOf({ secret: undefined }, count, (request) => (request.secret = "parsed"));
    expect((await parsed.get("/")).body).toBe("1");
    expect((await parsed.get("/")).body).toBe("2");
  });

  it("may be several, or bytes; the first signs, all are believed, others are not", async () => {
    const store = new MemoryStore();
    const old = await visitorOf({ store, secret: Buffer.from("old") }, count);
    await old.get("/");
    const both = await visitorOf({ store, secret: ["new", "old"] }, count);
    both.jar = old.jar;
    expect((await both.get("/")).body).toBe("2");
    const next = await visitorOf({ store, secret: "new" }, count);
    next.jar = old.jar;
    expect((await next.get("/")).body).toBe("1");
  });

  it("is asked before the store is", async () => {
    const store = new MemoryStore();
    const asked = vi.spyOn(store, "get");
    const visitor = await visitorOf({ store }, count);
    for (const jar of ["connect.sid=abc", "connect.sid=s%3Aabc", "connect.sid=s%3Aabc.def", "connect.sid=s%3A.def", "connect.sid=%zz", "connect.sid="]) {
      visitor.jar = jar;
      expect((await visitor.get("/")).body, jar).toBe("1");
    }
    expect(asked).not.toHaveBeenCalled();
  });
});

describe("the request", () => {
  it("keeps a session that it has already, and needs the cookie's path", async () => {
    const had = await visitorOf(
      {},
      (request, response) => response.end(JSON.stringify(request.session)),
      (request) => (request.session = { own: 1 } as never),
    );
    expect(await had.get("/")).toMatchObject({ body: '{"own":1}' });
    const app = express();
    const inner = express();
    inner.use(session({ ...plain, cookie: { path: "/foo/bar" } }));
    inner.use((request, response) => response.end(typeof (request as { session?: unknown }).session));
    app.use("/foo", inner);
    const visitor = (await here.listen(app)).visitor();
    expect((await visitor.get("/foo/bar?x")).body).toBe("object");
    expect((await visitor.get("/foo/foo/bar")).body).toBe("undefined");
  });

  it("gives the cookie function itself, and takes auto from it", async () => {
    const cookie = (request: IncomingMessage): { path: string; secure: "auto"; sameSite: "auto" } => ({
      path: `/${request.url?.split("/")[1]}`,
      secure: "auto",
      sameSite: "auto",
    });
    const visitor = await visitorOf({ cookie, proxy: true }, count);
    expect(cookiesOf(await visitor.get("/a/b"))[0]).toMatch(/Path=\/a; HttpOnly; SameSite=Lax$/);
    visitor.jar = "";
    expect(cookiesOf(await visitor.get("/c/b", { "x-forwarded-proto": "https, http" }))[0]).toMatch(/Path=\/c; HttpOnly; Secure; SameSite=None$/);
  });

  it("may bring what cookie-parser took from its header", async () => {
    const store = new MemoryStore();
    const first = await visitorOf({ store }, count);
    await first.get("/");
    const signedValue = decodeURIComponent(first.jar.split("=")[1] as string);
    const moved = (property: "cookies" | "signedCookies", value: string) => (request: SessionRequest) => {
      delete request.headers.cookie;
      request[property] = { "connect.sid": value };
    };
    expect((await (await visitorOf({ store }, count, moved("cookies", signedValue))).get("/")).body).toBe("2");
    expect((await (await visitorOf({ store }, count, moved("signedCookies", signedValue.slice(2).split(".")[0] as string))).get("/")).body).toBe("3");
    expect((await (await visitorOf({ store }, count, moved("cookies", signedValue.slice(2)))).get("/")).body).toBe("1");
  });

  it("has no session while the store says that it is disconnected", async () => {
    const store = new MemoryStore();
    const visitor = await visitorOf({ store }, (request, response) => response.end(typeof request.session));
    store.emit("disconnect");
    expect((await visitor.get("/")).body).toBe("undefined");
    store.emit("connect");
    expect((await visitor.get("/")).body).toBe("object");
  });

  it("with an id that is no text is not kept", async () => {
    const store = new MemoryStore();
    const visitor = await visitorOf({ store, saveUninitialized: true }, (request, response) => {
      request.sessionID = (() => undefined) as never;
      request.session["a"] = 1;
      response.end();
    });
    expect(cookiesOf(await visitor.get("/"))).toEqual([]);
    expect(store.sessions).toEqual({});
  });

  it("needs no real response: WebSocket servers ask with an empty one", async () => {
    const store = new MemoryStore();
    const visitor = await visitorOf({ store }, count);
    await visitor.get("/");
    const middleware = session({ ...plain, store });
    const request = { url: "/", headers: { cookie: visitor.jar }, socket: {} } as unknown as SessionRequest;
    await new Promise<void>((resolve) => middleware(request, {} as ServerResponse, () => resolve()));
    expect(request.session?.["count"]).toBe(1);
    (request.session as Session)["count"] = 7;
    await new Promise<void>((resolve) => request.session?.save(() => resolve()));
    expect((await visitor.get("/")).body).toBe("8");
  });
});

describe("a store that fails", () => {
  const broken = (verb: "get" | "set" | "destroy" | "touch"): MemoryStore => {
    const store = new MemoryStore();
    store[verb] = (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(new Error(`${verb} failed`));
    return store;
  };
  const nextTold = (): Promise<void> => vi.waitFor(() => expect(told).toHaveLength(1));

  it("in reading: next(error); a session that is not there (ENOENT): a new one", async () => {
    const store = new MemoryStore();
    const visitor = await visitorOf({ store }, count);
    await visitor.get("/");
    const failure: Error & { code?: string } = new Error("get failed");
    store.get = (_sid, answer) => answer(failure);
    expect(await visitor.get("/")).toMatchObject({ status: 500, body: "get failed" });
    failure.code = "ENOENT";
    expect(await visitor.get("/")).toMatchObject({ status: 200, body: "1" });
  });

  it("in writing: the answer leaves without a cookie, and next(error) is told", async () => {
    const visitor = await visitorOf({ store: broken("set") }, count);
    const answer = await visitor.get("/");
    expect(answer).toMatchObject({ status: 200, body: "1" });
    expect(cookiesOf(answer)).toEqual([]);
    await nextTold();
    expect(told).toEqual([new Error("set failed")]);
  });

  it("strict: 500 in place of the answer, none of its headers, no cookie", async () => {
    const visitor = await visitorOf({ store: broken("set"), strict: true }, (request, response) => {
      response.setHeader("X-Own", "1");
      response.setHeader("Set-Cookie", "own=1");
      response.setHeader("Content-Length", "3");
      request.session["a"] = 1;
      response.writeHead(201, { "X-Also": "1" });
      response.write("abc");
      response.end();
    });
    const answer = await visitor.get("/");
    expect(answer.status).toBe(500);
    expect(answer.headers).toMatchObject({ "content-type": "application/problem+json", "cache-control": "no-store" });
    expect(Object.keys(answer.headers).filter((name) => /^x-(own|also)|cookie/.test(name))).toEqual([]);
    expect(JSON.parse(answer.body)).toEqual({ title: "Internal Server Error", status: 500 });
    await nextTold();
  });

  it("in touching and in destroying: next(error) is told", async () => {
    const touched = await visitorOf({ store: broken("touch") }, (request, response) => ((request.session["a"] = 1), response.end("done")));
    await touched.get("/");
    expect((await touched.get("/")).body).toBe("done");
    await nextTold();
    const destroyed = await visitorOf({ store: broken("destroy"), unset: "destroy" }, (request, response) => {
      (request as { session: unknown }).session = null;
      response.end("done");
    });
    expect((await destroyed.get("/")).body).toBe("done");
    await nextTold();
  });

  it("in an async method, or with a session that has no cookie, hangs nobody", async () => {
    const store = new MemoryStore();
    const visitor = await visitorOf({ store }, count);
    await visitor.get("/");
    store.sessions = Object.fromEntries(Object.keys(store.sessions).map((sid) => [sid, '{"a":1}']));
    expect(await visitor.get("/")).toMatchObject({ status: 500, body: expect.stringMatching(/^Cannot read prop/) as string });
    (store as ConnectStore).get = () => Promise.reject(new Error("async"));
    expect(await visitor.get("/")).toMatchObject({ status: 500, body: "async" });
  });

  it("a cookie that cannot be written: next(error), and no cookie", async () => {
    const visitor = await visitorOf({ cookie: { expires: new Date(Number.NaN) } }, count);
    expect(cookiesOf(await visitor.get("/"))).toEqual([]);
    await nextTold();
    expect(told).toEqual([new TypeError("option expires is invalid")]);
  });

  it("a session that JSON cannot say, or that was replaced by a plain object: next(error)", async () => {
    for (const spoil of [
      (request: SessionRequest) => ((request.session as Session)["a"] = 1n),
      (request: SessionRequest) => (request.session = { a: 1 } as never),
    ]) {
      const visitor = await visitorOf({}, (request, response) => (spoil(request), response.end("done")));
      expect((await visitor.get("/")).body).toBe("done");
      await nextTold();
      expect(told[0]).toBeInstanceOf(TypeError);
    }
  });
});

describe("the answer", () => {
  const slow = (ms: number): MemoryStore => {
    const store = new MemoryStore();
    const { set } = store;
    store.set = (sid, kept, answer) => {
      setTimeout(() => set.call(store, sid, kept, answer), ms);
    };
    return store;
  };

  it.each<[string, (response: ServerResponse) => void]>([
    ["end", (response) => void response.end("hello")],
    ["write, end", (response) => void (response.write("hel"), response.end("lo"))],
    ["writeHead, end", (response) => void response.writeHead(200, { "Set-Cookie": "own=1" }).end("hello")],
    ["a length", (response) => void (response.setHeader("Content-Length", "5"), response.end("hello"))],
    ["end(null)", (response) => void (response.write("hello"), response.end(null))],
    ["flushHeaders", (response) => void (response.flushHeaders(), setTimeout(() => response.end("hello"), 30))],
    ["end twice", (response) => void (response.end("hello"), response.end())],
    ["with a callback", (response) => void response.write("hello", () => response.end())],
  ])("waits for the session: %s", async (_name, send) => {
    const store = slow(60);
    const visitor = await visitorOf({ store }, (request, response) => {
      request.session["a"] = 1;
      response.setHeader("X-Late", "1");
      send(response);
    });
    const answer = await visitor.get("/");
    expect(answer.body).toBe("hello");
    expect(answer.headAfter).toBeGreaterThan(50);
    expect(Object.keys(store.sessions)).toHaveLength(1);
    expect(cookiesOf(answer).at(-1)).toMatch(/^connect\.sid=/);
  });

  it("is written to before and after us by others: compression on either side", async () => {
    for (const order of ["before", "after"]) {
      const app = express();
      if (order === "before") app.use(compression({ threshold: 0 }));
      app.use(session({ ...plain, store: slow(20) }));
      if (order === "after") app.use(compression({ threshold: 0 }));
      app.get("/", (request, response) => {
        (request as unknown as { session: Session }).session["a"] = 1;
        response.json({ text: "x".repeat(2000) });
      });
      const answer = await fetch(`http://127.0.0.1:${(await here.listen(app)).port}/`, { headers: { "accept-encoding": "gzip" } });
      expect(answer.headers.get("content-encoding")).toBe("gzip");
      expect(answer.headers.getSetCookie()).toHaveLength(1);
      expect(await answer.json()).toEqual({ text: "x".repeat(2000) });
    }
  });

  it("keeps what is changed while it streams, before its last byte", async () => {
    const store = slow(40);
    const visitor = await visitorOf({ store }, (request, response) => {
      if (request.url === "/read") return void response.end(JSON.stringify(request.session["a"]));
      request.session["a"] = 1;
      response.write("first");
      setTimeout(() => {
        request.session["a"] = 2;
        response.end("last");
      }, 80);
    });
    expect((await visitor.get("/")).body).toBe("firstlast");
    expect((await visitor.get("/read")).body).toBe("2");
  });

  it("without a session to keep goes as it is, its caching headers too", async () => {
    const visitor = await visitorOf({}, (_request, response) => response.setHeader("Cache-Control", "public, max-age=60").end("hello"));
    const { headers } = await visitor.get("/");
    expect(headers["cache-control"]).toBe("public, max-age=60");
    expect(headers).not.toHaveProperty("vary");
  });
});

describe("req.session", () => {
  it("has only data among its keys, and data cannot take a method's name", async () => {
    const store = new MemoryStore();
    const visitor = await visitorOf({ store }, (request, response) => {
      request.session["a"] ??= 1;
      const seen: string[] = [];
      for (const name in request.session) seen.push(name);
      response.end(`${seen.sort().join()} ${typeof request.session.save}`);
    });
    expect((await visitor.get("/")).body).toBe("a,cookie function");
    const [sid = ""] = Object.keys(store.sessions);
    const kept = JSON.parse(store.sessions[sid] as string) as StoredSession;
    store.sessions[sid] = JSON.stringify({ ...kept, save: "nope" });
    expect((await visitor.get("/")).body).toBe("a,cookie function");
  });

  it("is loaded without a request, saved, and merged, by the store", async () => {
    const store = new MemoryStore();
    const visitor = await visitorOf({ store }, count);
    await visitor.get("/");
    const [sid = ""] = Object.keys(store.sessions);
    const loaded = await new Promise<Session>((resolve) => store.load(sid, (_error, found) => resolve(found as Session)));
    expect(loaded.id).toBe(sid);
    await visitor.get("/");
    loaded["other"] = true;
    await new Promise<void>((resolve) => loaded.save(() => resolve()));
    expect(JSON.parse(store.sessions[sid] as string)).toMatchObject({ count: 2, other: true });
    expect(await new Promise((resolve) => store.load("none", (error, found) => resolve([error, found])))).toEqual([null, undefined]);
  });

  it("an application's own save() is called in place of ours", async () => {
    const called = vi.fn((done: () => void) => done());
    const visitor = await visitorOf({}, (request, response) => {
      request.session["a"] = 1;
      Object.defineProperty(request.session, "save", { value: called });
      response.end();
    });
    expect(cookiesOf(await visitor.get("/"))).toHaveLength(1);
    expect(called).toHaveBeenCalledOnce();
  });

  it("what a callback throws is not swallowed", async () => {
    const thrown = new Promise((resolve) => process.once("uncaughtException", resolve));
    const listeners = process.listeners("uncaughtException").slice(0, -1);
    for (const each of listeners) process.off("uncaughtException", each);
    const visitor = await visitorOf({}, (request, response) => {
      response.end();
      request.session.save(() => {
        throw new Error("in a callback");
      });
    });
    await visitor.get("/");
    expect(await thrown).toEqual(new Error("in a callback"));
    for (const each of listeners) process.on("uncaughtException", each);
  });
});
