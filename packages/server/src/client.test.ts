import { sojournClient, SojournProblem, type Client } from "@sojourn/client";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { newKey } from "./keys.ts";
import { testServer, type TestServer } from "./server.fixture.ts";

afterAll(cleanUp);

let server: TestServer;
let client: Client;
beforeAll(async () => {
  server = await testServer();
  const key = newKey();
  await server.keys.add(key, { name: "client", role: "admin" });
  client = sojournClient({ address: server.address, key });
});

test("a session's life: begun, changed by its token, authenticated, rotated, listed, ended", async () => {
  const begun = await client.createSession({ kind: "web", data: { cart: ["tea"] }, idle: "5m" });
  const token = begun.token ?? "";
  expect(begun).toMatchObject({ kind: "web", version: 1, data: { cart: ["tea"] } });
  expect(await client.changeSession({ token, set: { theme: "dark" }, unset: ["none"], ifVersion: 1 })).toMatchObject({ version: 2 });
  const known = await client.authenticate({ token, subject: "ada/1 & co", methods: ["pwd"], keep: ["cart"] });
  const rotated = await client.rotate({ token: known.token ?? "" });
  expect(await client.readSession({ token: rotated.token ?? "" })).toMatchObject({ id: begun.id, subject: "ada/1 & co", data: { cart: ["tea"] } });
  const { sessions } = await client.listSessions({ subject: "ada/1 & co", limit: 10 });
  expect(sessions.map(({ id, kind }) => [id, kind])).toEqual([[begun.id, "web"]]);
  expect(await client.revokeSubject({ subject: "ada/1 & co" })).toEqual({ ended: 1 });
  expect(await client.showSession({ id: begun.id ?? "" })).toMatchObject({ ended: { reason: "revoked", by: "client" } });
  const { id, token: another = "" } = await client.createSession();
  expect(await client.endSession({ token: another })).toBeUndefined();
  expect((await client.showSession({ id: id ?? "" })).ended?.reason).toBe("closed");
});

test("its types know what has to be given", () => {
  const wrong = [
    // @ts-expect-error a token is missing
    () => client.readSession(),
    // @ts-expect-error a subject is missing
    () => client.authenticate({ token: "x" }),
    // @ts-expect-error there is no such field
    () => client.createSession({ subjct: "ada" }),
    // @ts-expect-error nothing is to be given
    () => client.listKeys({ all: true }),
    // @ts-expect-error of which nothing is answered
    async () => void (await client.endSession({ token: "x" })).id,
  ];
  expect(wrong).toHaveLength(5);
});

test("what is refused is a problem that says what is wrong, and where", async () => {
  const refused: unknown = await client.createSession({ kind: "a b" }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SojournProblem);
  expect(refused).toMatchObject({ status: 400, code: "invalid_request", field: "kind", message: expect.stringContaining("kind must be") as string });
  expect((refused as SojournProblem).requestId).toMatch(/^[\w-]{12}$/);
  await expect(client.readSession({ token: "x" })).rejects.toMatchObject({ status: 401, code: "session_missing" });
  await expect(sojournClient({ address: server.address, key: "sjk_x" }).listKeys()).rejects.toMatchObject({ status: 401, code: "invalid_key" });
});

test("what no request can carry is not sent, and never to another path; no secret is told", async () => {
  const sent: string[] = [];
  const fetch = (request: Request): Promise<Response> => Promise.resolve((sent.push(request.url), Response.json({})));
  const asked = sojournClient({ address: server.address, key: "sjk_x", fetch });
  for (const subject of ["", ".", "..", undefined as unknown as string]) {
    await expect(asked.revokeSubject({ subject })).rejects.toMatchObject({ status: 0, code: "invalid_request", field: "subject" });
    await expect(asked.revokeSession({ id: subject })).rejects.toMatchObject({ code: "invalid_request", field: "id" });
  }
  const told: unknown[] = await Promise.all([
    asked.readSession({ token: "abc\nsecret" }).catch((error: unknown) => error),
    sojournClient({ address: server.address, key: "sjk_\nsecret", fetch })
      .listKeys()
      .catch((error: unknown) => error),
  ]);
  expect(told).toMatchObject([
    { code: "invalid_request", field: "token" },
    { code: "invalid_request", field: "key" },
  ]);
  for (const error of told) expect(String((error as Error).stack) + String((error as Error).cause)).not.toMatch(/secret|sjk_/);
  expect(sent).toEqual([]);
});

test("where nobody answers in time, or somebody else does, it says so, and the key is in no message", async () => {
  const key = newKey();
  const silent = createServer((request, response) => (request.url === "/healthz" ? response.end("<html>") : undefined)).listen(0, "127.0.0.1");
  later(() => void silent.close());
  later(() => silent.closeAllConnections());
  await new Promise((resolve) => silent.once("listening", resolve));
  const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const slow = sojournClient({ address, key, timeout: 50 });
  const errors = await Promise.all([
    slow.createSession().catch((error: unknown) => error),
    slow.createSession({}, { signal: AbortSignal.abort() }).catch((error: unknown) => error),
    slow.health().catch((error: unknown) => error),
    sojournClient({ address: "http://127.0.0.1:1", key })
      .health()
      .catch((error: unknown) => error),
  ]);
  expect(errors.map((error) => (error as SojournProblem).code)).toEqual(["no_answer", "no_answer", "no_answer", "no_answer"]);
  for (const error of errors) expect(String(error) + JSON.stringify(error)).not.toContain(key);
});

test("under a path of a proxy, and with a fetch of one's own", async () => {
  const asked: string[] = [];
  const through = sojournClient({
    address: "https://sessions.example.com/api/",
    key: "sjk_x",
    fetch: (request) => {
      asked.push(`${request.method} ${request.url}`);
      return Promise.resolve(Response.json({ sessions: [] }));
    },
  });
  await through.listSessions({ kind: "web", limit: 5 });
  expect(asked).toEqual(["GET https://sessions.example.com/api/v1/sessions?kind=web&limit=5"]);
});
