import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SojournError } from "./errors.ts";
import { bytesOf, checkName, defaultBounds, textOf, valueOf } from "./values.ts";

test("whatever JSON can say is given back as it was, frozen to the bottom", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      // The one key that is refused; it has a test of its own.
      fc.pre(!JSON.stringify(value).includes('"__proto__"'));
      const back = valueOf(textOf("field", value, defaultBounds));
      expect(back).toEqual(JSON.parse(JSON.stringify(value)));
      expectFrozen(back);
    }),
  );
});

function expectFrozen(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const inner of Object.values(value)) expectFrozen(inner);
}

describe("what JSON would change is refused by its path", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i++) deep = [deep];
  const refused: Record<string, [unknown, string]> = {
    "a Date": [{ at: new Date(0) }, "cart.at"],
    "a Map": [[new Map()], "cart[0]"],
    "a bigint": [{ n: [1, 2n] }, "cart.n[1]"],
    NaN: [{ n: Number.NaN }, "cart.n"],
    Infinity: [Number.POSITIVE_INFINITY, "cart"],
    "a function": [{ f: () => 1 }, "cart.f"],
    "a symbol": [Symbol("s"), "cart"],
    "a symbol as a key": [{ [Symbol("s")]: 1 }, "cart"],
    undefined: [undefined, "cart"],
    "undefined in an array": [[1, undefined], "cart[1]"],
    "a hole in an array": [Array.from({ length: 2 }).fill(1, 1), "cart[0]"],
    "a class instance": [{ u: new URL("http://localhost") }, "cart.u"],
    "an object that says how to be JSON": [{ toJSON: () => 1 }, "cart"],
    "__proto__ as a key": [JSON.parse('{"a":{"__proto__":{"admin":true}}}'), "cart.a.__proto__"],
    "a cycle": [cycle, "cart.self"],
    "10,000 levels": [deep, "cart[0]"],
  };
  for (const [what, [value, path]] of Object.entries(refused)) {
    test(what, () => {
      const error = caught(() => textOf("cart", value, defaultBounds));
      expect(error.code).toBe("invalid_field");
      expect(error.message).toContain(path);
    });
  }
  test("nothing was changed by trying", () => expect(({} as { admin?: boolean }).admin).toBeUndefined());
});

test("a property that is undefined is as good as absent", () => {
  expect(valueOf(textOf("field", { a: undefined, b: 1 }, defaultBounds))).toEqual({ b: 1 });
});

test("a field of 64 kB passes, one byte more is refused by name", () => {
  const fits = "x".repeat(65_536 - 2);
  expect(bytesOf(textOf("big", fits, defaultBounds))).toBe(65_536);
  const error = caught(() => textOf("big", `${fits}x`, defaultBounds));
  expect(error.code).toBe("too_large");
  expect(error.message).toContain('"big"');
  expect(caught(() => textOf("big", "€".repeat(22_000), defaultBounds)).code).toBe("too_large");
});

test("names that the manager keeps, or that could change other objects, are refused", () => {
  for (const name of ["", "$secret", "__proto__", "x".repeat(257)]) expect(caught(() => checkName(name)).code).toBe("invalid_field");
  for (const name of ["cart", "constructor", "a.b", "ü", "x".repeat(256)]) checkName(name);
});

function caught(action: () => unknown): SojournError {
  try {
    action();
  } catch (error) {
    if (error instanceof SojournError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
