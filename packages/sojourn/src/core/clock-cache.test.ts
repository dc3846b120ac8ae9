import * as fc from "fast-check";
import { expect, test } from "vitest";
import { clockCache } from "./clock-cache.ts";

const keys = fc.constantFrom("a", "b", "c", "d", "e", "f");
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant("set" as const), keys) },
    { weight: 3, arbitrary: fc.tuple(fc.constant("get" as const), keys) },
    fc.tuple(fc.constant("peek" as const), keys),
    fc.tuple(fc.constant("delete" as const), keys),
    fc.tuple(fc.constant("clear" as const), keys),
  ),
  { maxLength: 80 },
);

test("holds what was set and not told of as evicted, never more than its capacity", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), steps, (capacity, taken) => {
      const held = new Map<string, number>();
      const cache = clockCache<number>(capacity, (key, value) => {
        expect(held.get(key)).toBe(value);
        held.delete(key);
      });
      taken.forEach(([step, key], n) => {
        if (step === "set") {
          cache.set(key, n);
          held.set(key, n);
        } else if (step === "delete") {
          cache.delete(key);
          held.delete(key);
        } else if (step === "clear") {
          cache.clear();
          held.clear();
        } else expect(cache[step](key)).toBe(held.get(key));
        expect(cache.size).toBe(held.size);
        expect(held.size).toBeLessThanOrEqual(capacity);
      });
      for (const key of ["a", "b", "c", "d", "e", "f"]) expect(cache.peek(key)).toBe(held.get(key));
    }),
    { numRuns: 1000 },
  );
});

test("what was used since the hand came by stays, what was not goes first", () => {
  const gone: string[] = [];
  const cache = clockCache<number>(3, (key) => gone.push(key));
  for (const key of ["a", "b", "c"]) cache.set(key, 1);
  cache.get("a");
  cache.set("c", 2);
  cache.set("d", 1);
  expect(gone).toEqual(["b"]);
  expect(cache.get("a")).toBe(1);
});

test("peek is not a use", () => {
  const gone: string[] = [];
  const cache = clockCache<number>(2, (key) => gone.push(key));
  for (const key of ["a", "b"]) cache.set(key, 1);
  cache.peek("a");
  cache.set("c", 1);
  expect(gone).toEqual(["a"]);
});

test("room that was made by deleting or clearing is used before anything is pushed out", () => {
  const gone: string[] = [];
  const cache = clockCache<number>(2, (key) => gone.push(key));
  cache.set("a", 1);
  cache.set("b", 1);
  cache.delete("a");
  cache.set("c", 1);
  cache.clear();
  cache.set("d", 1);
  cache.set("e", 1);
  expect(gone).toEqual([]);
  expect(cache.size).toBe(2);
});
