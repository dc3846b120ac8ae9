import { connect } from "node:net";
import { createSessions, type Sessions, type Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { allOf, messagesOf, oneRoute } from "../one-route.fixture.ts";
import { openStore } from "../open-store.ts";
import { testServer, type TestServer } from "../server.fixture.ts";
import { revokeEverything } from "./revoke-everything.ts";

let server: TestServer;
/** Managers of another process, as far as they know: on the same store, with memories of their own. */
let elsewhere: (tenant: string) => Sessions<Record<string, unknown>>;
const keys: Record<string, string> = {};
beforeAll(async () => {
  server = await testServer();
  const store = openStore(server.data);
  later(() => store.close());
  elsewhere = (tenant) => createSessions({ store, tenant, kind: "api" });
});
afterAll(cleanUp);

/** A tenant of the test's own, and the Authorization header of its operator. */
async function tenantOf(name: string): Promise<Sessions<Record<string, unknown>>> {
  const key = newKey();
  await server.keys.add(key, { name: `ops of ${name}`, role: "operator", tenant: name });
  keys[name] = `Bearer ${key}`;
  return elsewhere(name);
}

async function revoke(tenant: string, body: object = {}): Promise<Response> {
  return fetch(`${server.address}/v1/revocations`, {
    method: "POST",
    headers: { Authorization: keys[tenant] ?? "", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** How many of each kind have ended by somebody's name. */
async function endedBy(sessions: Sessions<Record<string, unknown>>, kind = "api"): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const { ended } of sessions.list({ kind })) {
    const by = ended === undefined ? "live" : (ended.by ?? ended.reason);
    counts[by] = (counts[by] ?? 0) + 1;
  }
  return counts;
}

test("nothing is good from the first message on, also at another process, within its lag; then each is ended by itself", async () => {
  const sessions = await tenantOf("one");
  const other = elsewhere("one");
  const made = await Promise.all(Array.from({ length: 300 }, (_, n) => sessions.create({ kind: n % 3 === 0 ? "web" : "api", subject: `u${n}` })));
  const last = made.at(-1)!;
  expect(await other.resume(last.token!)).toBeDefined();
  const messages = messagesOf(await revoke("one"), "POST");
  const { issuedBefore } = (await messages.next()).value as { issuedBefore: number };
  const began = performance.now();
  await expect.poll(async () => other.resume(last.token!), { timeout: 10_000 }).toBeUndefined();
  // floorLag is 1 s; five times that.
  expect(performance.now() - began).toBeLessThan(5_000);
  const rest: Record<string, unknown>[] = [];
  for await (const message of messages) rest.push(message);
  const counts = rest.map(({ ended }) => ended as number);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(rest.at(-1)).toMatchObject({ done: true });
  expect(counts.at(-1)).toBeGreaterThanOrEqual(299);
  expect(issuedBefore).toBeLessThanOrEqual(Date.now());
  expect((await endedBy(other))["live"]).toBeUndefined();
  expect((await endedBy(other, "web"))["ops of one"]).toBe(100);
  expect(server.logged.join("\n")).toContain(JSON.stringify(["revoking everything", { by: "ops of one", tenant: "one", issuedBefore }]));
});

test("who loses the network right after the first message has ended everything all the same", async () => {
  const sessions = await tenantOf("two");
  for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 100 }, () => sessions.create({})));
  const { hostname, port } = new URL(server.address);
  const socket = connect(Number(port), hostname);
  const head = [`Host: ${hostname}`, `Authorization: ${keys["two"]}`, "Content-Type: application/json", "Content-Length: 2"].join("\r\n");
  socket.write(`POST /v1/revocations HTTP/1.1\r\n${head}\r\n\r\n{}`);
  await new Promise<void>((resolve) => {
    let text = "";
    socket.on("data", (part) => {
      text += String(part);
      if (!text.includes("issuedBefore")) return;
      socket.destroy();
      resolve();
    });
  });
  await expect.poll(async () => endedBy(sessions), { timeout: 20_000 }).toEqual({ "ops of two": 1_000 });
});

test("what was issued at the moment or later is spared, and so is another tenant", async () => {
  const sessions = await tenantOf("three");
  const neighbours = await tenantOf("four");
  const theirs = await neighbours.create({});
  const old = await sessions.create({});
  await new Promise((resolve) => setTimeout(resolve, 5));
  const issuedBefore = Date.now();
  const fresh = await sessions.create({});
  expect((await allOf(await revoke("three", { issuedBefore }), "POST"))[0]).toEqual({ issuedBefore });
  const other = elsewhere("three");
  expect([await other.resume(old.token!), (await other.resume(fresh.token!))?.id]).toEqual([undefined, fresh.id]);
  expect((await elsewhere("four").resume(theirs.token!))?.id).toBe(theirs.id);
});

test("a moment that has not come is refused by name", async () => {
  const sessions = await tenantOf("five");
  const { token } = await sessions.create({});
  const answer = await revoke("five", { issuedBefore: Date.now() + 60_000 });
  expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ code: "invalid_request", field: "issuedBefore" })]);
  expect(await elsewhere("five").resume(token!)).toBeDefined();
});

test("two at once each come to their end, and together end each once", async () => {
  const sessions = await tenantOf("six");
  await Promise.all(Array.from({ length: 300 }, () => sessions.create({})));
  await new Promise((resolve) => setTimeout(resolve, 2));
  const runs = await Promise.all([revoke("six"), revoke("six")].map(async (answer) => allOf(await answer, "POST")));
  expect(runs.map((messages) => messages.at(-1)!["done"])).toEqual([true, true]);
  expect(runs.reduce((sum, messages) => sum + (messages.at(-1)!["ended"] as number), 0)).toBe(300);
});

describe("on a slow store", () => {
  /** Each page of a listing waits until it is let through. */
  function gated(inner: Store): { store: Store; finds: () => number; go: (pages: number) => void; break: () => void } {
    let finds = 0;
    let open = 0;
    let broken = false;
    const waiting: (() => void)[] = [];
    const store = Object.assign(Object.create(inner) as Store, {
      async find(...given: Parameters<Store["find"]>) {
        finds++;
        if (open > 0) open--;
        else await new Promise<void>((resolve) => waiting.push(resolve));
        if (broken) throw new Error("gone");
        return inner.find(...given);
      },
    });
    const go = (pages: number): void => {
      open += pages;
      while (open > 0 && waiting.length > 0) {
        open--;
        waiting.shift()?.();
      }
    };
    return { store, finds: () => finds, go, break: () => (broken = true) };
  }

  async function begun(): Promise<{
    gate: ReturnType<typeof gated>;
    one: Awaited<ReturnType<typeof oneRoute>>;
    inner: Store;
    messages: ReturnType<typeof messagesOf>;
  }> {
    const inner = memoryStore();
    const sessions = createSessions({ store: inner, kind: "api" });
    for (let n = 0; n < 1_000; n++) await sessions.create({});
    await new Promise((resolve) => setTimeout(resolve, 2));
    const gate = gated(inner);
    const one = await oneRoute(gate.store, revokeEverything);
    const answer = await fetch(`${one.address}/v1/revocations`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    return { gate, one, inner, messages: messagesOf(answer, "POST") };
  }

  test("how many have ended is told now and then, and a listing shows all as ended from the beginning", async () => {
    const { gate, one, messages } = await begun();
    expect((await messages.next()).value).toHaveProperty("issuedBefore");
    gate.go(1);
    const { ended } = (await messages.next()).value as { ended: number };
    expect(ended).toBeGreaterThan(0);
    expect(ended).toBeLessThan(1_000);
    gate.go(1_000);
    expect(new Set((await one.sessions.page({ kind: "api" }, { limit: 1_000 })).sessions.map((info) => info.ended?.reason))).toEqual(new Set(["revoked"]));
    for await (const message of messages) if (message["done"] === true) expect(message).toEqual({ done: true, ended: 1_000 });
  });

  test("a server that stops waits for the page under way and no longer; the floor stands", async () => {
    const { gate, one, inner, messages } = await begun();
    await messages.next();
    await expect.poll(() => gate.finds()).toBe(1);
    let stopped = false;
    const stopping = one.background.stop().then(() => (stopped = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stopped).toBe(false);
    gate.go(1);
    await stopping;
    expect(gate.finds()).toBe(1);
    const rest: unknown[] = [];
    for await (const message of messages) rest.push(message);
    expect(rest.some((message) => (message as { done?: true }).done === true)).toBe(false);
    const { records } = await inner.find({ kind: "main:api" }, { limit: 1_000 });
    expect(records.filter(({ ended }) => ended === undefined).length).toBeGreaterThan(500);
    expect(one.logged.join("\n")).toContain('"over":"broken off"');
  });

  test("a store that breaks behind the floor ends the stream without the end's message, and the log says so", async () => {
    const { gate, one, messages } = await begun();
    await messages.next();
    gate.break();
    gate.go(1);
    const rest: unknown[] = [];
    for await (const message of messages) rest.push(message);
    expect(rest).toEqual([]);
    expect(one.logged.join("\n")).toContain("broke off behind its floor");
  });

  test("kinds of the settings and kinds that were heard of are ended one by one; of others nothing is good either", async () => {
    const one = await oneRoute(memoryStore(), revokeEverything);
    const made = await Promise.all(["api", "web", "sms", "heard", "unheard"].map((kind) => one.sessions.create({ kind })));
    await new Promise((resolve) => setTimeout(resolve, 2));
    const answer = await fetch(`${one.address}/v1/revocations`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    expect((await allOf(answer, "POST")).at(-1)).toEqual({ done: true, ended: 4 });
    expect(await Promise.all(made.map(async ({ token }) => one.sessions.resume(token!)))).toEqual(made.map(() => undefined));
  });

  test("a floor that cannot be written is a 503 and no stream", async () => {
    const inner = memoryStore();
    const store = Object.assign(Object.create(inner) as Store, { commit: () => Promise.reject(new Error("full disk")) });
    const one = await oneRoute(store, revokeEverything);
    const answer = await fetch(`${one.address}/v1/revocations`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([503, "application/problem+json"]);
    await answer.text();
  });
});
