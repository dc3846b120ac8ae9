import type { RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Sessions } from "../../core/sessions.ts";
import type { SessionInfo } from "../../core/info.ts";
import { memoryStore, type MemoryStore as Memory } from "../../stores/memory/memory.ts";
import { delayed } from "../../testing/delayed.ts";
import { failingStore } from "../../testing/failing-store.ts";
import { MemoryStore, session, type Session, type SessionOptions, type SessionRequest, type StoredSession } from "./express-session.ts";
import { ownManager } from "./own-manager.ts";
import type { Store } from "./store.ts";
import { site, type Visitor } from "./visitor.fixture.ts";

type Request = SessionRequest & { session: Session };
type Data = Record<string, unknown>;
const here = site();
afterEach(() => here.close());
let store: Memory;
let sessions: Sessions<Data>;
beforeEach(() => {
  store = memoryStore();
  sessions = createSessions<Data>({ store: delayed(store), idle: "30m", absolute: "12h" });
});

/** A path of several acts, such as `/user=ada/maxAge=60000`. */
async function act(request: Request, response: ServerResponse): Promise<void> {
  for (const [verb = "", value = ""] of (request.url ?? "")
    .slice(1)
    .split("/")
    .map((part) => part.split("="))) {
    const called = (name: "save" | "regenerate" | "destroy"): Promise<void> =>
      new Promise((resolve, reject) =>
        request.session[name]((error) => (error === null || error === undefined ? resolve() : reject(new Error(`${name} failed`, { cause: error })))),
      );
    if (verb === "wait") await sleep(Number(value));
    else if (verb === "user") request.session["passport"] = value === "" ? {} : { user: value };
    else if (verb === "maxAge") request.session.cookie.maxAge = Number(value);
    else if (verb === "save" || verb === "regenerate" || verb === "destroy") await called(verb);
    else if (verb !== "") request.session[verb] = value;
  }
  response.end(JSON.stringify({ id: request.sessionID, ...(request.session as Data | undefined) }));
}
function listener(options: SessionOptions = {}): RequestListener {
  const middleware = session({ secret: "x", resave: false, saveUninitialized: false, ...(options.store === undefined ? { sessions } : undefined), ...options });
  return (request, response) =>
    middleware(request, response, (error) => {
      if (error !== undefined)
        return void (response.headersSent || response.writeHead((error as { status?: number }).status ?? 500).end((error as Error).message));
      act(request as Request, response).catch((failure: unknown) => response.writeHead(500).end((failure as Error).message));
    });
}
async function visitorOf(options?: SessionOptions): Promise<Visitor> {
  return (await here.listen(listener(options))).visitor();
}
const dataOf = async (visitor: Visitor, path = "/"): Promise<Data> => JSON.parse((await visitor.get(path)).body) as Data;
async function listed(subject: string): Promise<SessionInfo[]> {
  const found: SessionInfo[] = [];
  for await (const info of sessions.list({ subject })) found.push(info);
  return found;
}

describe("whose it is", () => {
  it("is passport's user: its sessions are listed with their devices, and ended everywhere", async () => {
    const visitors = [await visitorOf(), await visitorOf(), await visitorOf()];
    for (const visitor of visitors) await visitor.get("/regenerate/user=ada/save", { "user-agent": "test" });
    expect(await listed("ada")).toMatchObject([{ agent: "test", address: "127.0.0.1" }, {}, {}]);
    expect(await sessions.endAll({ subject: "ada" })).toBe(3);
    for (const visitor of visitors) expect(await dataOf(visitor)).not.toHaveProperty("passport");
  });

  it("may be another property, set without a new session; parallel writers lose nothing by it", async () => {
    const visitor = await visitorOf({ subject: ({ userId }) => userId as string | undefined });
    await visitor.get("/cart=tea");
    await Promise.all([visitor.get("/userId=eve"), visitor.get("/a=1"), visitor.get("/wait=40/b=2")]);
    expect(await dataOf(visitor)).toMatchObject({ cart: "tea", userId: "eve", a: "1", b: "2" });
    expect(await listed("eve")).toHaveLength(1);
  });

  it("parallel writers lose nothing either when it changes, is taken away or lasts longer", async () => {
    for (const how of ["/user=bob", "/user=", "/maxAge=90000000"]) {
      for (let n = 0; n < 10; n += 1) {
        const visitor = await visitorOf({ store: delayed(memoryStore()) });
        await visitor.get(how.startsWith("/user") ? "/user=ada" : "/cart=tea");
        await Promise.all(["/a=1", how, "/b=2", `/wait=${n * 3}/c=3`].map((path) => visitor.get(path)));
        expect(await dataOf(visitor), how).toMatchObject({ a: "1", b: "2", c: "3" });
      }
    }
  });

  it("is found at every moment while it changes", async () => {
    const slow = failingStore(memoryStore(), (call) =>
      call.verb === "commit" && (call.change.claim ?? call.change.release) !== undefined && call.change.expect === "live"
        ? { fault: "slow", ms: 60 }
        : undefined,
    );
    const visitor = await visitorOf({ store: slow });
    const { id } = await dataOf(visitor, "/user=ada/cart=tea");
    const { jar } = visitor;
    const change = visitor.get("/user=bob");
    for (let n = 0; n < 12; n += 1) {
      expect(await dataOf(visitor)).toMatchObject({ id, cart: "tea" });
      await sleep(15);
    }
    await change;
    expect(visitor.jar).toBe(jar);
    expect(await dataOf(visitor)).toMatchObject({ id, passport: { user: "bob" } });
  });

  it("follows another user, and a log-out that only takes the user away", async () => {
    const visitor = await visitorOf();
    const { id } = await dataOf(visitor, "/user=ada/cart=tea");
    expect(await dataOf(visitor, "/user=bob")).toMatchObject({ id, cart: "tea" });
    expect(await listed("ada")).toEqual([]);
    expect(await listed("bob")).toHaveLength(1);
    expect(await dataOf(visitor, "/user=")).toMatchObject({ id });
    expect(await listed("bob")).toEqual([]);
    expect(await dataOf(visitor)).toMatchObject({ id, cart: "tea", passport: {} });
  });

  it("counts against the manager's limit: the log-in's save fails", async () => {
    sessions = createSessions<Data>({ store, limit: { perSubject: 1 } });
    expect((await (await visitorOf()).get("/user=ada/save")).status).toBe(200);
    const second = await (await visitorOf()).get("/user=ada/save");
    expect(second.status).toBe(500);
    expect(second.headers["set-cookie"]).toBeUndefined();
  });
});

describe("how long it lasts", () => {
  const seconds = async (visitor: Visitor): Promise<number> => {
    const { id } = await dataOf(visitor);
    const kept = await sessions.reach({ alias: `express-session:${String(id)}` }, { touch: false });
    return Math.round((Number(kept?.expiresAt) - Date.now()) / 1000);
  };

  it("is maxAge without activity, or the manager's idle time without one; longer and shorter later", async () => {
    expect(await seconds(await logged(await visitorOf()))).toBe(1800);
    const visitor = await logged(await visitorOf({ cookie: { maxAge: 7_200_000 } }));
    expect(await seconds(visitor)).toBe(7200);
    for (const user of ["", "user=ada/"]) {
      await visitor.get(`/${user}cart=tea/maxAge=10800000`);
      expect(await seconds(visitor)).toBe(10_800);
      expect(await dataOf(visitor)).toMatchObject({ cart: "tea", cookie: { originalMaxAge: 10_800_000 } });
      await visitor.get("/maxAge=7200000/b=1");
    }
  });

  it("ends at a maxAge that is shorter than the manager's idle time, unless there is activity", async () => {
    for (const options of [{ sessions }, { store: memoryStore() }] satisfies SessionOptions[]) {
      const visitor = await visitorOf({ ...options, cookie: { maxAge: 400 } });
      const { id } = await dataOf(visitor, "/cart=tea");
      for (let n = 0; n < 6; n += 1) {
        await sleep(150);
        expect(await dataOf(visitor)).toMatchObject({ id, cart: "tea" });
      }
      for (let n = 0; n < 6; n += 1) {
        await sleep(150);
        expect(await dataOf(visitor, `/n=${n}`)).toMatchObject({ id, cart: "tea" });
      }
      await sleep(500);
      const after = await dataOf(visitor);
      expect(after).not.toHaveProperty("cart");
      expect(after["id"]).not.toBe(id);
    }
  });

  it("of a store that is given alone: what has run out is swept away", async () => {
    const own = memoryStore();
    const { sessions: manager, sweep } = ownManager(own, 20);
    expect(sweep).toBeTypeOf("function");
    await manager.create();
    await sleep(60);
    await manager.run();
    await manager.close();
    expect(own.find({ kind: "main:web" }).records.every(({ ended }) => ended !== undefined)).toBe(true);
  });

  async function logged(visitor: Visitor): Promise<Visitor> {
    await visitor.get("/a=1");
    return visitor;
  }
});

describe("what is kept", () => {
  it("is one field for each property, of the id only a digest; names that Sojourn reserves included", async () => {
    const visitor = await visitorOf();
    const { id } = await dataOf(visitor, "/cart=tea/$price=1/~x=2");
    const [record] = store.find({ kind: "main:web" }).records;
    expect(Object.keys(record?.fields ?? {}).filter((name) => !name.startsWith("$"))).toEqual(expect.arrayContaining(["cart", "~$price", "~~x", "cookie"]));
    expect(JSON.stringify(record)).not.toContain(id);
    expect(await dataOf(visitor)).toMatchObject({ cart: "tea", $price: "1", "~x": "2" });
  });

  it("is what JSON keeps of it, as on other stores: dates become text", async () => {
    const middleware = session({ secret: "x", resave: false, saveUninitialized: false, sessions });
    const { port } = await here.listen((request, response) =>
      middleware(request, response, () => {
        const { session: current } = request as Request;
        current["at"] ??= new Date(0);
        current["map"] ??= new Map([[1, 2]]);
        current["nan"] ??= Number.NaN;
        response.end(JSON.stringify([current["at"], current["map"], current["nan"]]));
      }),
    );
    const answers = [await fetch(`http://127.0.0.1:${port}/`), undefined];
    const cookie = answers[0]?.headers.get("set-cookie")?.split(";")[0] ?? "";
    answers[1] = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } });
    expect(await answers[1].json()).toEqual(["1970-01-01T00:00:00.000Z", {}, null]);
  });

  it("writes nothing when nothing was changed, even with resave", async () => {
    let commits = 0;
    const counting = { ...store, commit: (change: Parameters<Memory["commit"]>[0]) => ((commits += 1), store.commit(change)) };
    sessions = createSessions<Data>({ store: counting });
    const visitor = await visitorOf({ resave: true });
    await visitor.get("/a=1");
    commits = 0;
    for (let n = 0; n < 5; n += 1) await visitor.get("/");
    await visitor.get("/a=1");
    expect(commits).toBe(0);
  });

  it("a broken store is 503 when the session is read, and no cookie when it is written", async () => {
    let broken = false;
    const failing = { ...store, find: (...args: Parameters<Memory["find"]>) => (broken ? Promise.reject(new Error("down")) : store.find(...args)) };
    sessions = createSessions<Data>({ store: { ...failing, commit: (change) => (broken ? Promise.reject(new Error("down")) : store.commit(change)) } });
    const visitor = await visitorOf();
    await visitor.get("/a=1");
    broken = true;
    expect((await visitor.get("/")).status).toBe(503);
    visitor.jar = "";
    const fresh = await visitor.get("/a=1");
    expect(fresh.status).toBe(200);
    expect(fresh.headers["set-cookie"]).toBeUndefined();
  });
});

describe("req.sessionStore", () => {
  const asked = <Value>(ask: (done: (error?: unknown, value?: Value) => void) => unknown): Promise<Value | undefined> =>
    new Promise((resolve, reject) =>
      ask((error, value) => (error === null || error === undefined ? resolve(value) : reject(new Error("The store failed.", { cause: error })))),
    );

  it("answers as other stores do", async () => {
    let own: Store | undefined;
    const middleware = session({ secret: "x", resave: false, saveUninitialized: false, sessions });
    const { visitor } = await here.listen((request, response) =>
      middleware(request, response, () => {
        own = (request as Request).sessionStore;
        void act(request as Request, response);
      }),
    );
    const [one, two] = [visitor(), visitor()];
    const { id } = await dataOf(one, "/cart=tea");
    await two.get("/cart=milk");
    await sessions.create({ data: { notOurs: true } });
    const kept = own as Required<Store>;
    const sid = String(id);
    expect(await asked<StoredSession | null>((done) => kept.get(sid, done))).toMatchObject({ cart: "tea", cookie: { originalMaxAge: null } });
    expect(await asked((done) => kept.get("none", done))).toBeNull();
    await asked((done) => kept.set(sid, { cart: "more", other: 1, cookie: { originalMaxAge: null } }, done));
    expect(await dataOf(one)).toMatchObject({ cart: "more", other: 1 });
    await asked((done) => kept.set("made", { made: 1, cookie: { originalMaxAge: 60_000 } }, done));
    await asked((done) => kept.touch("made", { cookie: {} }, done));
    expect(await asked<number>((done) => kept.length(done))).toBe(3);
    const all = (await asked<StoredSession[]>((done) => kept.all(done as never))) ?? [];
    expect(all.map(({ cart, made }) => String(cart ?? made)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["1", "milk", "more"]);
    expect(await asked<Session>((done) => kept.load("made", done))).toMatchObject({ id: "made", made: 1 });
    await asked((done) => kept.destroy("made", done));
    await asked((done) => kept.destroy(String(all.find(({ cart }) => cart === "milk")?.["id"]), done));
    expect(await dataOf(two)).not.toHaveProperty("cart");
    expect(await asked<number>((done) => kept.length(done))).toBe(1);
    await asked((done) => kept.clear(done));
    expect(await asked<number>((done) => kept.length(done))).toBe(0);
  });
});

describe("moving from another store", () => {
  async function moving(): Promise<{ old: MemoryStore; before: Visitor; now: Visitor; sid: string }> {
    const old = new MemoryStore();
    const before = await visitorOf({ store: old });
    const { id } = await dataOf(before, "/user=ada/cart=tea");
    const now = await visitorOf({ sessions, migrateFrom: old });
    now.jar = before.jar;
    return { old, before, now, sid: String(id) };
  }

  it("takes a session over once, whole, with its id, and nobody is logged out", async () => {
    const { old, now, sid } = await moving();
    const all = await Promise.all(Array.from({ length: 8 }, () => dataOf(now)));
    for (const each of all) expect(each).toMatchObject({ id: sid, passport: { user: "ada" }, cart: "tea" });
    expect(old.sessions).toEqual({});
    expect(await listed("ada")).toHaveLength(1);
  });

  it("does not bring back what was ended here, also when the other store still has it", async () => {
    const { old, now } = await moving();
    const kept = { ...old.sessions };
    await now.get("/a=1");
    const { jar } = now;
    old.sessions = { ...kept };
    await now.get("/destroy");
    now.jar = jar;
    expect(await dataOf(now)).not.toHaveProperty("cart");
  });

  it("nor when it was taken over, and ended, between another's reading and claiming it", async () => {
    const { old, now, sid } = await moving();
    const { get } = old;
    let reads = 0;
    old.get = (id, answer) => {
      reads += 1;
      // The slow one has its answer; then the others come and go.
      if (reads === 1) get.call(old, id, (error, found) => void setTimeout(() => answer(error, found), 150));
      else get.call(old, id, answer);
    };
    const slow = dataOf(now);
    await sleep(30);
    const other = await visitorOf({ sessions, migrateFrom: old });
    other.jar = now.jar;
    await other.get("/");
    await other.get("/destroy");
    const late = await slow;
    expect(late["id"]).not.toBe(sid);
    expect(late).not.toHaveProperty("cart");
    expect(await listed("ada")).toEqual([]);
  });

  it("leaves it where it is when the other store cannot give it up", async () => {
    const { old, now, before } = await moving();
    const { destroy } = old;
    old.destroy = (_sid, answer) => answer?.(new Error("stays"));
    expect(await now.get("/")).toMatchObject({ status: 500, body: "stays" });
    expect(await dataOf(before)).toMatchObject({ cart: "tea" });
    old.destroy = destroy;
    now.jar = before.jar;
    expect(await dataOf(now)).toMatchObject({ cart: "tea" });
  });
});
