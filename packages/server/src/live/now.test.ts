import type { Answer } from "@sojourn/client/operations";
import { sojournClient } from "@sojourn/client";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { testServer, type TestServer } from "../server.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";
import { listen } from "./heard.fixture.ts";

afterAll(cleanUp);

let server: TestServer;
let headers: { Authorization: string };
beforeAll(async () => {
  server = await testServer();
  headers = await auditorOf(server);
});

async function auditorOf({ keys }: TestServer, tenant = "main"): Promise<{ Authorization: string }> {
  const key = newKey();
  await keys.add(key, { name: "looks on", role: "auditor", tenant });
  return { Authorization: `Bearer ${key}` };
}

async function now(as = headers): Promise<Answer<"now">> {
  return (await server.call("GET", "/v1/now", { headers: as })).body as unknown as Answer<"now">;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const liveOf = ({ live }: Answer<"now">, kind: string): number | undefined => live.find((each) => each.kind === kind)?.live;

test("how many live, begin and end, and why, by tenant; how the store does", async () => {
  const theirs = await auditorOf(server, "two");
  const before = await now();
  expect(before).toMatchObject({ step: 1_000, listeners: 0, reasons: {} });
  expect([before.opened.length, before.ended.length, sum(before.opened)]).toEqual([300, 300, 0]);
  expect(before.from % 1_000).toBe(0);
  expect(before.at - before.from).toBeGreaterThanOrEqual(300_000);
  await now(theirs);
  const ids: string[] = [];
  for (const kind of ["web", "web", "sms", "desk"]) ids.push((await server.begin({ kind })).id);
  await server.call("DELETE", `/v1/sessions/${ids[0]}`);
  // Steps are told when they are over, and live ones are counted once a second.
  await vi.waitFor(async () => expect(sum((await now()).ended)).toBe(1), { timeout: 10_000, interval: 200 });
  const after = await now();
  expect([sum(after.opened), sum(after.ended), after.reasons]).toEqual([4, 1, { revoked: 1 }]);
  await vi.waitFor(async () => expect(liveOf(await now(), "web")).toBe(1), { timeout: 10_000, interval: 200 });
  const { live, reads, writes, since, lag } = await now();
  expect(live).toEqual(
    expect.arrayContaining([
      { kind: "sms", live: 1 },
      { kind: "desk", live: 1 },
      { kind: "api", live: 0 },
    ]),
  );
  expect(since).toBe(before.since);
  expect(writes.count).toBeGreaterThanOrEqual(5);
  expect(reads.count).toBeGreaterThan(0);
  expect(writes.p99).toBeGreaterThanOrEqual(writes.p50);
  expect(lag).toBe(0);
  const others = await now(theirs);
  expect([sum(others.opened), sum(others.ended), others.reasons, liveOf(others, "web")]).toEqual([0, 0, {}, 0]);
  expect(others.live.map(({ kind }) => kind)).not.toContain("desk");
});

test("the same once a second as a stream, at once the first time; listeners are counted, of the own tenant", async () => {
  const as = { address: server.address, authorization: headers.Authorization };
  const theirs = await auditorOf(server, "two");
  const [heard] = await Promise.all([listen(as, "/v1/now/stream"), listen({ ...as, authorization: theirs.Authorization }, "/v1/now/stream")]);
  expect(heard.headers["content-type"]).toBe("text/event-stream");
  await heard.until(3);
  for (const message of heard.messages) expect(message).toMatchObject({ step: 1_000, listeners: 1 });
  expect(new Set(heard.messages.map(({ at }) => at)).size).toBe(3);
  heard.close();
  await vi.waitFor(async () => expect((await now()).listeners).toBe(0));
});

test("how the server is set up", async () => {
  const { status, body } = await server.call("GET", "/v1/status", { headers });
  expect(status).toBe(200);
  expect(body).toEqual({
    version: expect.any(String) as string,
    started: expect.any(Number) as number,
    tenant: "main",
    store: { engine: "lmdb", shown: expect.stringContaining("lmdb:") as string, reads: "up", writes: "up", counts: true, watched: true },
    memory: expect.any(Number) as number,
    idle: 1_800_000,
    absolute: 43_200_000,
  });
  expect((await server.call("GET", "/v1/status")).status).toBe(403);
});

test("a store that cannot be watched: it says so, events are refused, and nothing is counted", async () => {
  const path = tempFolder();
  // The key of a development server is an admin's.
  const blind = await testServer({ dev: true, store: { engine: "file", path, setting: undefined, shown: `file:${path}` } });
  expect((await blind.call("GET", "/v1/status")).body["store"]).toMatchObject({ engine: "file", watched: false, reads: "up" });
  const refused = await blind.call("GET", "/v1/events");
  expect([refused.status, refused.body["code"]]).toEqual([501, "not_supported"]);
  await blind.begin();
  const { body } = await blind.call("GET", "/v1/now");
  expect(sum((body as unknown as Answer<"now">).opened)).toBe(0);
});

test("it stops at once, whoever listens, and whoever does not read; the typed client hears that it is over", async () => {
  const mortal = await testServer();
  const as = { address: mortal.address, authorization: (await auditorOf(mortal)).Authorization };
  const operator = newKey();
  await mortal.keys.add(operator, { name: "listens", role: "operator" });
  const [events, figures] = await Promise.all([listen({ ...as, authorization: `Bearer ${operator}` }, "/v1/events"), listen(as, "/v1/now/stream")]);
  const deaf = connect(mortal.port, "127.0.0.1");
  later(() => void deaf.destroy());
  deaf.on("error", () => undefined);
  deaf.pause();
  deaf.write(`GET /v1/now/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${as.authorization}\r\n\r\n`);
  const client = sojournClient({ address: mortal.address, key: as.authorization.slice(7) });
  const seen: number[] = [];
  const followed = (async () => {
    for await (const { at } of client.followNow()) seen.push(at);
  })();
  await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0));
  await vi.waitFor(async () => expect((await mortal.call("GET", "/v1/now", { headers: { Authorization: as.authorization } })).body["listeners"]).toBe(4));
  const began = performance.now();
  await mortal.stop();
  expect(performance.now() - began).toBeLessThan(5_000);
  await Promise.all([events.over, figures.over, followed]);
});
