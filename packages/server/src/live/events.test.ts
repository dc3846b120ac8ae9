import { connect } from "node:net";
import { createSessions } from "sojourn";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { defaultPolicy } from "../config.ts";
import { newKey } from "../keys.ts";
import { openStore } from "../open-store.ts";
import { testServer, type TestServer } from "../server.fixture.ts";
import { listen as listening, type Heard } from "./heard.fixture.ts";

const open: Heard[] = [];
const listen = async (...given: Parameters<typeof listening>): Promise<Heard> => {
  const heard = await listening(...given);
  open.push(heard);
  return heard;
};
afterEach(() => open.splice(0).forEach((heard) => heard.close()));
afterAll(cleanUp);

let server: TestServer;
let operator: { address: string; authorization: string };
let key: string;
beforeAll(async () => {
  server = await testServer({ policy: { ...defaultPolicy, rate: undefined } });
  key = await keyFor("operator");
  operator = { address: server.address, authorization: `Bearer ${key}` };
});

async function keyFor(role: "operator" | "admin", tenant = "main"): Promise<string> {
  const made = newKey();
  await server.keys.add(made, { name: `${role} of ${tenant}`, role, tenant });
  return made;
}

const as = (authorization: string): { address: string; authorization: string } => ({ address: server.address, authorization: `Bearer ${authorization}` });

test("what happens to sessions is told as messages of an event stream, each with an id, its type and one line of JSON", async () => {
  const heard = await listen(operator, "/v1/events");
  expect(heard.status).toBe(200);
  expect(heard.headers).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  await vi.waitFor(() => expect(heard.text).toBe(":\n\n"));
  const { id, token } = await server.begin({ kind: "web", subject: "ada\n\n\u2028x" });
  await server.call("PATCH", "/v1/session", { token, body: { set: { a: 1 } } });
  await server.call("DELETE", `/v1/sessions/${id}`);
  await heard.until(3);
  expect(heard.messages).toEqual([
    { eventId: expect.any(String) as string, type: "created", id, kind: "web", subject: "ada\n\n\u2028x", version: 1 },
    { eventId: expect.any(String) as string, type: "changed", id, kind: "web", subject: "ada\n\n\u2028x", version: 2 },
    {
      eventId: expect.any(String) as string,
      type: "ended",
      id,
      kind: "web",
      subject: "ada\n\n\u2028x",
      version: 3,
      ended: { at: expect.any(Number) as number, reason: "revoked", by: expect.any(String) as string },
    },
  ]);
  const [, first = ""] = heard.text.split("\n\n");
  expect(first.split("\n").map((line) => line.split(": ")[0])).toEqual(["id", "event", "data"]);
  expect(first).toContain(`id: ${String(heard.messages[0]?.["eventId"])}\nevent: created\n`);
  expect(heard.text).not.toContain(token);
});

test("of one kind alone; nothing of another tenant's", async () => {
  const other = await keyFor("admin", "two");
  const [all, sms, theirs] = await Promise.all([listen(operator, "/v1/events"), listen(operator, "/v1/events?kind=sms"), listen(as(other), "/v1/events")]);
  const { id: first } = await server.begin({ kind: "web" });
  await server.call("POST", "/v1/sessions", { body: { kind: "web" }, headers: { Authorization: `Bearer ${other}` } });
  const { id: second } = await server.begin({ kind: "sms" });
  await Promise.all([all.until(2), sms.until(1), theirs.until(1)]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(all.messages.map(({ id }) => id)).toEqual([first, second]);
  expect(sms.messages.map(({ id }) => id)).toEqual([second]);
  expect(theirs.messages).toHaveLength(1);
  expect([first, second]).not.toContain(theirs.messages[0]?.["id"]);
});

test("who was away is told what came meanwhile, once, and then what comes, however they say where they were", async () => {
  const first = await listen(operator, "/v1/events");
  const { id: zero } = await server.begin();
  await first.until(1);
  first.close();
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push((await server.begin()).id);
  const after = first.lastId ?? "";
  const again = await Promise.all([
    listen(operator, "/v1/events", { "Last-Event-ID": after }),
    listen(operator, `/v1/events?after=${after}`),
    listen(operator, "/v1/events?after=nonsense", { "Last-Event-ID": after }),
  ]);
  await Promise.all(again.map((heard) => heard.until(5)));
  for (let n = 0; n < 3; n++) ids.push((await server.begin()).id);
  await Promise.all(again.map((heard) => heard.until(8)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const heard of again) expect(heard.messages.map(({ id }) => id)).toEqual(ids);
  expect(ids).not.toContain(zero);
});

test("after an id that says nothing, the endings that are kept are told again, of every kind, without an id", async () => {
  const { id } = await server.begin({ kind: "sms" });
  await server.call("DELETE", `/v1/sessions/${id}`);
  const heard = await listen(operator, "/v1/events?after=nonsense&kind=sms");
  await heard.until(1);
  await vi.waitFor(() => expect(heard.messages).toContainEqual(expect.objectContaining({ type: "ended", id })));
  expect(heard.messages[0]).not.toHaveProperty("eventId");
  const { id: next } = await server.begin({ kind: "sms" });
  await vi.waitFor(() => expect(heard.messages.at(-1)).toMatchObject({ type: "created", id: next }));
});

test("a Last-Event-ID that is none is refused; HEAD opens nothing; those who may not listen do not", async () => {
  expect(await listen(operator, "/v1/events", { "Last-Event-ID": "a b" })).toMatchObject({ status: 400 });
  const headed = await fetch(`${server.address}/v1/events`, { method: "HEAD", headers: { Authorization: operator.authorization } });
  expect([headed.status, headed.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  expect((await server.call("GET", "/v1/events?kind=a%20b")).status).toBe(400);
  expect((await fetch(`${server.address}/v1/events`)).status).toBe(401);
});

test("a revoked key's streams end within seconds, others go on", async () => {
  const mine = newKey();
  const { id } = await server.keys.add(mine, { name: "soon gone", role: "operator" });
  const [gone, stays] = await Promise.all([listen(as(mine), "/v1/events"), listen(operator, "/v1/events")]);
  await server.keys.revoke(id);
  await gone.over;
  const { id: next } = await server.begin();
  await stays.until(1);
  expect(stays.messages.map((message) => message["id"])).toEqual([next]);
  expect(gone.messages).toEqual([]);
});

test("a listener that never reads is let go: memory stays bounded, and others hear everything", { timeout: 60_000 }, async () => {
  const heard = await listen(operator, "/v1/events");
  const deaf = connect(Number(new URL(server.address).port), "127.0.0.1");
  later(() => void deaf.destroy());
  deaf.on("error", () => undefined);
  await new Promise<void>((resolve) => deaf.once("connect", () => resolve()));
  deaf.pause();
  deaf.write(`GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n\r\n`);
  const listeners = async (): Promise<unknown> =>
    (await server.call("GET", "/v1/now", { headers: { Authorization: operator.authorization } })).body["listeners"];
  await vi.waitFor(async () => expect(await listeners()).toBe(2));
  const store = openStore(server.data);
  later(() => store.close());
  const sessions = createSessions({ store, kind: "api" });
  const before = process.memoryUsage().rss;
  let most = before;
  let made = 0;
  // A long subject makes each event about 2 kB; the kernel alone takes some megabytes before anything waits here.
  const subject = "\u20ac".repeat(500);
  while ((await listeners()) === 2 && made < 20_000) {
    for (let n = 0; n < 10; n++) {
      await Promise.all(Array.from({ length: 50 }, () => sessions.create({ subject: `${subject}${made++}` })));
      // Each takes its turn.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    most = Math.max(most, process.memoryUsage().rss);
  }
  expect(await listeners()).toBe(1);
  expect(most - before).toBeLessThan(300_000_000);
  await heard.until(made);
  expect(new Set(heard.messages.map(({ id }) => id)).size).toBe(made);
});
