import fc from "fast-check";
import { expect, test } from "vitest";
import { sortedList } from "./sorted-list.ts";

test("after any additions and removals it is what a sorted array is, from any item on", () => {
  const step = fc.record({ add: fc.boolean(), item: fc.nat({ max: 3000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000, size: "max" }), fc.nat({ max: 3000 }), (steps, from) => {
      const list = sortedList<number>((a, b) => a - b);
      const plain = new Set<number>();
      for (const { add, item } of steps) {
        if (add && !plain.has(item)) list.add(item);
        if (!add) list.remove(item);
        if (add) plain.add(item);
        else plain.delete(item);
      }
      const sorted = [...plain].sort((a, b) => a - b);
      expect([...list.from()]).toEqual(sorted);
      expect([...list.from(from)]).toEqual(sorted.filter((item) => item >= from));
      expect(list.size).toBe(sorted.length);
    }),
    { numRuns: 40 },
  );
});

test("a hundred thousand in random order, and all taken out again", () => {
  const list = sortedList<number>((a, b) => a - b);
  const items = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_003);
  for (const item of items) list.add(item);
  expect([...list.from()]).toEqual(items.toSorted((a, b) => a - b));
  for (const item of items) list.remove(item);
  expect([...list.from()]).toEqual([]);
});
