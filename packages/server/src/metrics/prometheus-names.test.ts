import fc from "fast-check";
import { expect, test } from "vitest";
import { labelName, prometheusName } from "./prometheus-names.ts";

test.each([
  ["db.client.operation.duration", "s", "histogram", "db_client_operation_duration_seconds"],
  ["sojourn.sessions.created", "{session}", "counter", "sojourn_sessions_created_total"],
  ["sojourn.sessions.live", "{session}", "gauge", "sojourn_sessions_live"],
  ["http.server.request.body.size", "By", "histogram", "http_server_request_body_size_bytes"],
  ["already.in.seconds", "s", "gauge", "already_in_seconds"],
  ["of.it.total", "{x}", "counter", "of_it_total"],
  ["a..b--c", "widget", "gauge", "a_b_c_widget"],
  ["5xx", "{answer}", "counter", "_5xx_total"],
] as const)("%s in %s, a %s, is %s", (name, unit, sort, called) => {
  expect(prometheusName(name, unit, sort)).toBe(called);
});

test("whatever it is called, Prometheus takes the name", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), fc.constantFrom("counter" as const, "gauge" as const), (name, unit, sort) => {
      expect(prometheusName(name, unit, sort)).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
      expect(labelName(name)).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
    }),
  );
});
