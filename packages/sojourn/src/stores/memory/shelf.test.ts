import { expect, test } from "vitest";
import type { SessionRecord } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { shelf, sizes } from "./shelf.ts";

const text = (n: number): string => JSON.stringify(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`a member by name of ${i}`, n + i])));

test("what live sessions were given and do not need is given back, by those that changed, and nothing is lost", () => {
  const kept = shelf({ most: 10, mostBytes: 1e6, mostNames: 10, mostShapes: 10, seed: () => 1 });
  kept.blocks.grow();
  const records = Array.from({ length: 4 }, (_, i): SessionRecord => ({
    id: newId(),
    version: 1,
    kind: "k",
    epoch: 0,
    aliases: [],
    fields: Object.setPrototypeOf({ text: text(i) }, null) as SessionRecord["fields"],
  }));
  const all = kept.blocks.free;
  const lives = records.map((record) => kept.add(record, sizes(kept.codec.sizeOfHead(record), kept.codec.sizeOfFields(record.fields), 1)));
  const raw = all - kept.blocks.free;
  expect(kept.tighten(lives[0])).toBe(true);
  // The shape is known from now on.
  for (let i = 0; i < 2; i++) expect(kept.tighten(lives[0])).toBe(true);
  expect(kept.tighten(lives[0])).toBe(false);
  expect(kept.tighten(undefined)).toBe(true);
  expect(kept.tighten(undefined)).toBe(false);
  expect(all - kept.blocks.free).toBeLessThan(0.7 * raw);
  for (const live of lives) {
    kept.front.drop(live);
    expect(kept.record(live.session)).toEqual(live.record);
    kept.front.add(live);
  }
});
