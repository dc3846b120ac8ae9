import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonFault } from "./json-fault.ts";

describe("judges as JSON.parse does", () => {
  const agrees = (text: string): void => {
    let parses = true;
    try {
      JSON.parse(text);
    } catch {
      parses = false;
    }
    expect(jsonFault(text) === undefined, text).toBe(parses);
  };

  test("any JSON, as it is and with one place changed", () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom("", '"', "{", "}", "[", "]", ",", ":", "0", ".", "-", "e", "\\", "\n", " ", "true", "u", "\u0000"),
        (json, where, put) => {
          agrees(json);
          const at = where % (json.length + 1);
          const changed = json.slice(0, at) + put + json.slice(at + 1);
          // What JSON.parse takes and this does not: a name that comes twice.
          if (jsonFault(changed)?.wanted !== "a name that this object does not have yet") agrees(changed);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("any text", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0123.-+eE \n\\utrfalsn'.split("")) }), agrees), { numRuns: 5_000 });
  });
});

test("names the first place", () => {
  expect(jsonFault('{\n  "a": [1,\n    2 3]\n}')).toEqual({ line: 3, column: 7, wanted: "a comma or ]" });
  expect(jsonFault('{ "a" 1 }')).toEqual({ line: 1, column: 7, wanted: "a colon" });
  expect(jsonFault('{ "a": 1, }')).toEqual({ line: 1, column: 11, wanted: 'a name in " "' });
  expect(jsonFault("{} {}")).toEqual({ line: 1, column: 4, wanted: "nothing more" });
  expect(jsonFault("[".repeat(100))).toMatchObject({ wanted: "no more than 64 brackets in each other" });
});
