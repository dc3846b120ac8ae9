import { sojournClient } from "@sojourn/client";
import { instruments } from "sojourn/otel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { newKey, type KeyPurpose } from "../keys.ts";
import { testServer, type TestServer } from "../server.fixture.ts";
import { liveSessions } from "./live-sessions.ts";
import { openStreams } from "./open-streams.ts";
import { labelName, prometheusName } from "./prometheus-names.ts";
import { noPromtool, promtool, promtoolCheck } from "./promtool.fixture.ts";
import { requestDuration } from "./request-durations.ts";

afterAll(cleanUp);

let server: TestServer;
let auditor: Record<string, string>;
beforeAll(async () => {
  server = await testServer();
  auditor = await keyFor({ name: "prometheus", role: "auditor" });
});

async function keyFor(purpose: KeyPurpose): Promise<Record<string, string>> {
  const key = newKey();
  await server.keys.add(key, purpose);
  return { Authorization: `Bearer ${key}` };
}

async function scraped(): Promise<string> {
  const { status, text } = await server.call("GET", "/metrics", { headers: auditor });
  expect(status).toBe(200);
  return text;
}

/** The value of a series: its name and its labels, in any order. 0 where there is none yet. */
function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Number(
    lines
      .find((line) => wanted.every((part) => line.includes(part)))
      ?.split(" ")
      .at(-1) ?? 0,
  );
}

test("a watcher of tenant main reads them, and nobody else", async () => {
  for (const role of ["operator", "auditor", "admin"] as const) {
    const { status, headers } = await server.call("GET", "/metrics", { headers: await keyFor({ name: role, role }) });
    expect([status, headers.get("content-type"), headers.get("cache-control")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8", "no-store"]);
  }
  for (const purpose of [{ role: "app" }, { role: "gateway" }, { role: "admin", tenant: "two" }] as const) {
    const { status, body } = await server.call("GET", "/metrics", { headers: await keyFor({ name: "other", ...purpose }) });
    expect([status, body["code"]]).toEqual([403, "forbidden"]);
  }
  expect((await server.call("GET", "/metrics", { headers: { Authorization: "" } })).body["code"]).toBe("invalid_key");
  expect((await server.call("POST", "/metrics", { headers: auditor, body: {} })).status).toBe(405);
});

test("the client gives them as the text that they are", async () => {
  const client = sojournClient({ address: server.address, key: (auditor["Authorization"] ?? "").slice("Bearer ".length) });
  expect(await client.metrics()).toMatch(/^# HELP process_cpu_user_seconds_total /m);
});

test("Prometheus's own tool reads them, and finds no convention broken", async ({ skip }) => {
  if (promtool === undefined) skip(noPromtool);
  await server.begin({ kind: "web", subject: "ada" });
  const text = await scraped();
  // The names of its own default metrics are the library's to choose.
  const ours = text
    .split(/(?=^# HELP )/m)
    .filter((metric) => /^# HELP (sojourn|db|http)_/.test(metric))
    .join("");
  expect(promtoolCheck("metrics", ours)).toEqual({ status: 0, said: "" });
  expect(promtoolCheck("metrics", text).said).not.toMatch(/error while linting|parse/i);
  expect(promtoolCheck("metrics", `${ours}not a metric{\n`).status).toBe(1);
});

test("what happens to sessions, requests and the store is in them", async () => {
  const before = await scraped();
  const { id } = await server.begin({ kind: "web", subject: "ada" });
  await server.call("DELETE", `/v1/sessions/${id}`);
  await server.call("GET", "/v1/sessions/of-nobody/at-all");
  const after = await scraped();
  const grown = (name: string, labels?: Readonly<Record<string, string>>): number => valueOf(after, name, labels) - valueOf(before, name, labels);
  const web = { sojourn_kind: "web" };
  expect(grown("sojourn_sessions_created_total", web)).toBe(1);
  expect(grown("sojourn_sessions_ended_total", { ...web, sojourn_end_reason: "revoked" })).toBe(1);
  const commits = { db_system_name: "lmdb", db_operation_name: "commit" };
  expect(grown("db_client_operation_duration_seconds_count", commits)).toBeGreaterThan(1);
  expect(valueOf(after, "db_client_operation_duration_seconds_sum", commits)).toBeGreaterThan(0);
  const requests = "http_server_request_duration_seconds_count";
  expect(grown(requests, { http_request_method: "POST", http_route: "/v1/sessions", http_response_status_code: "201", url_scheme: "http" })).toBe(1);
  expect(grown(requests, { http_request_method: "DELETE", http_route: "/v1/sessions/:id", http_response_status_code: "204" })).toBe(1);
  expect(after).toMatch(/^http_server_request_duration_seconds_count\{http_request_method="GET",http_response_status_code="404",url_scheme="http"\} 1$/m);
  expect(valueOf(after, "process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(after).toMatch(/^sojourn_sessions_live\{sojourn_kind="web",sojourn_tenant="main"\} \d+$/m);
  expect(after).toContain('sojourn_streams_open{sojourn_tenant="main"} 0\n');
  // What is to be watched for is there before it happens.
  expect(after).toContain('sojourn_store_outages_total{sojourn_calls="writes"} 0\n');
  expect(after).toContain('sojourn_sessions_reuse_total{sojourn_kind="web"} 0\n');
});

test("each is there as it is said once: its name, its help and no labels but its own", async () => {
  const text = await scraped();
  const sortOf = (name: string): "counter" | "gauge" | "histogram" =>
    name.endsWith(".duration") ? "histogram" : name === liveSessions.name || name === openStreams.name ? "gauge" : "counter";
  for (const { name, unit, description, attributes } of [...Object.values(instruments), requestDuration, liveSessions, openStreams]) {
    const called = prometheusName(name, unit, sortOf(name));
    expect(text).toContain(`# HELP ${called} ${description}\n# TYPE ${called} ${sortOf(name)}\n`);
    const labels = [...text.matchAll(new RegExp(String.raw`^${called}(?:_bucket|_sum|_count)?\{(.*)\} `, "gm"))].flatMap(([, list = ""]) =>
      [...list.matchAll(/(\w+)=/g)].map(([, label]) => label),
    );
    expect(attributes.map(labelName), called).toEqual(expect.arrayContaining(labels.filter((label) => label !== "le")));
  }
});
