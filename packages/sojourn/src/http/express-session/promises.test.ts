import type { RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store as SojournStore } from "../../core/seam.ts";
import { memoryStore } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { MemoryStore, session, type Session, type SessionOptions, type SessionRequest } from "./express-session.ts";
import { site, type Visitor } from "./visitor.fixture.ts";

/** What express-session does not promise, on a store made for it within one process, and on a Sojourn store between two. */
const homes: Record<string, () => [SessionOptions, SessionOptions]> = {
  "a store made for express-session, one process": () => {
    const store = slowly(new MemoryStore());
    return [{ store }, { store }];
  },
  "a Sojourn store, two processes": () => {
    const store: SojournStore = delayed(memoryStore());
    // Each has a manager of its own, which knows nothing of the other's.
    return [{ store }, { store }];
  },
};

/** Every call takes some time to get there, and its answer to come back. */
function slowly(store: MemoryStore): MemoryStore {
  for (const verb of ["get", "set", "destroy", "touch"] as const) {
    const call = store[verb].bind(store) as (...args: unknown[]) => unknown;
    store[verb] = (...args: unknown[]) => {
      const answer = args.pop() as ((...values: unknown[]) => void) | undefined;
      setTimeout(() => call(...args, (...values: unknown[]) => setTimeout(() => answer?.(...values), 2)), 2);
    };
  }
  return store;
}

type Request = SessionRequest & { session: Session };
const here = site();
let open: () => void;
let gate: Promise<void>;
let waiting: () => void;
let isWaiting: Promise<void>;
function close(): void {
  gate = new Promise((resolve) => (open = resolve));
  isWaiting = new Promise((resolve) => (waiting = resolve));
}
beforeEach(close);
afterEach(() => here.close());

const routes: Record<string, (request: Request, response: ServerResponse) => unknown> = {
  "/login": (request, response) => ((request.session["user"] = "ada"), (request.session["cart"] = { tea: 1 }), response.end()),
  "/read": (request, response) => response.end(JSON.stringify({ ...(request.session as object), cookie: undefined })),
  "/maxage": (request, response) => response.end(JSON.stringify(request.session.cookie.originalMaxAge)),
  "/a": (request, response) => ((request.session["a"] = 1), response.end()),
  "/remove": (request, response) => (delete request.session["cart"], response.end()),
  "/remember": (request, response) => ((request.session.cookie.maxAge = 7_200_000), (request.session["remembered"] = true), response.end()),
  "/destroy": (request, response) => request.session.destroy((error) => response.end(String(error))),
  "/regenerate": (request, response) => request.session.regenerate((error) => response.end(String(error))),
  "/unset": (request, response) => (((request as SessionRequest).session = null), response.end()),
  "/store": (request, response) => request.sessionStore?.destroy(request.sessionID as string, (error) => response.end(String(error))),
  "/redirect": (request, response) => ((request.session["n"] = Number(request.session["n"] ?? 0) + 1), response.writeHead(302, { location: "/read" }).end()),
};
/** A request that waits after it has read its session, and then writes. */
const slowRoutes: Record<string, (request: Request) => unknown> = {
  "/slow/b": (request) => (request.session["b"] = 2),
  "/slow/deep": (request) => ((request.session["cart"] as Record<string, number>)["milk"] = 1),
  "/slow/touch": () => undefined,
  "/slow/save": (request) => new Promise((resolve) => request.session.save(resolve)),
};

function listener(options: SessionOptions): RequestListener {
  const middleware = session({ secret: "x", resave: false, saveUninitialized: false, unset: "destroy", cookie: { maxAge: 3_600_000 }, ...options });
  return (request, response) =>
    middleware(request, response, (error) => {
      if (error !== undefined) return void response.writeHead(500).end((error as Error).message);
      const slow = slowRoutes[request.url as string];
      if (slow === undefined) return void routes[request.url as string]?.(request as Request, response);
      waiting();
      void gate.then(() => slow(request as Request)).then(() => response.end("slow"));
    });
}

describe.each(Object.entries(homes))("on %s", (_name, home) => {
  let first: Visitor;
  let second: Visitor;
  beforeEach(async () => {
    const [a, b] = home();
    [first, second] = [(await here.listen(listener(a))).visitor(), (await here.listen(listener(b))).visitor()];
    await first.get("/login");
    second.jar = first.jar;
  });
  const read = async (visitor = first): Promise<unknown> => JSON.parse((await visitor.get("/read")).body);

  it("parallel requests lose nothing in different properties, deep changes and removals among them", async () => {
    const slow = first.get("/slow/b");
    await isWaiting;
    await second.get("/a");
    await second.get("/remove");
    open();
    await slow;
    expect(await read()).toEqual({ user: "ada", a: 1, b: 2 });
  });

  it("a change inside a property is noticed, and the others' stay", async () => {
    const slow = first.get("/slow/deep");
    await isWaiting;
    await second.get("/a");
    open();
    await slow;
    expect(await read()).toEqual({ user: "ada", a: 1, cart: { tea: 1, milk: 1 } });
  });

  it("a lifetime that another request has set stays", async () => {
    for (const path of ["/slow/b", "/slow/touch"]) {
      first.jar = "";
      await first.get("/login");
      second.jar = first.jar;
      close();
      const slow = first.get(path);
      await isWaiting;
      await second.get("/remember");
      open();
      await slow;
      expect((await first.get("/maxage")).body).toBe("7200000");
    }
  });

  it.each(["/destroy", "/regenerate", "/unset", "/store"])("what was ended by %s is not revived by a slow request, whatever it does", async (how) => {
    for (const path of Object.keys(slowRoutes)) {
      close();
      first.jar = "";
      await first.get("/login");
      const { jar } = first;
      second.jar = jar;
      const slow = first.get(path);
      await isWaiting;
      await second.get(how);
      open();
      const answer = await slow;
      expect(answer.body).toBe("slow");
      expect(answer.headers["set-cookie"]).toBeUndefined();
      first.jar = jar;
      expect(await read(), path).toEqual({});
    }
  });

  it("nor by one that writes at that very moment", async () => {
    for (let n = 0; n < 12; n += 1) {
      first.jar = "";
      await first.get("/login");
      const { jar } = first;
      second.jar = jar;
      await Promise.all([first.get("/a"), sleep(n).then(() => second.get("/destroy"))]);
      first.jar = jar;
      expect(await read()).toEqual({});
    }
  });

  it("a page after a redirect sees what was written before it", async () => {
    for (let n = 1; n <= 10; n += 1) {
      await first.get("/redirect");
      expect(await read(second)).toMatchObject({ n });
    }
  });
});

it.each(Object.entries(homes))("on %s an id that is given again begins another session, which older requests do not reach", async (_name, home) => {
  const [options] = home();
  const visitor = (await here.listen(listener({ ...options, genid: () => "mine" }))).visitor();
  await visitor.get("/login");
  const slow = visitor.get("/slow/b");
  await isWaiting;
  await visitor.get("/regenerate");
  await visitor.get("/a");
  open();
  await slow;
  expect(JSON.parse((await visitor.get("/read")).body)).toEqual({ a: 1 });
});

it("strict: a request whose session was ended meanwhile is answered with 401", async () => {
  const visitor = (await here.listen(listener({ strict: true }))).visitor();
  await visitor.get("/login");
  const { jar } = visitor;
  const slow = visitor.get("/slow/b");
  await isWaiting;
  const other = (await here.listen(listener({ strict: true }))).visitor();
  other.jar = jar;
  await visitor.get("/destroy");
  open();
  expect(await slow).toMatchObject({ status: 401, body: expect.stringContaining("session_ended") as string });
});

describe("on a store made for express-session", () => {
  it("what another process destroyed before this one writes is not brought back", async () => {
    const store = new MemoryStore();
    const visitor = (await here.listen(listener({ store }))).visitor();
    await visitor.get("/login");
    const slow = visitor.get("/slow/b");
    await isWaiting;
    store.sessions = {};
    open();
    await slow;
    expect(store.sessions).toEqual({});
  });

  it("what the application destroys while it is being written does not come back", async () => {
    const store = new MemoryStore();
    const { set } = store;
    const visitor = (await here.listen(listener({ store }))).visitor();
    await visitor.get("/login");
    const [sid = ""] = Object.keys(store.sessions);
    store.set = (...args) => void setTimeout(() => set.apply(store, args), 80);
    const slow = visitor.get("/a");
    await sleep(30);
    store.destroy(sid);
    await slow;
    expect(store.sessions).toEqual({});
  });

  it("nor does any, when the application clears the store meanwhile", async () => {
    const store = new MemoryStore();
    const { set } = store;
    const visitor = (await here.listen(listener({ store }))).visitor();
    await visitor.get("/login");
    store.set = (...args) => void setTimeout(() => set.apply(store, args), 80);
    const slow = visitor.get("/a");
    await sleep(30);
    store.clear();
    await slow;
    expect(store.sessions).toEqual({});
  });
});
