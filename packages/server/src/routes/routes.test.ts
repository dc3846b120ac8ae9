import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { testServer, type TestServer } from "../server.fixture.ts";

afterAll(cleanUp);

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});

describe("POST /v1/sessions", () => {
  test("begins a session with what it is given", async () => {
    const { status, headers, body } = await server.call("POST", "/v1/sessions", {
      body: { kind: "cli", subject: "ada", data: { cart: ["tea"], n: null }, idle: "5m", absolute: 3_600_000 },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: "cli", subject: "ada", version: 1, methods: [], data: { cart: ["tea"], n: null } });
    expect(Number(body["expiresAt"]) - Number(body["created"])).toBe(300_000);
    expect(String(body["token"]).split(".")[0]).toBe(body["id"]);
    expect(headers.get("location")).toBe(`/v1/sessions/${String(body["id"])}`);
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("needs no body", async () => {
    const { status, body } = await server.call("POST", "/v1/sessions");
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: "api", data: {} });
    expect(body["subject"]).toBeUndefined();
  });
});

describe("GET /v1/session", () => {
  test("gives the session of the token, and never the token again", async () => {
    const { id, token } = await server.begin({ data: { theme: "dark" } });
    const { status, body } = await server.call("GET", "/v1/session", { token });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, version: 1, data: { theme: "dark" } });
    expect(body["token"]).toBeUndefined();
  });

  test("HEAD gives the same without a body", async () => {
    const { token } = await server.begin();
    const { status, headers, text } = await server.call("HEAD", "/v1/session", { token });
    expect([status, headers.get("content-type"), text]).toEqual([200, "application/json", ""]);
  });

  test("a token that resumes nothing is told the same, whatever is wrong with it", async () => {
    const { token } = await server.begin();
    const last = token.at(-1) === "A" ? "B" : "A";
    for (const wrong of [undefined, "", "x", token.slice(0, -1), `${token}A`, token.slice(0, -1) + last, `${token}, ${token}`, token.toUpperCase()]) {
      const { status, headers, body } = await server.call("GET", "/v1/session", wrong === undefined ? {} : { token: wrong });
      expect([status, body["code"]], wrong).toEqual([401, "session_missing"]);
      expect(headers.get("www-authenticate")).toMatch(/^Sojourn-Session/);
    }
  });
});

describe("PATCH /v1/session", () => {
  test("sets and takes away, and leaves the rest alone", async () => {
    const { token } = await server.begin({ data: { a: 1, b: 2, c: 3 } });
    const { status, body } = await server.call("PATCH", "/v1/session", { token, body: { set: { a: [1], d: "x" }, unset: ["b", "none"] } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ version: 2, data: { a: [1], c: 3, d: "x" } });
    expect((await server.call("GET", "/v1/session", { token })).body["data"]).toEqual({ a: [1], c: 3, d: "x" });
  });

  test("with ifVersion one of two wins, and the other is told so", async () => {
    const { token } = await server.begin();
    const both = await Promise.all(["x", "y"].map((a) => server.call("PATCH", "/v1/session", { token, body: { set: { a }, ifVersion: 1 } })));
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(both.find(({ status }) => status === 409)?.body).toMatchObject({ code: "stale" });
    const again = await server.call("PATCH", "/v1/session", { token, body: { set: { a: "z" }, ifVersion: 2 } });
    expect(again.body).toMatchObject({ version: 3, data: { a: "z" } });
  });

  test("40 at once, each of another field: none is lost", async () => {
    const { token } = await server.begin();
    const names = Array.from({ length: 40 }, (_, i) => `f${i}`);
    await Promise.all(names.map((name, i) => server.call("PATCH", "/v1/session", { token, body: { set: { [name]: i } } })));
    const { body } = await server.call("GET", "/v1/session", { token });
    expect(body["data"]).toEqual(Object.fromEntries(names.map((name, i) => [name, i])));
  });
});

describe("DELETE /v1/session", () => {
  test("ends it; its owner hears so, and a change that comes late revives nothing", async () => {
    const { id, token } = await server.begin();
    expect((await server.call("DELETE", "/v1/session", { token })).status).toBe(204);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const { status, body } = await server.call(method, "/v1/session", { token, ...(method === "PATCH" ? { body: { set: { a: 1 } } } : {}) });
      expect([status, body["code"]]).toEqual([401, "session_ended"]);
    }
    const { body } = await server.call("GET", `/v1/sessions/${id}`);
    expect(body["ended"]).toMatchObject({ reason: "closed" });
  });
});

describe("POST /v1/session/authenticate", () => {
  test("records the subject, keeps only what it is told, and replaces the token at once", async () => {
    const { id, token } = await server.begin({ data: { cart: ["tea"], draft: "x" } });
    const { status, body } = await server.call("POST", "/v1/session/authenticate", {
      token,
      body: { subject: "grace", methods: ["pwd", "otp"], keep: ["cart"] },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, subject: "grace", methods: ["pwd", "otp"], data: { cart: ["tea"] } });
    expect((await server.call("GET", "/v1/session", { token })).status).toBe(401);
    expect((await server.call("GET", "/v1/session", { token: String(body["token"]) })).body).toMatchObject({ subject: "grace", data: { cart: ["tea"] } });
  });

  test("another subject gets another session", async () => {
    const { id, token } = await server.begin({ subject: "one", data: { secret: 1 } });
    const { body } = await server.call("POST", "/v1/session/authenticate", { token, body: { subject: "two" } });
    expect(body).toMatchObject({ subject: "two", data: {} });
    expect(body["id"]).not.toBe(id);
    expect((await server.call("GET", `/v1/sessions/${id}`)).body["ended"]).toMatchObject({ reason: "replaced" });
  });
});

test("POST /v1/session/rotate gives a new token; the old one stays good until the new one was seen", async () => {
  const { token } = await server.begin({ data: { a: 1 } });
  const { status, body } = await server.call("POST", "/v1/session/rotate", { token });
  const next = String(body["token"]);
  expect([status, next === token]).toEqual([200, false]);
  for (const good of [token, next, token]) expect((await server.call("GET", "/v1/session", { token: good })).body["data"]).toEqual({ a: 1 });
});

describe("GET /v1/sessions", () => {
  test("lists a subject's live sessions, page by page, without data", async () => {
    const made = await Promise.all(Array.from({ length: 5 }, (_, i) => server.begin({ subject: "pia/1", kind: i === 0 ? "tv" : "web", data: { a: 1 } })));
    await server.call("DELETE", "/v1/session", { token: made[4]?.token ?? "" });
    const found: unknown[] = [];
    let after = "";
    do {
      const { body } = await server.call("GET", `/v1/sessions?subject=pia%2F1&limit=2${after}`);
      const { sessions, next } = body as { sessions: { id: string }[]; next?: string };
      expect(sessions.length).toBeLessThanOrEqual(2);
      for (const session of sessions) expect(session).not.toHaveProperty("data");
      found.push(...sessions.map(({ id }) => id));
      after = next === undefined ? "" : `&after=${encodeURIComponent(next)}`;
    } while (after !== "");
    const ids = made.slice(0, 4).map(({ id }) => id);
    expect(new Set(found)).toEqual(new Set(ids));
    expect(found).toHaveLength(4);
    const { body } = await server.call("GET", "/v1/sessions?subject=pia%2F1&kind=tv");
    expect(body["sessions"]).toMatchObject([{ id: ids[0], kind: "tv", subject: "pia/1" }]);
  });

  test("lists a kind, ended ones too", async () => {
    const { id, token } = await server.begin({ kind: "fax" });
    await server.call("DELETE", "/v1/session", { token });
    expect((await server.call("GET", "/v1/sessions?kind=fax")).body["sessions"]).toMatchObject([{ id, ended: { reason: "closed" } }]);
  });
});

describe("DELETE /v1/sessions/{id}", () => {
  test("ends a session for its holder, once", async () => {
    const { id, token } = await server.begin();
    expect((await server.call("DELETE", `/v1/sessions/${id}`)).status).toBe(204);
    expect((await server.call("GET", "/v1/session", { token })).body["code"]).toBe("session_ended");
    expect((await server.call("DELETE", `/v1/sessions/${id}`)).status).toBe(404);
    expect((await server.call("GET", `/v1/sessions/${id}`)).body["ended"]).toMatchObject({ reason: "revoked", by: "SOJOURN_KEY" });
  });

  test.each(["nobody", "0".repeat(26), "..%2F..", "%00"])("%s is nobody's", async (id) => {
    for (const method of ["GET", "DELETE"]) {
      const { status, body } = await server.call(method, `/v1/sessions/${id}`);
      expect([status, body["code"]]).toEqual([404, "session_missing"]);
    }
  });
});

test.each(["kim", "a/b", "100%", "ä ö", "%2F"])("DELETE /v1/subjects/{subject}/sessions ends all of %j and nobody else's", async (subject) => {
  const tokens = [await server.begin({ subject }), await server.begin({ subject })].map(({ token }) => token);
  const other = await server.begin({ subject: `${subject}x` });
  const { status, body } = await server.call("DELETE", `/v1/subjects/${encodeURIComponent(subject)}/sessions`);
  expect([status, body]).toEqual([200, { ended: 2 }]);
  for (const token of tokens) expect((await server.call("GET", "/v1/session", { token })).body["code"]).toBe("session_ended");
  expect((await server.call("GET", "/v1/session", { token: other.token })).status).toBe(200);
});

describe("GET /v1/forward-auth", () => {
  const asked = (cookie: string, query = "") => server.call("GET", `/v1/forward-auth${query}`, { headers: { Cookie: cookie, "X-Forwarded-For": "192.0.2.7" } });

  test("tells whose session comes in the cookie, and of nobody else anything", async () => {
    const { id, token } = await server.begin({ kind: "web", subject: "ada lovelace/100% \u00e4\n" });
    const { status, headers, text } = await asked(`theme=dark; __Host-Http-session=${token}`);
    expect([status, text, headers.get("sojourn-subject"), headers.get("sojourn-session-id"), headers.get("sojourn-methods")]).toEqual([
      200,
      "",
      "ada%20lovelace/100%25%20%C3%A4%0A",
      id,
      "",
    ]);
    expect(Number(headers.get("sojourn-authenticated-at"))).toBeGreaterThan(0);
    expect([headers.get("set-cookie"), headers.get("cache-control")]).toEqual([null, expect.stringContaining("private")]);
    const anonymous = await server.begin({ kind: "web" });
    const last = token.at(-1) === "A" ? "B" : "A";
    for (const cookie of ["", "a=b", `session=${token}`, `__Host-Http-session=${token.slice(0, -1)}${last}`, `__Host-Http-session=${anonymous.token}`]) {
      const refused = await asked(cookie);
      expect([refused.status, refused.body["code"], refused.headers.get("set-cookie")], cookie).toEqual([401, "session_missing", null]);
      expect([...refused.headers.keys()].filter((name) => /^sojourn-(?!session$)/.test(name))).toEqual([]);
    }
    await server.call("DELETE", `/v1/sessions/${id}`);
    expect((await asked(`__Host-Http-session=${token}`)).status).toBe(401);
  });

  test("in a cookie of another name, if it is told; not in one that no browser would keep", async () => {
    const { token } = await server.begin({ kind: "web", subject: "bob" });
    expect((await asked(`__Host-shop=${token}`, "?cookie=__Host-shop")).headers.get("sojourn-subject")).toBe("bob");
    expect((await asked(`__Host-Http-session=${token}`, "?cookie=__Host-shop")).status).toBe(401);
    for (const name of ["", "a b", "a=b", "x".repeat(65)])
      expect((await asked("", `?cookie=${encodeURIComponent(name)}`)).body).toMatchObject({ status: 400, field: "cookie" });
  });
});

test("GET /healthz and /readyz need no key", async () => {
  for (const [path, status] of [
    ["/healthz", "ok"],
    ["/readyz", "ready"],
  ] as const) {
    expect((await server.call("GET", path, { headers: { Authorization: "" } })).body).toEqual({ status });
  }
});

test("the log has the routes, and no token, key, subject or data", async () => {
  const { token } = await server.begin({ subject: "log-subject", data: { a: "log-data" } });
  await server.call("GET", "/v1/session", { token });
  await server.call("DELETE", "/v1/subjects/log-subject/sessions");
  const log = server.logged.join("\n");
  expect(log).toContain('"route":"/v1/subjects/:subject/sessions"');
  for (const secret of [token, token.split(".")[1] ?? "", "sjk_", "log-subject", "log-data"]) expect(log).not.toContain(secret);
});
