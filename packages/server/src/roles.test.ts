import { operations, pathOf, roles, type Operation, type OperationName, type Role } from "@sojourn/client/operations";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import { newKey } from "./keys.ts";
import { testServer, type TestServer } from "./server.fixture.ts";

afterAll(cleanUp);

let server: TestServer;
/** The Authorization of a key of a role and a tenant. */
let authorized: (role: Role, tenant?: string) => Promise<Record<string, string>>;
beforeAll(async () => {
  server = await testServer();
  authorized = async (role, tenant = "main") => {
    const key = newKey();
    await server.keys.add(key, { name: `${role} of ${tenant}`, role, tenant });
    return { Authorization: `Bearer ${key}` };
  };
});

const secured = Object.entries<Operation>(operations).filter(([, { roles: may }]) => may !== undefined) as [OperationName, Operation][];

describe.each(roles)("a key of the role %s", (role) => {
  test("may ask what is said of it, and hears of everything else that it may not", async () => {
    const headers = await authorized(role);
    const { id, token } = await server.begin({ subject: "ada" });
    for (const [name, { roles: may = [] }] of secured) {
      const { method, path } = pathOf(name);
      // A body that is wrong: who may ask is told so, and nothing is done.
      const body = method === "POST" || method === "PATCH" ? { body: [] } : {};
      const at = path.replaceAll(/\{\w+\}/g, "nobody");
      const answer = await server.call(method, method === "DELETE" && path === "/v1/session" ? `${at}?x=1` : at, { headers, token, ...body });
      if (may.includes(role)) expect([name, String(answer.body["code"])]).not.toEqual([name, expect.stringMatching(/invalid_key|forbidden/)]);
      else expect([name, answer.status, answer.body["code"]]).toEqual([name, 403, "forbidden"]);
    }
    expect((await server.call("GET", `/v1/sessions/${id}`)).body["ended"]).toBeUndefined();
  });
});

test("is told which roles may", async () => {
  const { body } = await server.call("GET", "/v1/keys", { headers: await authorized("auditor") });
  expect(body["detail"]).toBe("The application key has the role auditor; this is for admin. Use a key of one of these.");
});

describe("a key of one tenant", () => {
  test("sees none of another's sessions, by whatever way, and cannot end one", async () => {
    const [ours, theirs] = [await authorized("admin", "blue"), await authorized("admin", "red")];
    const made = await server.call("POST", "/v1/sessions", { headers: ours, body: { subject: "ada", kind: "web", data: { a: 1 } } });
    const { id, token } = made.body as { id: string; token: string };
    expect((await server.call("GET", "/v1/session", { headers: theirs, token })).body["code"]).toBe("session_missing");
    expect((await server.call("PATCH", "/v1/session", { headers: theirs, token, body: { set: { a: 2 } } })).status).toBe(401);
    for (const method of ["GET", "DELETE"]) expect((await server.call(method, `/v1/sessions/${id}`, { headers: theirs })).status).toBe(404);
    expect((await server.call("GET", "/v1/sessions?subject=ada", { headers: theirs })).body["sessions"]).toEqual([]);
    expect((await server.call("GET", "/v1/sessions?kind=web", { headers: theirs })).body["sessions"]).toEqual([]);
    expect((await server.call("DELETE", "/v1/subjects/ada/sessions", { headers: theirs })).body).toEqual({ ended: 0 });
    expect((await server.call("GET", "/v1/session", { headers: ours, token })).body).toMatchObject({ id, data: { a: 1 } });
    expect((await server.call("GET", "/v1/sessions?subject=ada", { headers: ours })).body["sessions"]).toMatchObject([{ id }]);
  });

  test("makes, lists and revokes keys of its own tenant alone", async () => {
    const [ours, theirs] = [await authorized("admin", "green"), await authorized("admin", "gold")];
    const made = await server.call("POST", "/v1/keys", { headers: ours, body: { name: "till", role: "operator" } });
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: expect.any(String) as string,
        name: "till",
        role: "operator",
        tenant: "green",
        created: expect.any(Number) as number,
        key: expect.stringMatching(/^sjk_[\w-]{43}$/) as string,
      },
    ]);
    const { id, key } = made.body as { id: string; key: string };
    const headers = { Authorization: `Bearer ${key}` };
    expect((await server.call("GET", "/v1/sessions?kind=web", { headers })).status).toBe(200);
    const names = async (by: Record<string, string>): Promise<unknown> =>
      ((await server.call("GET", "/v1/keys", { headers: by })).body["keys"] as { name: string }[]).map(({ name }) => name);
    expect([await names(ours), await names(theirs)]).toEqual([["admin of green", "till"], ["admin of gold"]]);
    expect((await server.call("GET", "/v1/keys", { headers: ours })).text).not.toContain(key);
    expect((await server.call("DELETE", `/v1/keys/${id}`, { headers: theirs })).status).toBe(404);
    expect((await server.call("DELETE", `/v1/keys/${id}`, { headers: ours })).status).toBe(204);
    expect((await server.call("DELETE", `/v1/keys/${id}`, { headers: ours })).status).toBe(404);
    expect((await server.call("GET", "/v1/sessions?kind=web", { headers })).body["code"]).toBe("invalid_key");
  });

  let tried = 0;
  test.each([{}, { name: "" }, { name: "a\nb" }, { name: "x".repeat(65) }, { name: "a", role: "root" }, { name: "a", tenant: "red" }])(
    "makes none of %j",
    async (body) => {
      const headers = await authorized("admin", `grey-${tried++}`);
      expect((await server.call("POST", "/v1/keys", { headers, body })).body).toMatchObject({ status: 400, code: "invalid_request" });
      expect((await server.call("GET", "/v1/keys", { headers })).body["keys"]).toHaveLength(1);
    },
  );
});
