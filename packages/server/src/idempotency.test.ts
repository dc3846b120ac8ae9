import { randomUUID } from "node:crypto";
import { sojournClient } from "@sojourn/client";
import { operations } from "@sojourn/client/operations";
import { SojournError, type SessionId, type Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { repeatsOf, type Repeatable, type Repeated } from "./idempotency.ts";
import { newKey } from "./keys.ts";
import { openStore } from "./open-store.ts";
import { Problem } from "./problem.ts";
import { testServer, type Answer, type TestServer } from "./server.fixture.ts";

afterAll(cleanUp);

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});

const create = (at: TestServer, key: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  at.call("POST", "/v1/sessions", { body, headers: { "Idempotency-Key": key, ...headers } });

test("the same request is done once and answered the same, byte for byte", async () => {
  const key = randomUUID();
  const body = { subject: "ada", data: { cart: ["tea"], __a: 1 }, idle: "10m" };
  const first = await create(server, key, body);
  expect(first.status).toBe(201);
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  const second = await create(server, key, body);
  expect(second.status).toBe(201);
  expect(second.headers.get("idempotency-replayed")).toBe("true");
  expect(second.text).toBe(first.text);
  expect(second.headers.get("location")).toBe(first.headers.get("location"));
  const { body: listed } = await server.call("GET", "/v1/sessions?subject=ada");
  expect(listed["sessions"]).toHaveLength(1);
  expect((await server.call("GET", "/v1/session", { token: String(second.body["token"]) })).status).toBe(200);
  expect((await create(server, randomUUID(), body)).body["id"]).not.toBe(first.body["id"]);
});

test("another request with the same key is refused; another application's is another", async () => {
  const key = randomUUID();
  expect((await create(server, key, { subject: "bob" })).status).toBe(201);
  const { status, body } = await create(server, key, { subject: "eve" });
  expect({ status, code: body["code"], field: body["field"] }).toEqual({ status: 409, code: "idempotency_conflict", field: "Idempotency-Key" });
  const other = newKey();
  await server.keys.add(other, { name: "other", role: "app" });
  const theirs = await create(server, key, { subject: "eve" }, { Authorization: `Bearer ${other}` });
  expect(theirs.status).toBe(201);
  expect(theirs.headers.get("idempotency-replayed")).toBeNull();
});

test.each(["short", "x".repeat(201), "0123456789 abcdef", "ümlaut-0123456789"])("the key %j is refused by name", async (key) => {
  const { status, body } = await create(server, key, {});
  expect({ status, code: body["code"], field: body["field"] }).toEqual({ status: 400, code: "invalid_request", field: "Idempotency-Key" });
});

test("what was refused is not kept: it may be sent again", async () => {
  const key = randomUUID();
  const body = { data: { big: "x".repeat(70_000) } };
  expect((await create(server, key, body)).status).toBe(413);
  expect((await create(server, key, body)).status).toBe(413);
});

test("many at once, at two servers of one folder: one session", { timeout: 60_000 }, async () => {
  const application = newKey();
  await server.keys.add(application, { name: "shop", role: "app" });
  const headers = { Authorization: `Bearer ${application}` };
  const beside = await testServer({ data: server.data, store: { engine: "lmdb", path: server.data, setting: undefined, shown: "lmdb" } });
  for (let round = 0; round < 5; round++) {
    const key = randomUUID();
    const subject = `crowd${round}`;
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => create(i % 2 === 0 ? server : beside, key, { subject }, headers)));
    for (const { status, body } of answers) expect([201, 409], JSON.stringify(body)).toContain(status);
    expect(answers.filter(({ status, headers: got }) => status === 201 && !got.has("idempotency-replayed"))).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409).every(({ headers: got }) => got.get("retry-after") === "1")).toBe(true);
    const final = await create(beside, key, { subject }, headers);
    expect(final.headers.get("idempotency-replayed")).toBe("true");
    expect(new Set(answers.flatMap(({ status, body }) => (status === 201 ? [body["token"]] : [])))).toEqual(new Set([final.body["token"]]));
    expect((await server.call("GET", `/v1/sessions?subject=${subject}`)).body["sessions"]).toHaveLength(1);
  }
});

test("no token, key or data rests readable, and a running server erases what it kept after a day", async () => {
  const key = randomUUID();
  const { body } = await create(server, key, { subject: "carol", data: { secret: "marzipan" } });
  const store = openStore(server.data);
  later(() => store.close());
  const { records } = await store.find({ kind: "server:$repeat" }, { limit: 1_000 });
  expect(records.length).toBeGreaterThan(0);
  const text = JSON.stringify(records);
  for (const part of [String(body["token"]), String(body["token"]).split(".")[1] ?? "", "marzipan", "carol", key, server.authorization])
    expect(text).not.toContain(part);
  for (const { wake = 0 } of records) expect(Math.abs(wake - Date.now() - 24 * 3_600_000)).toBeLessThan(60_000);
  // As if the day were over.
  for (const { id, version } of records) await store.commit({ id, expect: version, wake: Date.now() });
  await expect.poll(async () => (await store.find({ kind: "server:$repeat" })).records.length, { timeout: 10_000 }).toBe(0);
});

test("the document says of which operations, and an operation is repeatable only if it says so", async () => {
  expect(
    Object.entries(operations)
      .filter(([, operation]) => "idempotent" in operation)
      .map(([name]) => name),
  ).toEqual(["createSession"]);
  expect((await server.call("GET", "/v1/sessions?kind=web", { headers: { "Idempotency-Key": "x" } })).status).toBe(200);
});

const request: Repeatable = { caller: "one", secret: "sjk_secret", operation: "createSession", key: "0123456789abcdef", body: { a: 1 } };
const made = { id: "x", token: "t", a: 1 };
const again = (repeats: { once: ReturnType<typeof repeatsOf>["once"] }, change: Partial<Repeatable> = {}): Promise<Repeated> =>
  repeats.once({ ...request, ...change }, () => Promise.resolve(made));
const broken = (code: "store_unavailable" | "outcome_unknown") => (): Promise<never> => Promise.reject(new SojournError(code, "planted"));

test("a reservation whose server died is void after 30 seconds, and not before", async () => {
  const clock = { now: 1_000_000 };
  const repeats = repeatsOf(memoryStore(), () => clock.now);
  void repeats.once(request, () => new Promise(() => undefined));
  await expect(again(repeats)).rejects.toMatchObject({ status: 409, headers: { "Retry-After": "1" } });
  clock.now += 29_999;
  await expect(again(repeats)).rejects.toMatchObject({ status: 409 });
  clock.now += 1;
  const all = await Promise.allSettled(Array.from({ length: 5 }, () => again(repeats)));
  expect(all.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(1);
  expect(all.filter((each) => each.status === "fulfilled" && !each.value.replayed)).toHaveLength(1);
  expect(await again(repeats)).toEqual({ answer: made, replayed: true });
});

test("what failed may be tried at once; what may have been done, after 30 seconds", async () => {
  const clock = { now: 1_000_000 };
  const repeats = repeatsOf(memoryStore(), () => clock.now);
  await expect(repeats.once(request, broken("store_unavailable"))).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(repeats.once(request, broken("outcome_unknown"))).rejects.toMatchObject({ code: "outcome_unknown" });
  await expect(again(repeats)).rejects.toMatchObject({ code: "idempotency_conflict" });
  clock.now += 30_000;
  expect(await again(repeats)).toEqual({ answer: made, replayed: false });
});

test("a store that is full or broken does nothing; one that breaks after it was done still answers", async () => {
  const store = memoryStore();
  let commits = 0;
  const failing = (answer: () => ReturnType<Store["commit"]>, from: number): Store => ({
    ...store,
    commit: (change) => (++commits >= from ? answer() : store.commit(change)),
  });
  const never = (): Promise<never> => Promise.reject(new Error("It was done."));
  await expect(repeatsOf(failing(() => ({ ok: false, why: "full", of: "store" }), 1)).once(request, never)).rejects.toMatchObject({ code: "store_full" });
  await expect(repeatsOf(failing(broken("store_unavailable"), 1)).once(request, never)).rejects.toMatchObject({ code: "store_unavailable" });
  commits = 0;
  expect(await again(repeatsOf(failing(broken("store_unavailable"), 2)))).toEqual({ answer: made, replayed: false });
});

test("under another application key nothing opens; without one nothing is kept; a damaged record is a conflict", async () => {
  const store = memoryStore();
  const repeats = repeatsOf(store);
  await again(repeats);
  await expect(again(repeats, { secret: "sjk_other" })).rejects.toMatchObject({ code: "idempotency_conflict" });
  await expect(again(repeats, { secret: undefined })).rejects.toBeInstanceOf(Problem);
  const [record] = (await store.find({ kind: "server:$repeat" })).records;
  await store.commit({ id: record?.id as SessionId, expect: "live", set: { answer: "AAAA" } });
  await expect(again(repeats)).rejects.toMatchObject({ code: "idempotency_conflict" });
});

test("the client sends the key that it is given", async () => {
  const application = newKey();
  await server.keys.add(application, { name: "client", role: "app" });
  const client = sojournClient({ address: server.address, key: application });
  const idempotencyKey = randomUUID();
  const first = await client.createSession({ subject: "dora" }, { idempotencyKey });
  expect(await client.createSession({ subject: "dora" }, { idempotencyKey })).toEqual(first);
  await expect(client.createSession({ subject: "eve" }, { idempotencyKey })).rejects.toMatchObject({ status: 409, code: "idempotency_conflict" });
  await expect(client.createSession({}, { idempotencyKey: "a\r\nb" })).rejects.toMatchObject({ status: 0, field: "idempotencyKey" });
});
