import { createAdaptorServer } from "@hono/node-server";
import type { Role } from "@sojourn/client/operations";
import { Hono } from "hono";
import type { AddressInfo } from "node:net";
import { memoryStore } from "sojourn/stores/memory";
import { fakeClock } from "sojourn/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { keysOf, newKey } from "../keys.ts";
import type { Log } from "../log.ts";
import type { Known } from "../routes/route.ts";
import { testServer, type Answer, type CallOptions, type TestServer } from "../server.fixture.ts";
import { consoleSessions } from "./console-sessions.ts";

afterAll(cleanUp);

/** A browser, as far as cookies and Fetch Metadata go. */
interface Browser {
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** The Cookie header that it would send. */
  cookie: string | undefined;
}

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});

async function keyOf(role: Role, tenant = "main"): Promise<{ readonly key: string; readonly id: string }> {
  const key = newKey();
  return { key, id: (await server.keys.add(key, { name: `${role} at the desk`, role, tenant })).id };
}

function browser(site = "same-origin"): Browser {
  const it: Browser = {
    cookie: undefined,
    async call(method, path, options = {}) {
      const headers = new Headers({ "Sec-Fetch-Site": site, ...(it.cookie === undefined ? undefined : { Cookie: it.cookie }) });
      const { body } = options;
      if (body !== undefined) headers.set("Content-Type", "application/json");
      const response = await fetch(server.address + path, { method, headers, ...(body === undefined ? undefined : { body: JSON.stringify(body) }) });
      const [set] = response.headers.getSetCookie();
      if (set !== undefined) it.cookie = /Max-Age=0/i.test(set) ? undefined : set.split(";", 1)[0];
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {} };
    },
  };
  return it;
}

describe("a person at the console", () => {
  test("logs in with a key of an operator, does what its role may in its tenant, and logs out for good", async () => {
    const { key, id } = await keyOf("operator", "desk");
    const made = await server.call("POST", "/v1/sessions", { body: { kind: "web", subject: "ada" } });
    expect(made.status).toBe(201);
    const chrome = browser();
    expect((await chrome.call("GET", "/v1/console/session")).body).toMatchObject({ status: 401, code: "session_missing" });
    const { status, headers, body, text } = await chrome.call("POST", "/v1/console/session", { body: { key } });
    expect([status, body]).toMatchObject([200, { name: "operator at the desk", role: "operator", tenant: "desk" }]);
    expect(Number(body["freshUntil"]) - Number(body["authenticatedAt"])).toBe(300_000);
    // Its first activity is of the moment at which it was begun, a little later.
    const lasts = Number(body["expiresAt"]) - Number(body["authenticatedAt"]);
    expect(lasts).toBeGreaterThanOrEqual(900_000);
    expect(lasts).toBeLessThan(910_000);
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^sojourn-console=[0-9a-z]{26}\.[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/)]);
    expect(text).not.toContain(key);
    expect((await chrome.call("GET", "/v1/console/session")).body).toMatchObject({ tenant: "desk" });

    // Of another tenant, so missing.
    expect((await chrome.call("GET", `/v1/sessions/${String(made.body["id"])}`)).body["code"]).toBe("session_missing");
    expect((await chrome.call("GET", "/v1/sessions?subject=ada")).body).toEqual({ sessions: [] });
    expect((await chrome.call("GET", "/v1/keys")).body["code"]).toBe("forbidden");
    expect((await chrome.call("POST", "/v1/sessions", { body: {} })).body["code"]).toBe("forbidden");

    const held = chrome.cookie;
    expect((await chrome.call("DELETE", "/v1/console/session")).status).toBe(204);
    expect(chrome.cookie).toBeUndefined();
    chrome.cookie = held;
    expect((await chrome.call("GET", "/v1/sessions?subject=ada")).body["code"]).toBe("invalid_key");
    const told = server.logged.join("\n");
    expect(told).toContain("console: logged in");
    expect(told).not.toContain(key);
    expect(told).toContain(id);
  });

  test.each(["app", "gateway"] as const)("is let in with no key of the role %s", async (role) => {
    const { key } = await keyOf(role);
    const chrome = browser();
    expect((await chrome.call("POST", "/v1/console/session", { body: { key } })).body).toMatchObject({ status: 403, code: "forbidden" });
    expect(chrome.cookie).toBeUndefined();
  });

  test("is let in with nothing else", async () => {
    const chrome = browser();
    for (const key of [newKey(), "", "admin", "sjk_", " ", "x".repeat(301)])
      expect((await chrome.call("POST", "/v1/console/session", { body: { key } })).status).toBeOneOf([400, 401]);
    expect(chrome.cookie).toBeUndefined();
  });

  test("ends sessions in their own name; an auditor ends none", async () => {
    const [operator, auditor] = [browser(), browser()];
    await operator.call("POST", "/v1/console/session", { body: { key: (await keyOf("operator")).key } });
    await auditor.call("POST", "/v1/console/session", { body: { key: (await keyOf("auditor")).key } });
    const { id } = await server.begin({ kind: "web", subject: "lin" });
    expect((await auditor.call("GET", `/v1/sessions/${id}`)).status).toBe(200);
    expect((await auditor.call("DELETE", `/v1/sessions/${id}`)).body["code"]).toBe("forbidden");
    expect((await operator.call("DELETE", `/v1/sessions/${id}`)).status).toBe(204);
    expect((await auditor.call("GET", `/v1/sessions/${id}`)).body["ended"]).toMatchObject({ reason: "revoked", by: "operator at the desk" });
  });

  test("is out when the key is revoked", async () => {
    const { key, id } = await keyOf("admin");
    const chrome = browser();
    await chrome.call("POST", "/v1/console/session", { body: { key } });
    expect((await chrome.call("GET", "/v1/keys")).status).toBe(200);
    await server.keys.revoke(id);
    expect((await chrome.call("GET", "/v1/keys")).status).toBe(401);
    expect((await chrome.call("GET", "/v1/console/session")).status).toBe(401);
  });

  test("is not whom another site's page speaks for", async () => {
    const { key } = await keyOf("admin");
    const chrome = browser();
    await chrome.call("POST", "/v1/console/session", { body: { key } });
    const { id } = await server.begin({ kind: "web", subject: "lin" });
    const elsewhere = browser("cross-site");
    elsewhere.cookie = chrome.cookie;
    for (const [method, path, body] of [
      ["DELETE", `/v1/sessions/${id}`, undefined],
      ["POST", "/v1/keys", { name: "planted", role: "admin" }],
      ["POST", "/v1/revocations", {}],
      ["POST", "/v1/console/session", { key }],
    ] as const)
      expect((await elsewhere.call(method, path, body === undefined ? {} : { body })).body).toMatchObject({ status: 403, code: "cross_site" });
    expect((await server.call("GET", `/v1/sessions/${id}`)).body["ended"]).toBeUndefined();
  });

  test("has no say in requests that carry an application key, and holds no token of a session", async () => {
    const chrome = browser();
    await chrome.call("POST", "/v1/console/session", { body: { key: (await keyOf("admin")).key } });
    const cookie = chrome.cookie ?? "";
    const ours = await server.begin();
    expect((await chrome.call("POST", "/v1/sessions", { body: {} })).body).toMatchObject({
      code: "forbidden",
      detail: expect.stringContaining("for programs") as string,
    });
    expect((await fetch(`${server.address}/v1/session`, { headers: { Cookie: cookie, "Sojourn-Session": ours.token } })).status).toBe(403);
    expect((await server.call("GET", "/v1/keys", { headers: { Authorization: "Bearer nobody", Cookie: cookie } })).body["code"]).toBe("invalid_key");
    // The console's session is of a tenant that no key of main sees.
    const token = cookie.slice("sojourn-console=".length);
    expect((await server.call("GET", "/v1/session", { token })).body["code"]).toBe("session_missing");
    expect((await server.call("GET", `/v1/sessions/${token.slice(0, 26)}`)).body["code"]).toBe("session_missing");
  });
});

test("no key begins a session of the console, or holds one", async () => {
  const { id } = await keyOf("admin");
  const keys = await Promise.all((["app", "admin"] as const).map(async (role) => (await keyOf(role, "sojourn")).key));
  for (const key of keys) {
    const headers = { Authorization: `Bearer ${key}` };
    const { status, body } = await server.call("POST", "/v1/sessions", { headers, body: { kind: "console", subject: id } });
    expect([status, body["code"]]).toEqual([403, "forbidden"]);
  }
  // Who may only look sees who sits there.
  const chrome = browser();
  await chrome.call("POST", "/v1/console/session", { body: { key: (await keyOf("operator")).key } });
  const auditor = { Authorization: `Bearer ${(await keyOf("auditor", "sojourn")).key}` };
  expect((await server.call("GET", "/v1/sessions?kind=console", { headers: auditor })).text).toContain(
    (chrome.cookie ?? "").slice("sojourn-console=".length).slice(0, 26),
  );
});

test("without a console nobody comes by a cookie", async () => {
  const bare = await testServer({ policy: { ...(await import("../config.ts")).defaultPolicy, console: false } });
  expect((await bare.call("POST", "/v1/console/session", { body: { key: newKey() } })).body).toMatchObject({ status: 501, code: "not_supported" });
  expect((await fetch(`${bare.address}/console/`)).status).toBe(404);
});

test("a proof is fresh for five minutes, a session lives for 15 without a request, and what looks at it from outside is no request", async () => {
  const clock = fakeClock();
  const store = memoryStore();
  const keys = keysOf(store);
  const log: Log = { request: () => undefined, info: () => undefined, error: () => undefined };
  const key = await keys.add(newKey(), { name: "night desk", role: "operator" });
  const seats = consoleSessions({ store, keys, behindTls: false, log, clock });
  const app = new Hono<Known>();
  app.use(seats.middleware);
  app.post("/", async (ask) => ask.json(await seats.open(ask, key)));
  app.get("/", async (ask) => {
    const caller = await seats.caller(ask);
    return ask.json({ caller, lives: caller !== undefined && (await seats.lives(caller)) });
  });
  const node = createAdaptorServer(app);
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  later(() => node.close());
  const url = `http://127.0.0.1:${(node.address() as AddressInfo).port}/`;
  let cookie = "";
  const open = async (): Promise<void> => {
    const answer = await fetch(url, { method: "POST", headers: { Cookie: cookie } });
    cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  };
  const asked = async (): Promise<{ caller?: { fresh: boolean; id: string; session: string }; lives: boolean }> =>
    (await (await fetch(url, { headers: { Cookie: cookie } })).json()) as never;

  await open();
  const { caller } = await asked();
  expect(caller).toMatchObject({ id: key.id, name: "night desk", role: "operator", tenant: "main", fresh: true });
  clock.advance("4m");
  expect((await asked()).caller?.fresh).toBe(true);
  clock.advance("2m");
  expect((await asked()).caller?.fresh).toBe(false);
  const before = cookie;
  await open();
  expect(cookie).not.toBe(before);
  expect((await asked()).caller).toMatchObject({ fresh: true, session: caller?.session });
  clock.advance("14m");
  expect(await seats.lives({ ...key, session: caller?.session ?? "" })).toBe(true);
  clock.advance("61s");
  expect(await seats.lives({ ...key, session: caller?.session ?? "" })).toBe(false);
  expect(await asked()).toEqual({ lives: false });
});
