import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, chownSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import connectPgSimple from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import original from "express-session";
import pg from "pg";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { memoryStore } from "../../stores/memory/memory.ts";
import { session, type ConnectStore, type Session, type SessionOptions, type SessionRequest } from "./express-session.ts";
import { site, type Visitor } from "./visitor.fixture.ts";

/** A real engine for the length of a test file. */
interface Engine {
  /** A store as the application makes it; each has its own connection to the engine. */
  newStore(): ConnectStore;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function found(program: string, ...folders: readonly string[]): string | undefined {
  return [...folders, ...(process.env["PATH"] ?? "").split(":")].map((folder) => join(folder, program)).find((path) => existsSync(path));
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((done) => child.once("exit", done));
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGINT");
  await gone;
}

async function redisEngine(program: string): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-redis-"));
  const port = await freePort();
  const child = spawn(program, ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"], { stdio: "ignore" });
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => undefined);
  await client.connect();
  return {
    newStore: () => new RedisStore({ client }) as unknown as ConnectStore,
    async stop() {
      await client.close();
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: then it runs as the user that Debian's package has for it. */
async function postgresEngine(bin: string): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-postgres-"));
  const root = process.getuid?.() === 0;
  const id = (which: "-u" | "-g"): number => Number(execFileSync("id", [which, "postgres"], { encoding: "utf8" }));
  const user = root ? { uid: id("-u"), gid: id("-g") } : {};
  if (root) chownSync(folder, id("-u"), id("-g"));
  const data = join(folder, "data");
  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], { ...user, stdio: "ignore", cwd: folder });
  const port = await freePort();
  const child = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`, "-c", "fsync=off"],
    {
      ...user,
      stdio: "ignore",
      cwd: folder,
    },
  );
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
  pool.on("error", () => undefined);
  await vi.waitFor(() => pool.query("select 1"), { timeout: 15_000, interval: 100 });
  const PostgresStore = connectPgSimple(session);
  await pool.query(readFileSync(new URL("../../../../../node_modules/connect-pg-simple/table.sql", import.meta.url), "utf8"));
  return {
    newStore: () => new PostgresStore({ pool, pruneSessionInterval: false }) as unknown as ConnectStore,
    async stop() {
      await pool.end();
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const postgresBin = (existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql").map((version) => `/usr/lib/postgresql/${version}/bin`) : []).at(-1);
const redis = found("redis-server");
const postgres = found("initdb", ...(postgresBin === undefined ? [] : [postgresBin]));
const engines: readonly { readonly name: string; readonly missing: string | undefined; start(): Promise<Engine> }[] = [
  {
    name: "connect-redis 9 and Redis",
    missing: redis === undefined ? "needs redis-server (apt-get install redis-server)" : undefined,
    start: () => redisEngine(redis as string),
  },
  {
    name: "connect-pg-simple 10 and PostgreSQL",
    missing: postgres === undefined ? "needs PostgreSQL (apt-get install postgresql)" : undefined,
    start: () => postgresEngine((postgres as string).replace(/\/initdb$/, "")),
  },
];

type Middleware = (request: SessionRequest, response: Parameters<RequestListener>[1], next: (error?: unknown) => void) => void;
const options: SessionOptions = { secret: "keyboard cat", resave: false, saveUninitialized: false, cookie: { maxAge: 3_600_000 } };
const theirs = (store: ConnectStore): Middleware =>
  original({ ...(options as original.SessionOptions), store: store as unknown as original.Store }) as unknown as Middleware;
const ours = (store: ConnectStore, more: SessionOptions = {}): Middleware => session({ ...options, store, ...more });

function listener(middleware: Middleware): RequestListener {
  return (request: SessionRequest, response) =>
    middleware(request, response, (error) => {
      if (error !== undefined) return void response.writeHead(500).end((error as Error).message);
      const current = request.session as Session;
      const [verb, name = "", wait = "0"] = (request.url ?? "").slice(1).split("/");
      void sleep(Number(wait)).then(() => {
        if (verb === "set") current[name] = Number(current[name] ?? 0) + 1;
        if (verb === "destroy") return current.destroy(() => response.end("{}"));
        return void response.end(JSON.stringify({ ...(request.session as object | undefined), cookie: undefined }));
      });
    });
}

describe.each(engines)("$name", ({ missing, start }) => {
  const here = site();
  let engine: Engine | undefined;
  beforeAll(async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    if (missing === undefined) engine = await start();
  }, 60_000);
  afterEach(() => here.close());
  afterAll(async () => {
    await engine?.stop();
  });
  const visitorOf = async (middleware: Middleware): Promise<Visitor> => (await here.listen(listener(middleware))).visitor();
  const read = async (visitor: Visitor): Promise<unknown> => JSON.parse((await visitor.get("/")).body);

  it("cookies and sessions of express-session go on, and back", async ({ skip }) => {
    skip(missing !== undefined, missing);
    const newStore = (engine as Engine).newStore;
    const before = await visitorOf(theirs(newStore()));
    await before.get("/set/a");
    const now = await visitorOf(ours(newStore()));
    now.jar = before.jar;
    expect(await read(now)).toEqual({ a: 1 });
    await now.get("/set/a");
    await now.get("/set/b");
    expect(now.jar).toBe(before.jar);
    expect(await read(before)).toEqual({ a: 2, b: 1 });
    await now.get("/set/c");
    before.jar = now.jar;
    expect(await read(before)).toEqual({ a: 2, b: 1, c: 1 });
    expect((await before.get("/destroy")).status).toBe(200);
    expect(await read(now)).toEqual({});
  });

  it("parallel requests lose nothing, and a log-out is final, which both were not", async ({ skip }) => {
    skip(missing !== undefined, missing);
    for (const [use, expected] of [
      [theirs, [{ b: 1 }, { a: 1 }]],
      [ours, [{ a: 1, b: 1 }, {}]],
    ] as const) {
      const visitor = await visitorOf(use((engine as Engine).newStore()));
      await visitor.get("/set/x");
      const { jar } = visitor;
      await Promise.all([visitor.get("/set/a/50"), visitor.get("/set/b/120")]);
      expect(await read(visitor)).toEqual({ x: 1, ...expected[0] });
      visitor.jar = "";
      await visitor.get("/set/x");
      const loggedIn = visitor.jar;
      const slow = visitor.get("/set/a/120");
      await sleep(40);
      await visitor.get("/destroy");
      await slow;
      visitor.jar = loggedIn;
      expect(await read(visitor)).toEqual(expected[1]["a"] === undefined ? {} : { x: 1, ...expected[1] });
      visitor.jar = jar;
    }
  });

  it("moves to a Sojourn store, session by session", async ({ skip }) => {
    skip(missing !== undefined, missing);
    const old = (engine as Engine).newStore();
    const before = await visitorOf(theirs(old));
    await before.get("/set/a");
    const now = await visitorOf(session({ ...options, store: memoryStore(), migrateFrom: old }));
    now.jar = before.jar;
    await now.get("/set/a");
    expect(await read(now)).toEqual({ a: 2 });
    expect(await read(before)).toEqual({});
  });
});

it("says at the start what remains between processes, once, and nothing of its own memory store", async () => {
  vi.resetModules();
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  warned.mockClear();
  const fresh = (await import("./express-session.ts")).session;
  class FileStore extends fresh.MemoryStore {}
  fresh(options);
  fresh({ ...options, store: new fresh.MemoryStore() });
  expect(warned).not.toHaveBeenCalled();
  const store = { get: vi.fn(), set: vi.fn(), destroy: vi.fn() };
  fresh({ ...options, store });
  fresh({ ...options, store: new FileStore() });
  expect(warned.mock.calls).toEqual([
    [expect.stringMatching(/^Object is a store.*Between processes two moments remain/), expect.objectContaining({ code: "SOJOURN_CONNECT_STORE" })],
  ]);
});
