import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Cursor } from "../../core/seam.ts";
import { beginning, positions, positionsIn } from "./positions.ts";

const ids = fc.tuple(fc.integer({ min: 1, max: 4e12 }), fc.nat({ max: 1e6 })).map(([ms, n]) => `${ms}-${n}`);

test("a cursor says where every stream stood when it was taken, however late it is written out", () => {
  const walks = fc
    .integer({ min: 1, max: 5 })
    .chain((streams) => fc.tuple(fc.constant(streams), fc.array(fc.tuple(fc.nat({ max: streams - 1 }), ids), { maxLength: 700, size: "max" })));
  fc.assert(
    fc.property(walks, ([streams, steps]) => {
      const read = positions(Array.from({ length: streams }, () => beginning));
      const meant: string[][] = [];
      const now = Array.from({ length: streams }, () => beginning);
      const cursors = steps.map(([stream, to]) => {
        now[stream] = to;
        meant.push([...now]);
        return read.advance(stream, to);
      });
      expect(cursors.map((cursor) => positionsIn(cursor(), streams))).toEqual(meant);
      expect(now.map((_, i) => read.at(i))).toEqual(now);
    }),
    { numRuns: 50 },
  );
});

test.each(["", "of-no-store", "1.2,3.4,5.6", "1.2.3,1.2", "1,2", ".,."])("%j is no cursor of a store with two streams, nor of one with one", (cursor) => {
  expect(positionsIn(cursor as Cursor, 2)).toBeUndefined();
  expect(positionsIn(cursor as Cursor, 1)).toBeUndefined();
});
