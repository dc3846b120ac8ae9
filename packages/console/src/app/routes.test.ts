import fc from "fast-check";
import { expect, test } from "vitest";
import { hrefOf, routeOf, type Route } from "./routes.ts";

test.each<[string, string, Route]>([
  ["/console/", "", { page: "now" }],
  ["/console/now", "", { page: "now" }],
  ["/console/health/", "", { page: "health" }],
  ["/console/sessions", "?kind=web&live=true&after=17", { page: "sessions", search: { kind: "web", live: "true", after: 17 } }],
  ["/console/sessions", "?subject=&live=maybe&before=1e3", { page: "sessions", search: {} }],
  ["/console/sessions/01j%2Fx", "", { page: "session", id: "01j/x" }],
  ["/console/sessions/%E0%A4%A", "", { page: "unknown", path: "/console/sessions/%E0%A4%A" }],
  ["/console/sessions/a/b", "", { page: "unknown", path: "/console/sessions/a/b" }],
  ["/console/nowhere", "", { page: "unknown", path: "/console/nowhere" }],
])("%s%s", (path, query, route) => {
  expect(routeOf(path, query)).toEqual(route);
});

test("every search and every id comes back from its address", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1 });
  const moment = fc.nat({ max: 4e12 });
  const search = fc.record(
    { subject: text, kind: text, address: text, agent: text, after: moment, before: moment, live: fc.constantFrom("true" as const, "false" as const) },
    { requiredKeys: [] },
  );
  const route: fc.Arbitrary<Route> = fc.oneof(
    search.map((found): Route => ({ page: "sessions", search: found })),
    text.filter((id) => id !== "." && id !== "..").map((id): Route => ({ page: "session", id })),
  );
  fc.assert(
    fc.property(route, (given) => {
      const { pathname, search: query } = new URL(hrefOf(given), "http://localhost");
      expect(routeOf(pathname, query)).toEqual(given);
    }),
  );
});
