import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { instruments } from "sojourn/otel";
import { afterAll, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { newKey } from "../keys.ts";
import { testServer } from "../server.fixture.ts";
import { tempFolder } from "../temp-folder.fixture.ts";
import { liveSessions } from "./live-sessions.ts";
import { openStreams } from "./open-streams.ts";
import { noPromtool, promtool, promtoolCheck, promtoolTest } from "./promtool.fixture.ts";
import { requestDuration } from "./request-durations.ts";

afterAll(cleanUp);

const page = readFileSync(new URL("../../../../docs/observability.md", import.meta.url), "utf8");
const [, rules = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? [];

test("the page tells of every metric, with its unit and its attributes, and of no other", () => {
  const rows = [...page.matchAll(/^\| `([a-z._]+\.[a-z._]+)` \| `([^`]+)` \| (.*?) \| /gm)].map(([, name, unit, attributes = ""]) => ({
    name,
    unit,
    attributes: [...attributes.matchAll(/`([^`]+)`/g)].map(([, attribute]) => attribute),
  }));
  const all = [...Object.values(instruments), requestDuration, liveSessions, openStreams];
  expect(rows).toEqual(all.map(({ name, unit, attributes }) => ({ name, unit, attributes })));
});

test("the rules name metrics that there are", async () => {
  const server = await testServer();
  const key = newKey();
  await server.keys.add(key, { name: "prometheus", role: "auditor" });
  const { text } = await server.call("GET", "/metrics", { headers: { Authorization: `Bearer ${key}` } });
  const asked = [...rules.matchAll(/expr: ([\s\S]*?)\n {8}(?:for|annotations):/g)].map(([, expression]) => expression).join("\n");
  const named = new Set([...asked.matchAll(/\b(?:sojourn|db|http|nodejs)_\w+(?=[{[ ])/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, "")));
  expect(named.size).toBeGreaterThan(6);
  expect([...named].filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
});

test("Prometheus's own tool takes the rules, and each fires on what it is for and on nothing else", { timeout: 60_000 }, ({ skip }) => {
  if (promtool === undefined) skip(noPromtool);
  const folder = tempFolder();
  writeFileSync(join(folder, "rules.yml"), rules);
  expect(promtoolCheck("rules", join(folder, "rules.yml"))).toMatchObject({ status: 0, said: expect.stringContaining("SUCCESS: 10 rules found") as string });

  // Three hours of every series without anything wrong, then ten minutes of trouble: a value and how it grows a minute.
  const [on, store, http] = ['instance="a"', "db_client_operation_duration_seconds", "http_server_request_duration_seconds_count"];
  const quiet = (series: string, step: number, trouble: number): string =>
    `      - series: '${series}'\n        values: '0+${step}x180 ${step * 180 + trouble}+${trouble}x30'`;
  const level = (series: string, value: number, trouble: number): string => `      - series: '${series}'\n        values: '${value}x180 ${trouble}x30'`;
  const series = [
    level(`up{job="sojourn",${on}}`, 1, 0),
    quiet(`sojourn_store_outages_total{${on},sojourn_calls="reads"}`, 0, 1),
    quiet(`${store}_count{${on},db_operation_name="load",error_type="store_unavailable"}`, 0, 60),
    quiet(`${store}_bucket{${on},db_operation_name="load",le="0.001"}`, 60, 0),
    quiet(`${store}_bucket{${on},db_operation_name="load",le="1"}`, 60, 60),
    quiet(`${store}_bucket{${on},db_operation_name="load",le="+Inf"}`, 60, 60),
    quiet(`${http}{${on},http_response_status_code="200"}`, 60, 60),
    quiet(`${http}{${on},http_response_status_code="503",error_type="503"}`, 0, 6),
    quiet(`sojourn_sessions_reuse_total{${on},sojourn_kind="web"}`, 0, 1),
    quiet(`sojourn_fields_unreadable_total{${on},sojourn_kind="web"}`, 0, 1),
    quiet(`sojourn_background_failures_total{${on},sojourn_task="sweep",error_type="store_unavailable"}`, 0, 1),
    quiet(`sojourn_sessions_ended_total{${on},sojourn_kind="web",sojourn_end_reason="idle"}`, 6, 600),
    level(`nodejs_eventloop_lag_p99_seconds{${on}}`, 0.01, 1),
  ];
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
  const file = join(folder, "tests.yml");
  const firing = (minutes: number): readonly string[] => {
    const none = alerts.map((alert) => `      - { eval_time: ${minutes}m, alertname: ${alert}, exp_alerts: [] }`);
    writeFileSync(
      file,
      `rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n${[...series, "    alert_rule_test:", ...none].join("\n")}\n`,
    );
    // Nothing is expected, and it names what fires.
    const { status, said } = promtoolTest(file);
    const fired = alerts.filter((alert) => new RegExp(String.raw`alertname: ${alert},`).test(said));
    expect(status, said).toBe(fired.length === 0 ? 0 : 1);
    return fired;
  };
  expect(firing(170)).toEqual([]);
  expect(firing(210)).toEqual(alerts);
});
