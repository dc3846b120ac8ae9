import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iso, momentOf, relative, withIso } from "./times.ts";

const now = Date.parse("2026-05-04T10:00:00Z");

describe("a moment that was given", () => {
  test.each([
    ["2026-05-04", "2026-05-04T00:00:00.000Z"],
    ["2026-05-04T09:30Z", "2026-05-04T09:30:00.000Z"],
    ["2026-05-04T09:30:01.5+02:00", "2026-05-04T07:30:01.500Z"],
    ["1777881600000", "2026-05-04T08:00:00.000Z"],
    ["2h", "2026-05-04T08:00:00.000Z"],
    ["1.5d", "2026-05-02T22:00:00.000Z"],
    ["250ms", "2026-05-04T09:59:59.750Z"],
  ])("%s", (text, at) => expect(iso(momentOf(text, "--x", now))).toBe(at));

  test.each(["", "yesterday", "2026-05-04T09:30", "2026-13-01", "0s", "-2h", "2 h", "99999999d", "12", "1e9", "2026-05-04 09:30Z"])("%j is none", (text) => {
    expect(() => momentOf(text, "--issued-before", now)).toThrow(/^--issued-before is ".*"\. Give a moment such as /);
  });

  test("as it is printed it can be given again", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
        (date) => momentOf(iso(date.getTime()), "--x") === date.getTime(),
      ),
    );
  });
});

test.each([
  [0, "now"],
  [-999, "now"],
  [-1_000, "1 s ago"],
  [-119_000, "1 min ago"],
  [25 * 60_000, "in 25 min"],
  [-5 * 3_600_000, "5 h ago"],
  [400 * 86_400_000, "in 400 d"],
])("%d ms from now is %s", (distance, text) => expect(relative(now + distance, now)).toBe(text));

test("the moments of an answer become ISO 8601, and what a session holds stays as it is", () => {
  expect(withIso({ at: now, created: now, version: now, ended: { at: now, reason: "idle" }, data: { at: now }, checkpoint: { until: now } })).toEqual({
    at: "2026-05-04T10:00:00.000Z",
    created: "2026-05-04T10:00:00.000Z",
    version: now,
    ended: { at: "2026-05-04T10:00:00.000Z", reason: "idle" },
    data: { at: now },
    checkpoint: { until: "2026-05-04T10:00:00.000Z" },
  });
  expect(iso(Number.MAX_VALUE)).toBe(String(Number.MAX_VALUE));
});
