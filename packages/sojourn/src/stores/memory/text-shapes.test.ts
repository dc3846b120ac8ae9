import * as fc from "fast-check";
import { expect, test } from "vitest";
import { textShapes } from "./text-shapes.ts";

const life = (n: number): string => `{"created":${1_795_355_598_388 + n},"idle":1800000,"methods":["pwd","otp${n}"]}`;

/** The text as its shape says it. */
function putTogether(text: string, shapes: ReturnType<typeof textShapes>): string | undefined {
  const shape = shapes.of(text);
  if (shape === undefined) return undefined;
  let made = "";
  for (const [i, piece] of shape.pieces.entries()) {
    made += String.fromCharCode(...piece);
    if (i === shape.numeric.length) break;
    const gap = text.slice(shapes.gaps[2 * i], shapes.gaps[2 * i + 1]);
    made += shape.numeric[i] === true ? String(Number(gap)) : gap;
  }
  return made;
}

test("a shape is learnt when it is met a second time, and is the same for every text that it has", () => {
  const shapes = textShapes(10);
  expect(shapes.of(life(1))).toBeUndefined();
  const shape = shapes.of(life(2));
  expect(shape?.numeric).toEqual([true, true, false, false]);
  expect(shapes.of(life(3))).toBe(shape);
  expect(shapes.at(shape?.number ?? -1)).toBe(shape);
  expect(shapes.of(life(3).replace("idle", "rest"))).toBeUndefined();
});

test("what has a shape is put together from it as it was, character by character", () => {
  const shapes = textShapes(1000);
  const part = fc.constantFrom('"', "\\", "\\\\", ":", ",", "{", "}", "0", "00", "7", "1234567890123456", "-", ".5", "e", "a", "é", "\0", "\u0100", "😀", " ");
  const text = fc.oneof(
    fc.json(),
    fc.array(part).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }),
    fc.nat().map((n) => life(n)),
  );
  let known = 0;
  fc.assert(
    fc.property(text, (given) => {
      shapes.of(given);
      const made = putTogether(given, shapes);
      if (made !== undefined) known++;
      expect(made ?? given).toBe(given);
    }),
    { numRuns: 1_500 },
  );
  expect(known).toBeGreaterThan(500);
});

test("what one byte a character cannot hold, and numbers that would not come back, have none", () => {
  const shapes = textShapes(10);
  const without = ['"Ā"', '"\\Ā"', "Ā1", "1234567890123456", '"open', '"open\\', "", "no gap", `"${"n".repeat(5_000)}"`];
  for (const text of [...without, ...without]) expect([text, shapes.of(text)]).toEqual([text, undefined]);
});

test("two shapes of one hash are told apart: the second has none", () => {
  const shapes = textShapes(10);
  const [first, second] = ['{"hn0n":1}', '{"s2n0":1}'];
  expect([shapes.of(first), shapes.of(first)?.number]).toEqual([undefined, 0]);
  expect([shapes.of(second), shapes.of(second)]).toEqual([undefined, undefined]);
  expect(shapes.of(first)?.number).toBe(0);
});

test("no more shapes than allowed are learnt, and long ones never", () => {
  const shapes = textShapes(2);
  const named = (name: string): string => `{"${name}":1}`;
  const learnt = ["a", "b", "c", "n".repeat(300)].map((name) => [shapes.of(named(name)), shapes.of(named(name))][1] !== undefined);
  expect(learnt).toEqual([true, true, false, false]);
});
