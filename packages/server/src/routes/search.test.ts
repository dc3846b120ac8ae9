import { Hono } from "hono";
import { connect } from "node:net";
import { createSessions, type Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { allOf, messagesOf, oneRoute, type OneRoute } from "../one-route.fixture.ts";
import type { Api, Known } from "./route.ts";
import { searchSessions } from "./search.ts";

afterEach(cleanUp);

/** A store that counts what is read by listing, and reads as slowly as it is told to. */
interface Counted extends Store {
  finds: number;
  slow: number;
  broken: boolean;
}

function counted(inner: Store): Counted {
  const store: Counted = Object.assign(Object.create(inner) as Counted, {
    finds: 0,
    slow: 0,
    broken: false,
    async find(...given: Parameters<Store["find"]>) {
      store.finds++;
      if (store.slow > 0) await new Promise((resolve) => setTimeout(resolve, store.slow));
      if (store.broken) throw new Error("gone");
      return inner.find(...given);
    },
  });
  return store;
}

/** 12,000 sessions of `ada` of kind `api`, that many tests read. */
const many = memoryStore();
const agents = ["Mozilla/5.0 (X11; Linux) Firefox/140", "Mozilla/5.0 (iPhone) Safari/605", "curl/8"];
const total = 12_000;
beforeAll(async () => {
  const sessions = createSessions({ store: many, kind: "api" });
  for (let n = 0; n < total; n++)
    await sessions.create({ client: { address: `198.51.${n % 200}.7`, ...(n % 4 === 3 ? undefined : { agent: agents[n % 4]! }) } });
});

async function search(server: OneRoute, query: string, caller = "a", signal?: AbortSignal): Promise<Response> {
  return fetch(`${server.address}/v1/search?${query}`, { headers: { "X-Caller": caller }, ...(signal === undefined ? undefined : { signal }) });
}

describe("what is found", () => {
  test("is what has the parts asked for, in whatever case of the device", async () => {
    const server = await oneRoute(memoryStore(), searchSessions);
    const { sessions } = server;
    const make = async (subject: string, kind: string, address?: string, agent?: string): Promise<string> =>
      String((await sessions.create({ subject, kind, client: { ...(address && { address }), ...(agent && { agent }) } })).id);
    const one = await make("ada", "api", "203.0.113.9", "Mozilla/5.0 FIREFOX");
    const two = await make("ada", "web", "203.0.113.10", "curl/8");
    const three = await make("ben", "api", "2001:db8::9");
    const ended = await make("ben", "api", "203.0.113.9");
    await sessions.end({ id: ended });
    const found = async (query: string): Promise<unknown[]> =>
      (await allOf(await search(server, query))).flatMap(({ session }) => (session === undefined ? [] : [(session as { id: string }).id])).toSorted();
    const of = (...ids: string[]): string[] => ids.toSorted();
    expect(await found("subject=ada")).toEqual(of(one, two));
    expect(await found("subject=ada&kind=web")).toEqual(of(two));
    expect(await found("kind=api")).toEqual(of(one, three, ended));
    expect(await found("kind=api&address=113.9")).toEqual(of(one, ended));
    expect(await found("kind=api&address=113.9&live=true")).toEqual(of(one));
    expect(await found("kind=api&live=false")).toEqual(of(ended));
    expect(await found("kind=api&agent=firefox")).toEqual(of(one));
    expect(await found("kind=web&agent=CURL")).toEqual(of(two));
    const { created } = (await sessions.info({ id: three }))!;
    expect(await found(`kind=api&createdAfter=${created + 1_000}`)).toEqual([]);
    expect(await found(`kind=api&createdAfter=${created}`)).toContain(three);
    expect(await found(`kind=api&createdBefore=${created}`)).not.toContain(three);
    expect((await search(server, "address=1")).status).toBe(400);
  });

  test("is 10,000 at most, and then it says that there may be more", async () => {
    const server = await oneRoute(many, searchSessions);
    const messages = await allOf(await search(server, "kind=api"));
    expect(messages.filter(({ session }) => session !== undefined)).toHaveLength(10_000);
    expect(messages.at(-1)).toEqual({ done: true, looked: 10_000, found: 10_000, more: true });
  });
});

describe("how far it is", () => {
  test("is told every 5,000, and at the end", async () => {
    const server = await oneRoute(many, searchSessions);
    const messages = await allOf(await search(server, "kind=api&address=nowhere"));
    expect(messages.at(-1)).toEqual({ done: true, looked: total, found: 0 });
    const looked = messages.slice(0, -1).map((message) => message["looked"] as number);
    expect(looked.length).toBeGreaterThanOrEqual(2);
    for (const [i, at] of [...looked, total].entries()) expect(at - (looked[i - 1] ?? 0)).toBeLessThanOrEqual(5_000);
  });

  test("is told every half second while the store is slow", async () => {
    const store = counted(many);
    const server = await oneRoute(store, searchSessions);
    const stream = messagesOf(await search(server, "kind=api&address=nowhere"));
    store.slow = 1_200;
    const first = (await stream.next()).value as Record<string, unknown>;
    const second = (await stream.next()).value as Record<string, unknown>;
    expect([first, second]).toEqual([{ looked: expect.any(Number) as unknown }, first]);
    expect(store.finds).toBeLessThanOrEqual(3);
    await stream.return();
  });

  test("other requests get their turn meanwhile, though the store answers at once", async () => {
    const server = await oneRoute(many, searchSessions);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const { looked } = (await allOf(await search(server, "kind=api&address=nowhere"))).at(-1)!;
    clearInterval(timer);
    expect(looked).toBe(total);
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});

describe("a client that", () => {
  test("goes stops the reading", async () => {
    const store = counted(many);
    const server = await oneRoute(store, searchSessions);
    store.slow = 100;
    const { hostname, port } = new URL(server.address);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /v1/search?kind=api&address=nowhere HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    await expect.poll(() => store.finds).toBeGreaterThanOrEqual(2);
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = store.finds;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(store.finds).toBe(after);
    expect(after).toBeLessThan(total / 500);
  });

  test("does not read has nothing read for it", async () => {
    const store = counted(many);
    const server = await oneRoute(store, searchSessions);
    const app = new Hono<Known>();
    const route = searchSessions({ sessions: () => server.sessions, background: server.background } as unknown as Api, undefined as never);
    app.get("/", async (ask) => {
      ask.set("caller", { id: "a", name: "a", role: "admin", tenant: "main" });
      return (await route.answer(ask, { query: { kind: "api" } } as never)) as Response;
    });
    // Without a socket between, which would take much before it is full.
    const reader = (await app.request("/")).body!.getReader();
    for (let n = 0; n < 10; n++) await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(store.finds).toBe(1);
    await reader.cancel();
  });

  test("has four under way is refused a fifth until one is over; another is not", async () => {
    const store = counted(many);
    const server = await oneRoute(store, searchSessions);
    store.slow = 100;
    const leave = new AbortController();
    const open = [await search(server, "kind=api&address=nowhere", "a", leave.signal)];
    for (let n = 0; n < 3; n++) open.push(await search(server, "kind=api&address=nowhere"));
    const fifth = await search(server, "kind=api");
    expect([fifth.status, ((await fifth.json()) as { code: string }).code, fifth.headers.get("retry-after")]).toEqual([429, "too_many_requests", "1"]);
    const others = await search(server, "kind=api", "b");
    expect(others.status).toBe(200);
    await others.body?.cancel();
    leave.abort();
    await expect.poll(async () => statusOf(await search(server, "kind=api"))).toBe(200);
    // Neither a refused one nor HEAD keeps a place.
    for (let n = 0; n < 6; n++) await fetch(`${server.address}/v1/search?kind=api`, { method: "HEAD", headers: { "X-Caller": "c" } });
    expect(await statusOf(await search(server, "kind=api", "c"))).toBe(200);
    await Promise.all(open.slice(1).map(async ({ body }) => body?.cancel()));
  });
});

test("a store that breaks is a 503 at first; later the connection breaks, the log says why, and the place is free", async () => {
  const store = counted(many);
  const server = await oneRoute(store, searchSessions);
  store.broken = true;
  for (let n = 0; n < 5; n++) expect(await statusOf(await search(server, "kind=api"))).toBe(503);
  store.broken = false;
  await expect.poll(async () => statusOf(await search(server, "kind=api"))).toBe(200);
  for (let n = 0; n < 5; n++) {
    store.slow = 50;
    const answer = await search(server, "kind=api&address=nowhere");
    expect(answer.status).toBe(200);
    store.broken = true;
    await expect(allOf(answer)).rejects.toThrow();
    store.broken = false;
    store.slow = 0;
    await expect.poll(async () => statusOf(await search(server, "kind=api"))).toBe(200);
  }
  expect(server.logged.filter((line) => line.includes("the search broke off"))).toHaveLength(5);
});

test("a server that stops does not wait for it", async () => {
  const store = counted(many);
  const server = await oneRoute(store, searchSessions);
  store.slow = 50;
  const messages = allOf(await search(server, "kind=api&address=nowhere"));
  await server.background.stop();
  expect((await messages).some(({ done }) => done === true)).toBe(false);
});

async function statusOf(answer: Response): Promise<number> {
  await answer.body?.cancel();
  return answer.status;
}
