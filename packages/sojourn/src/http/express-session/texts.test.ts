import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deltaOf, mergedOver, textsOf, valuesOf, wholeOf } from "./texts.ts";

const data = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "x y", "$", ""), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });

describe("the texts of a session", () => {
  it("are its properties but the cookie, as JSON gives them back", () => {
    fc.assert(
      fc.property(data, (given) => {
        expect(valuesOf(textsOf({ ...given, cookie: { path: "/" }, gone: undefined }))).toEqual(JSON.parse(JSON.stringify(given)));
      }),
    );
  });

  it("a delta takes one to the other, and merges: what only one side changed is as that side has it", () => {
    fc.assert(
      fc.property(data, data, data, (base, mine, theirs) => {
        const [b, m, t] = [textsOf(base), textsOf(mine), textsOf(theirs)];
        expect(valuesOf(mergedOver(b, deltaOf(b, m)))).toEqual(valuesOf(m));
        const merged = mergedOver(t, deltaOf(b, m));
        for (const name of new Set([...b.keys(), ...m.keys(), ...t.keys()])) {
          expect(merged.get(name)).toBe(m.get(name) === b.get(name) ? t.get(name) : m.get(name));
        }
      }),
    );
  });

  it("two writers of different properties come to the same, whoever is first", () => {
    fc.assert(
      fc.property(data, data, data, (base, one, other) => {
        const b = textsOf(base);
        const first = deltaOf(b, textsOf({ ...base, ...Object.fromEntries(Object.entries(one).map(([name, value]) => [`1${name}`, value])) }));
        const second = deltaOf(b, textsOf({ ...base, ...Object.fromEntries(Object.entries(other).map(([name, value]) => [`2${name}`, value])) }));
        expect(valuesOf(mergedOver(mergedOver(b, first), second))).toEqual(valuesOf(mergedOver(mergedOver(b, second), first)));
      }),
    );
  });

  it("are the same as a whole only when all of them are, in their order", () => {
    fc.assert(
      fc.property(data, data, (one, other) => {
        const same = JSON.stringify(Object.entries(one)) === JSON.stringify(Object.entries(other));
        expect(wholeOf(textsOf(one)) === wholeOf(textsOf(other))).toBe(same);
      }),
    );
  });
});
