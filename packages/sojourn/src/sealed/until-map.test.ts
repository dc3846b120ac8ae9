import fc from "fast-check";
import { expect, test } from "vitest";
import { untilMap } from "./until-map.ts";

const step = fc.oneof(
  fc.record({ do: fc.constant("set"), key: fc.nat(12).map(String), value: fc.nat(), until: fc.nat(100) }),
  fc.record({ do: fc.constant("forget"), most: fc.nat(6) }),
  fc.record({ do: fc.constant("wait"), ms: fc.nat(20) }),
);

test("it answers as a plain map does that looks at every moment, and forgets only what is over", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const map = untilMap<number>();
      const model = new Map<string, { value: number; until: number }>();
      let now = 0;
      for (const given of steps) {
        if ("key" in given) {
          // Whether what is over is still held depends on how much was forgotten; its moment must not come back from it.
          const before = map.untilOf(given.key);
          map.set(given.key, given.value, given.until);
          model.set(given.key, { value: given.value, until: Math.max(before, given.until) });
        } else if ("most" in given) {
          const { size } = map;
          map.forget(now, given.most);
          expect(size - map.size).toBeLessThanOrEqual(given.most);
        } else now += given.ms;
        for (const [key, { value, until }] of model) expect(map.get(key, now)).toBe(until < now ? undefined : value);
      }
      map.forget(now, 10_000);
      expect(map.size).toBe([...model.values()].filter(({ until }) => until >= now).length);
    }),
  );
});

test("a moment that is put off is kept", () => {
  const map = untilMap<string>();
  map.set("a", "x", 10);
  map.set("a", "y", 30);
  map.set("a", "z", 20);
  map.forget(25, 10);
  expect(map.get("a", 30)).toBe("z");
  expect(map.untilOf("a")).toBe(30);
  map.forget(31, 10);
  expect(map.size).toBe(0);
  expect(map.untilOf("a")).toBe(-Infinity);
});
