import { expect, test } from "vitest";
import { needsReading, understood } from "./smart.ts";

const id = "01j9zk3qv8m4t7w2x5y6a8b9cd";
const secret = "A".repeat(32);

test.each([
  ["  ", undefined],
  [id, { route: { page: "session", id } }],
  [` id:${id} `, { route: { page: "session", id } }],
  [`${id}.${secret}`, { route: { page: "session", id }, token: true }],
  ["ada", { route: { page: "sessions", search: { subject: "ada" } } }],
  ["Ada  Lovelace", { route: { page: "sessions", search: { subject: "Ada  Lovelace" } } }],
  ["kind:sms", { route: { page: "sessions", search: { kind: "sms" } } }],
  ["web", { route: { page: "sessions", search: { kind: "web" } }, other: { subject: "web" } }],
  ["subject:web", { route: { page: "sessions", search: { subject: "web" } } }],
  ["ada kind:web address:10.0", { route: { page: "sessions", search: { subject: "ada", kind: "web", address: "10.0" } } }],
  ["kind:web device:Firefox", { route: { page: "sessions", search: { kind: "web", agent: "Firefox" } } }],
  ["kind:", { route: { page: "sessions", search: { subject: "kind:" } } }],
  ["urn:subject:x", { route: { page: "sessions", search: { subject: "urn:subject:x" } } }],
])("%j", (text, expected) => {
  expect(understood(text, ["web", "sms"])).toEqual(expected);
});

test("a secret reaches no address", () => {
  expect(JSON.stringify(understood(`${id}.${secret}`, []))).not.toContain(secret);
});

test("what indexes have needs no reading", () => {
  expect(needsReading({ subject: "ada", kind: "web" })).toBe(false);
  expect(needsReading({ kind: "web", before: 0 })).toBe(true);
  expect(needsReading({ kind: "web", live: "false" })).toBe(true);
});
