import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { defaultPolicy } from "../config.ts";
import { newKey } from "../keys.ts";
import { testServer, type Answer, type TestServer } from "../server.fixture.ts";

let server: TestServer;
let operator: string;
let stranger: string;
beforeAll(async () => {
  // Activity is written down from a tenth of the idle time on.
  server = await testServer({ policy: { ...defaultPolicy, idle: 20_000 } });
  const add = async (role: "operator" | "admin", tenant: string): Promise<string> => {
    const key = newKey();
    await server.keys.add(key, { name: `${role} of ${tenant}`, role, tenant });
    return `Bearer ${key}`;
  };
  operator = await add("operator", "main");
  stranger = await add("admin", "other");
});
afterAll(cleanUp);

async function ask(method: string, path: string, body?: object, as = operator): Promise<Answer> {
  return server.call(method, path, { headers: { Authorization: as }, ...(body === undefined ? undefined : { body }) });
}

async function change(token: string, set: object, unset: readonly string[] = []): Promise<void> {
  expect((await server.call("PATCH", "/v1/session", { token, body: { set, unset } })).status).toBe(200);
}

test("one is made, compared, restored and dropped, and tells what would change before it does", async () => {
  const { id, token } = await server.begin({ subject: "ada", data: { cart: ["tea"], theme: "dark", gone: 1 } });
  const at = `/v1/sessions/${id}/checkpoints`;
  const made = await ask("POST", at, { name: "before" });
  expect([made.status, made.body["fields"], made.body["session"]]).toEqual([201, ["cart", "theme", "gone"], id]);
  await change(token, { cart: ["tea", "milk"], later: { a: [1] } }, ["gone"]);
  expect((await ask("GET", at)).body).toEqual({ checkpoints: [made.body] });

  const compared = await ask("GET", `${at}/before`);
  expect(compared.body).toEqual({
    checkpoint: made.body,
    version: 2,
    fields: [
      { name: "cart", change: "changed" },
      { name: "gone", change: "added" },
      { name: "later", change: "removed" },
      { name: "theme", change: "same" },
    ],
  });
  const revealed = (await ask("GET", `${at}/before/data`)).body["fields"] as Record<string, unknown>[];
  expect(revealed.map((field) => Object.entries(field))).toEqual([
    [
      ["name", "cart"],
      ["change", "changed"],
      ["now", ["tea", "milk"]],
      ["kept", ["tea"]],
    ],
    [
      ["name", "gone"],
      ["change", "added"],
      ["kept", 1],
    ],
    [
      ["name", "later"],
      ["change", "removed"],
      ["now", { a: [1] }],
    ],
    [
      ["name", "theme"],
      ["change", "same"],
      ["now", "dark"],
      ["kept", "dark"],
    ],
  ]);

  expect((await ask("POST", `${at}/before/restore`, {})).body).toEqual({ version: 3 });
  expect((await server.call("GET", "/v1/session", { token })).body["data"]).toEqual({ cart: ["tea"], theme: "dark", gone: 1 });
  expect((await ask("GET", `${at}/before`)).body["fields"]).toEqual(["cart", "gone", "theme"].map((name) => ({ name, change: "same" })));
  expect((await ask("DELETE", `${at}/before`)).status).toBe(204);
  expect((await ask("GET", at)).body).toEqual({ checkpoints: [] });
});

test("those of a subject are there in each of its sessions; those of a session without one in it alone", async () => {
  const first = await server.begin({ subject: "ben", data: { a: 1 } });
  const second = await server.begin({ subject: "ben", data: {} });
  const anonymous = await server.begin({ data: { b: 1 } });
  const other = await server.begin({ data: { c: 1 } });
  for (const { id } of [first, anonymous]) expect((await ask("POST", `/v1/sessions/${id}/checkpoints`, { name: "one" })).status).toBe(201);
  const listed = await Promise.all([first, second, anonymous, other].map(async ({ id }) => (await ask("GET", `/v1/sessions/${id}/checkpoints`)).body));
  expect(listed.map(({ checkpoints }) => (checkpoints as { session: string }[]).map(({ session }) => session))).toEqual([
    [first.id],
    [first.id],
    [anonymous.id],
    [],
  ]);
  await ask("POST", `/v1/sessions/${second.id}/checkpoints/one/restore`, {});
  expect((await server.call("GET", "/v1/session", { token: second.token })).body["data"]).toEqual({ a: 1 });
});

test("names may have any characters", async () => {
  const { id } = await server.begin({ subject: "cat", data: { a: 1 } });
  for (const name of ["a/b%2F c?d#e", "täglich 🙂", "__proto__", "<img src=x onerror=alert(1)>", "%"]) {
    const at = `/v1/sessions/${id}/checkpoints`;
    expect((await ask("POST", at, { name })).body["name"]).toBe(name);
    const one = `${at}/${encodeURIComponent(name)}`;
    expect(((await ask("GET", one)).body["checkpoint"] as { name: string }).name).toBe(name);
    expect((await ask("DELETE", one)).status).toBe(204);
    expect((await ask("DELETE", one)).body["code"]).toBe("checkpoint_missing");
  }
});

test("what is not there is said to be missing, and a name is used once", async () => {
  const { id, token } = await server.begin({ subject: "dan", data: { a: 1 } });
  const at = `/v1/sessions/${id}/checkpoints`;
  const each = (of: string): [method: string, path: string, body?: object][] => [
    ["GET", `${of}/none`],
    ["GET", `${of}/none/data`],
    ["POST", `${of}/none/restore`, {}],
    ["DELETE", `${of}/none`],
  ];
  const problem = async (method: string, path: string, body?: object, as?: string): Promise<unknown[]> => {
    const answer = await ask(method, path, body, as);
    return [answer.status, answer.body["code"]];
  };
  for (const [method, path, body] of each(at)) expect(await problem(method, path, body)).toEqual([404, "checkpoint_missing"]);
  expect((await ask("POST", at, { name: "none" })).status).toBe(201);
  // Another tenant's key sees neither the session nor what belongs to it.
  for (const [method, path, body] of each(at)) expect(await problem(method, path, body, stranger)).toEqual([404, "session_missing"]);
  expect(await problem("GET", at, undefined, stranger)).toEqual([404, "session_missing"]);
  await change(token, { a: 2 });
  expect(await problem("POST", at, { name: "none" })).toEqual([409, "checkpoint_exists"]);
  await server.call("DELETE", "/v1/session", { token });
  for (const [method, path, body] of each(at)) expect(await problem(method, path, body)).toEqual([404, "session_missing"]);
  expect(await problem("POST", at, { name: "late" })).toEqual([404, "session_missing"]);
  expect(await problem("GET", at)).toEqual([404, "session_missing"]);
});

test("to the session none of it is activity, and the log tells who saw what it holds, and nothing of it", async () => {
  const { id, token } = await server.begin({ subject: "eve", data: { secret: "canary-value" } });
  const seen = async (): Promise<unknown> => (await ask("GET", `/v1/sessions/${id}`)).body["seen"];
  const before = await seen();
  const at = `/v1/sessions/${id}/checkpoints`;
  await ask("POST", at, { name: "canary-name" });
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  server.logged.length = 0;
  for (const path of [at, `${at}/canary-name`, `${at}/canary-name/data`, `/v1/sessions/${id}/data`]) expect((await ask("GET", path)).status).toBe(200);
  await ask("POST", `${at}/canary-name/restore`, {});
  await ask("DELETE", `${at}/canary-name`);
  expect(await seen()).toBe(before);
  expect(server.logged.filter((line) => line.includes("revealed"))).toEqual(
    Array.from({ length: 2 }, () => JSON.stringify(["revealed", { by: "operator of main", session: id }])),
  );
  expect(server.logged.join("\n")).not.toContain("canary");
  // A request of its holder is.
  await server.call("GET", "/v1/session", { token });
  expect(await seen()).not.toBe(before);
});
