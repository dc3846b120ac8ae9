import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanUp } from "./clean-up.fixture.ts";
import { testServer, type TestServer } from "./server.fixture.ts";

afterAll(cleanUp);

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await testServer();
  ({ token } = await server.begin({ data: { a: 1 } }));
});

const deep = (levels: number): string => `{"data":{"a":${"[".repeat(levels)}${"]".repeat(levels)}}}`;

describe("a body that is wrong is one clear answer, which names what and the fix", () => {
  test.each([
    ["cut off", '{"data":', 400, "invalid_request", /not JSON/],
    ["not JSON", "hello", 400, "invalid_request", /not JSON \(at character \d+\)|not JSON\./],
    ["a list", "[]", 400, "invalid_request", /must be a JSON object/],
    ["null", "null", 400, "invalid_request", /must be a JSON object/],
    ["10,000 deep", deep(10_000), 400, "invalid_request", /nests more than 66 deep/],
    ["65 deep", deep(65), 400, "invalid_request", /nests more than 66 deep/],
    ["brackets never closed", `{"data":{"a":${"[".repeat(500_000)}`, 400, "invalid_request", /nests more than 66 deep/],
    ["over 1 MB", JSON.stringify({ data: { a: "x".repeat(1_048_576) } }), 413, "too_large", /more than 1048576 bytes/],
    ["a field over 64 kB", JSON.stringify({ data: { a: "x".repeat(70_000) } }), 413, "too_large", /field "a" takes 70002 bytes/],
    ["__proto__", '{"__proto__":{"x":1}}', 400, "invalid_request", /^__proto__ is a key/],
    ["__proto__ in data", '{"data":{"__proto__":1}}', 400, "invalid_request", /^data\.__proto__ is a key/],
    ["__proto__ in a list in data", '{"data":{"a":[{"__proto__":1}]}}', 400, "invalid_request", /^data\.a\[0\]\.__proto__ is a key/],
    ["an unknown field", '{"subjct":"ada"}', 400, "invalid_request", /^subjct is not a field\. There are: kind, subject/],
    ["a field of the manager's own", '{"data":{"$secret":"x"}}', 400, "invalid_field", /"\$secret" cannot name a field/],
    ["a kind that is none", '{"kind":"a b"}', 400, "invalid_request", /^kind must be a letter/],
    ["an empty subject", '{"subject":""}', 400, "invalid_request", /^subject must be a text of 1 to 512/],
    ["a subject that is a number", '{"subject":7}', 400, "invalid_request", /^subject must be a text/],
    ["data that is a list", '{"data":[]}', 400, "invalid_request", /^data must be an object/],
    ["idle in words", '{"idle":"five minutes"}', 400, "invalid_request", /^idle must be milliseconds above zero/],
    ["idle 0", '{"idle":0}', 400, "invalid_request", /^idle must be milliseconds above zero/],
    ["idle 0s", '{"idle":"0s"}', 400, "invalid_request", /^idle must be milliseconds above zero/],
    ["idle below 0", '{"idle":-5}', 400, "invalid_request", /^idle must be milliseconds above zero/],
    ["absolute over 400 days", '{"absolute":"401d"}', 400, "invalid_option", /absolute is "401d".*400 days/],
  ])("%s", async (_, body, status, code, detail) => {
    const answer = await server.call("POST", "/v1/sessions", { body });
    expect(answer.body).toEqual({ title: expect.any(String) as string, status, code, detail: expect.stringMatching(detail) as string, ...field(answer.body) });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect((await server.call("GET", "/healthz")).status).toBe(200);
  });

  function field(body: Record<string, unknown>): object {
    return body["field"] === undefined ? {} : { field: expect.any(String) as string };
  }

  test("bytes that are no UTF-8", async () => {
    const response = await fetch(`${server.address}/v1/sessions`, {
      method: "POST",
      headers: { Authorization: server.authorization, "Content-Type": "application/json" },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("not UTF-8")]);
  });

  test("over 1 MB in chunks without a length", async () => {
    const chunk = new Uint8Array(65_536).fill(0x20);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => (sent++ < 20 ? controller.enqueue(chunk) : controller.close()) });
    const headers = { Authorization: server.authorization, "Content-Type": "application/json" };
    const answer = await fetch(`${server.address}/v1/sessions`, { method: "POST", headers, body, duplex: "half" }).then(
      async (response) => [response.status, await response.text()],
      () => "cut off",
    );
    // The server may stop reading before fetch has stopped writing.
    if (answer !== "cut off") expect(answer).toEqual([413, expect.stringContaining("more than 1048576 bytes")]);
    expect((await server.call("GET", "/healthz")).status).toBe(200);
  });

  test("as deep as a session takes it", async () => {
    expect((await server.call("POST", "/v1/sessions", { body: deep(64) })).status).toBe(201);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])("of the type %s", async (type) => {
    const { status, body } = await server.call("POST", "/v1/sessions", { body: {}, headers: { "Content-Type": type } });
    expect([status, body["code"], body["detail"]]).toEqual([415, "unsupported_media_type", expect.stringContaining("Content-Type: application/json")]);
  });

  test("JSON with a charset is JSON", async () => {
    expect((await server.call("POST", "/v1/sessions", { body: {}, headers: { "Content-Type": "Application/JSON; charset=utf-8" } })).status).toBe(201);
  });
});

describe("a change that is wrong changes nothing", () => {
  test.each([
    ["/v1/session", { set: [] }, "set"],
    ["/v1/session", { unset: "a" }, "unset"],
    ["/v1/session", { unset: ["a", 1] }, "unset[1]"],
    ["/v1/session", { ifVersion: 0 }, "ifVersion"],
    ["/v1/session", { ifVersion: "1" }, "ifVersion"],
    ["/v1/session", { set: { a: 2 }, unset: ["a"] }, "unset.a"],
    ["/v1/session", { a: 2 }, "a"],
    ["/v1/session/authenticate", {}, "subject"],
    ["/v1/session/authenticate", { subject: "x", methods: "pwd" }, "methods"],
    ["/v1/session/authenticate", { subject: "x", level: 1 }, "level"],
    ["/v1/session/rotate", { now: true }, "now"],
  ])("%s %j", async (path, body, field) => {
    const answer = await server.call(path === "/v1/session" ? "PATCH" : "POST", path, { token, body });
    expect(answer.body).toMatchObject({ status: 400, code: "invalid_request", field });
    expect((await server.call("GET", "/v1/session", { token })).body).toMatchObject({ version: 1, data: { a: 1 } });
  });

  test("a name that no field can have, beside one that it can", async () => {
    const { status, body } = await server.call("PATCH", "/v1/session", { token, body: { set: { b: 1, $c: 1 } } });
    expect([status, body["code"]]).toEqual([400, "invalid_field"]);
    expect((await server.call("GET", "/v1/session", { token })).body).toMatchObject({ version: 1, data: { a: 1 } });
  });
});

describe("a path or query that is wrong", () => {
  test.each([
    ["GET", "/v1/sessions", 400, /subject=/],
    ["GET", "/v1/sessions?subject=", 400, /^subject must be/],
    ["GET", "/v1/sessions?kind=web&limit=0", 400, /^limit must be a whole number from 1 to 1000/],
    ["GET", "/v1/sessions?kind=web&limit=1001", 400, /^limit must be/],
    ["GET", "/v1/sessions?kind=web&limit=1e2", 400, /^limit must be/],
    ["GET", "/v1/sessions?kind=web&after=%0a", 400, /^after must be the next of an earlier answer/],
    ["GET", "/v1/sessions?kind=web&order=x", 400, /^order is not a parameter/],
    ["GET", "/v1/sessions?kind=web&toString=x", 400, /^toString is not a parameter/],
    ["GET", "/v1/keys?all=x", 403, /role app; this is for admin/],
    ["GET", "/healthz?x=1", 400, /^x is not a parameter\. Leave it out/],
    ["GET", "/v1/sessions?kind=web&kind=sms", 400, /^kind comes more than once/],
    ["GET", "/v1/sessions?kind=%zz", 400, /%25/],
    ["DELETE", "/v1/subjects/%E0%A4%A/sessions", 400, /%25/],
    ["DELETE", `/v1/subjects/${"x".repeat(513)}/sessions`, 400, /1 to 512/],
    ["GET", "/v1/nothing", 404, /nothing at this path/],
    ["GET", "/v1/session/", 404, /nothing at this path/],
    ["GET", "/demo", 404, /nothing at this path/],
  ])("%s %s", async (method, path, status, detail) => {
    const answer = await server.call(method, path);
    expect(answer.body).toMatchObject({ status, detail: expect.stringMatching(detail) as string });
    expect(answer.status).toBe(status);
  });

  test.each([
    ["PUT", "/v1/session", "GET, HEAD, PATCH, DELETE"],
    ["POST", "/v1/session", "GET, HEAD, PATCH, DELETE"],
    ["GET", "/v1/session/rotate", "POST"],
    ["PATCH", "/v1/sessions", "POST, GET, HEAD"],
    ["OPTIONS", "/v1/sessions", "POST, GET, HEAD"],
    ["POST", "/v1/subjects/a/sessions", "DELETE"],
    ["DELETE", "/healthz", "GET, HEAD"],
  ])("%s %s is not known there", async (method, path, allow) => {
    const { status, headers, body } = await server.call(method, path);
    expect([status, headers.get("allow"), body["code"]]).toEqual([405, allow, "method_not_allowed"]);
  });
});

describe("without an application key nothing is answered", () => {
  test.each(["", "Bearer", "Bearer x", "Bearer sjk_x", `Bearer sjk_${"A".repeat(43)}`, "Basic c2prX3g6"])("%j", async (header) => {
    for (const [method, path] of [
      ["POST", "/v1/sessions"],
      ["GET", "/v1/session"],
      ["GET", "/v1/sessions?kind=api"],
      ["DELETE", "/v1/subjects/a/sessions"],
    ] as const) {
      const { status, headers, body } = await server.call(method, path, { token, headers: { Authorization: header } });
      expect([status, body["code"], headers.get("www-authenticate")]).toEqual([401, "invalid_key", 'Bearer realm="sojourn"']);
    }
  });
});

test("nothing is said to pages of other origins", async () => {
  const { headers } = await server.call("GET", "/v1/session", { token, headers: { Origin: "https://evil.example" } });
  expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});
