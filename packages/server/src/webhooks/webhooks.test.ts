import { createServer, type AddressInfo, type Socket } from "node:net";
import { createSessions } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { afterAll, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import type { Fields } from "../views.ts";
import { administered, endings, patient, type Administered } from "./administered.fixture.ts";
import { receiver } from "./receiver.fixture.ts";
import { webhooksOf } from "./webhooks.ts";

afterAll(cleanUp);

test("events come signed, in order, and no other tenant's; who was told is listed without the secret", { timeout: 60_000 }, async () => {
  const server = await administered();
  const target = await receiver();
  const { status, body: made } = await server.hook({ url: target.url });
  expect(status).toBe(201);
  const secret = String(made["secret"]);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(made).toMatchObject({ url: target.url, events: ["created", "ended"] });

  const other = newKey();
  await server.keys.add(other, { name: "other", role: "admin", tenant: "two" });
  await server.call("POST", "/v1/sessions", { headers: { Authorization: `Bearer ${other}` }, body: { subject: "eve" } });
  const id = await server.visit();
  const second = await server.visit("bob");
  await expect.poll(() => target.received.length, patient).toBe(4);
  const told = target.told(secret);
  expect(told.map(({ type, data }) => [type, data.id])).toEqual([
    ["session.created", id],
    ["session.ended", id],
    ["session.created", second],
    ["session.ended", second],
  ]);
  expect(told[1]?.data).toMatchObject({ type: "ended", kind: "api", subject: "ada", ended: { reason: "revoked", by: "admin" } });
  expect(Date.parse(told[0]?.timestamp ?? "")).toBeGreaterThan(Date.now() - 60_000);
  expect(new Set(target.received.map((each) => each.id)).size).toBe(4);
  expect(target.received[0]).toMatchObject({ method: "POST", headers: { "content-type": "application/json" } });

  await expect.poll(async () => (await server.hooks())[0]?.["last"], patient).toMatchObject({ ok: true, status: 204, failures: 0 });
  expect(JSON.stringify(await server.hooks())).not.toContain("whsec_");
  expect(server.logged.join()).not.toContain("whsec_");
  const theirs = await server.call("GET", "/v1/webhooks", { headers: { Authorization: `Bearer ${other}` } });
  expect(theirs.body["webhooks"]).toEqual([]);
  expect((await server.call("DELETE", `/v1/webhooks/${String(made["id"])}`, { headers: { Authorization: `Bearer ${other}` } })).status).toBe(404);
  expect((await server.call("GET", "/v1/webhooks")).status).toBe(403);
});

test("only the events and kinds that were asked for", { timeout: 60_000 }, async () => {
  const server = await administered();
  const target = await receiver();
  const { body } = await server.hook({ url: target.url, events: ["changed"], kinds: ["web"] });
  const { token } = await server.begin({ kind: "web" });
  const api = await server.begin({ kind: "api" });
  for (const session of [api.token, token]) await server.call("PATCH", "/v1/session", { token: session, body: { set: { a: 1 } } });
  await server.call("DELETE", "/v1/session", { token });
  const { token: last } = await server.begin({ kind: "web" });
  await server.call("PATCH", "/v1/session", { token: last, body: { set: { a: 1 } } });
  await expect.poll(() => target.received.length, patient).toBe(2);
  expect(target.told(String(body["secret"])).map(({ type, data }) => [type, data.kind])).toEqual([
    ["session.changed", "web"],
    ["session.changed", "web"],
  ]);
});

test("what failed is tried again under the same id, and nothing overtakes it", { timeout: 60_000 }, async () => {
  const server = await administered();
  const target = await receiver();
  target.answer((response, nth) => void response.writeHead(nth <= 2 ? 500 : 200).end());
  const { body } = await server.hook({ url: target.url, events: ["ended"] });
  const first = await server.visit();
  await expect.poll(async () => (await server.hooks())[0]?.["last"], patient).toMatchObject({ ok: false, status: 500, why: "answered 500" });
  const second = await server.visit();
  await expect.poll(() => target.received.length, patient).toBe(4);
  expect(target.told(String(body["secret"])).map(({ data }) => data.id)).toEqual([first, first, first, second]);
  expect(new Set(target.received.slice(0, 3).map(({ id }) => id)).size).toBe(1);
  expect(new Set(target.received.map(({ id }) => id)).size).toBe(2);
});

test("410 Gone ends it; deleted, it stops in the middle of trying", { timeout: 60_000 }, async () => {
  const server = await administered();
  const gone = await receiver();
  gone.answer((response) => void response.writeHead(410).end());
  const broken = await receiver();
  broken.answer((response) => void response.writeHead(500).end());
  await server.hook({ url: gone.url });
  const { body } = await server.hook({ url: broken.url });
  await server.visit();
  await expect.poll(async () => (await server.hooks())[0]?.["disabled"], patient).toBeTypeOf("number");
  await expect.poll(() => broken.received.length, patient).toBeGreaterThan(0);
  expect((await server.call("DELETE", `/v1/webhooks/${String(body["id"])}`, { headers: server.admin })).status).toBe(204);
  const then = broken.received.length;
  await server.visit();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(broken.received).toHaveLength(then);
  expect(gone.received).toHaveLength(1);
  expect(await server.hooks()).toHaveLength(1);
  expect((await server.call("DELETE", `/v1/webhooks/${String(body["id"])}`, { headers: server.admin })).status).toBe(404);
});

test("a target that hangs holds up nobody else, and not the server's end", { timeout: 60_000 }, async () => {
  const server = await administered();
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  later(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const target = await receiver();
  await server.hook({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/` });
  const { body } = await server.hook({ url: target.url, events: ["ended"] });
  const ids = [await server.visit(), await server.visit()];
  await expect.poll(() => sockets.size, patient).toBe(1);
  await expect.poll(() => endings(target, String(body["secret"])), patient).toEqual(ids);
  await server.stop();
  expect(sockets.size).toBe(1);
});

test.each([
  "https://127.0.0.2/",
  "https://0x7f.2/",
  "https://2130706434/",
  "https://[::1]/",
  "https://[::ffff:10.0.0.1]/",
  "https://169.254.169.254/latest/meta-data/",
  "https://100.100.100.200/",
  "https://localhost/",
  "https://LOCALHOST:8443/",
  "http://example.com/",
  "ftp://example.com/",
  "https://user:pass@example.com/",
  "javascript:alert(1)",
  "",
])("%s is refused when the webhook is made", async (url) => {
  shared ??= administered();
  const { status, body } = await (await shared).hook({ url });
  expect({ status, code: body["code"], field: body["field"] }).toEqual({ status: 400, code: "invalid_request", field: "url" });
});
let shared: Promise<Administered> | undefined;

test("a webhook that nobody delivers for yet tells of all since it was made, and of nothing before", { timeout: 60_000 }, async () => {
  const store = memoryStore();
  const sessions = createSessions<Fields>({ store, kind: "api" });
  const log = { request: () => undefined, info: () => undefined, error: () => undefined };
  const webhooks = webhooksOf({ store, bounded: store, sessions: () => sessions, hosts: ["127.0.0.1"], kinds: ["api"], log });
  later(webhooks.stop);
  const target = await receiver();
  await sessions.create();
  const { secret } = await webhooks.create("main", { url: target.url, events: ["created"], kinds: undefined });
  const made = [await sessions.create(), await sessions.create()].map(({ id }) => id);
  webhooks.run();
  await expect.poll(() => target.received.length, patient).toBe(2);
  expect(target.told(secret).map(({ data }) => data.id)).toEqual(made);
});

test("twenty of a tenant, also when many are made at once", async () => {
  const server = await administered();
  const target = await receiver();
  const answers = await Promise.all(Array.from({ length: 25 }, () => server.hook({ url: target.url })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  expect(answers.filter(({ status, body }) => status === 429 && body["code"] === "limit_reached")).toHaveLength(5);
  expect(await server.hooks()).toHaveLength(20);
});
