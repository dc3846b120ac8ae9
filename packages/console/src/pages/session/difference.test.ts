import fc from "fast-check";
import { expect, test } from "vitest";
import { differencesOf, type Difference } from "./difference.ts";

test.each<[unknown, unknown, Difference[]]>([
  [undefined, undefined, []],
  [undefined, 1, [{ path: "f", change: "added", kept: 1 }]],
  ["x", undefined, [{ path: "f", change: "removed", now: "x" }]],
  [{ b: 1, a: [2] }, { a: [2], b: 1 }, [{ path: "f", change: "same", now: { b: 1, a: [2] }, kept: { a: [2], b: 1 } }]],
  [null, {}, [{ path: "f", change: "changed", now: null, kept: {} }]],
  [[1], { 0: 1 }, [{ path: "f", change: "changed", now: [1], kept: { 0: 1 } }]],
  [
    { cart: ["a", "b"], theme: "dark" },
    { cart: ["a"], size: 3 },
    [
      { path: "f.cart[0]", change: "same", now: "a", kept: "a" },
      { path: "f.cart[1]", change: "removed", now: "b" },
      { path: "f.theme", change: "removed", now: "dark" },
      { path: "f.size", change: "added", kept: 3 },
    ],
  ],
])("%j to %j", (now, kept, differences) => {
  expect(differencesOf("f", now, kept)).toEqual(differences);
});

test("two values differ nowhere exactly when they are the same, and backwards it is the opposite", () => {
  const opposite = { added: "removed", removed: "added", changed: "changed", same: "same" } as const;
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(differencesOf("f", a, structuredClone(a)).every(({ change }) => change === "same")).toBe(true);
      const there = differencesOf("f", a, b).map(({ path, change }) => `${path} ${opposite[change]}`);
      const back = differencesOf("f", b, a).map(({ path, change }) => `${path} ${change}`);
      expect(there.sort()).toEqual(back.sort());
      expect(differencesOf("f", a, b).every(({ change }) => change === "same")).toBe(normal(a) === normal(b));
    }),
  );
});

/** The same text for the same value, whatever the order of names. */
function normal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(normal).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const named = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${normal(inner)}`);
  return `{${named.sort().join()}}`;
}
