import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutsOf, highestOf, isCut, textOfCuts, withCut, type Cut } from "./cuts.ts";

/** Cuts as they come: each of a higher generation, written at a later moment. */
const history = fc
  .array(fc.record({ by: fc.integer({ min: 1, max: 3 }), after: fc.nat(40), grace: fc.constantFrom(-1e12, 0, 0, 30, 100) }), { maxLength: 30 })
  .map((steps) => {
    let [generation, at] = [0, 1_000];
    return steps.map(({ by, after, grace }) => {
      generation += by;
      at += after;
      return { generation, at, from: Math.max(0, at + grace) };
    });
  });

describe("a list of cuts", () => {
  test("says of every generation and moment what all the cuts said that were ever made; of too many at a time more, never less", () => {
    fc.assert(
      fc.property(history, (steps) => {
        let cuts: readonly Cut[] = [];
        const all: Cut[] = [];
        for (const { generation, from, at } of steps) {
          cuts = withCut(cuts, { generation, from }, at);
          all.push({ generation, from });
          expect(highestOf(cuts)).toBe(generation);
          expect(cuts.length).toBeLessThanOrEqual(8);
          const graces = all.filter((cut) => cut.from > at).length;
          for (const now of [at, at + 15, at + 35, at + 105, at + 1e6]) {
            for (let token = 0; token <= generation; token++) {
              const truth = all.some((cut) => token < cut.generation && cut.from <= now);
              if (truth) expect(isCut(cuts, token, now)).toBe(true);
              else if (graces < 6) expect(isCut(cuts, token, now)).toBe(false);
            }
          }
        }
      }),
    );
  });

  test("does not make good again, by a rotation with a grace, what a log-in replaced at once", () => {
    const afterLogin = withCut([], { generation: 2, from: 100 }, 100);
    const rotated = withCut(afterLogin, { generation: 3, from: 130 }, 100);
    expect(isCut(rotated, 1, 101)).toBe(true);
    expect(isCut(rotated, 2, 101)).toBe(false);
    expect(isCut(rotated, 2, 130)).toBe(true);
    expect(isCut(rotated, 3, 1_000)).toBe(false);
  });

  test("is given back by its text as it was", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const cuts = steps.reduce<readonly Cut[]>((before, { generation, from, at }) => withCut(before, { generation, from }, at), []);
        expect(cutsOf(textOfCuts(cuts))).toEqual(cuts);
      }),
    );
  });
});

describe("a text that is none of cuts is refused", () => {
  const texts: (string | undefined)[] = [
    ...[undefined, "", "null", "{}", "1", '"[]"', "[1]", "[null]", "[[]]", "[[1]]", "[{}]", '[["1",2]]', "[[1,null]]", "[[2,1],[1,2]]", "[[1,1],[1,1]]"],
    `[${Array.from({ length: 9 }, (_, i) => `[${i},1]`).join()}]`,
    "[".repeat(100_000),
    '[{"0":1,"1":2,"length":2}]',
  ];
  test.each(texts.map((text) => [text?.slice(0, 40), text]))("%s", (_, text) => {
    expect(() => cutsOf(text)).toThrow(SyntaxError);
  });
  test("or whatever else is not, without another error", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          expect(cutsOf(text).length).toBeLessThanOrEqual(8);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
  });
});
