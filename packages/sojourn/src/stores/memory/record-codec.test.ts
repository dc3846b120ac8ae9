import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { recordCodec } from "./record-codec.ts";
import { sizeOfNumber } from "./sizes.ts";

// "binary" units are any UTF-16 code units, lone surrogates among them.
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.string({ minLength: 20, maxLength: 3000 }),
  fc.json(),
  fc.constantFrom("", "\u0000", "ÿ", "Ā", "👩‍👩‍👧", "__proto__"),
);
const name = fc.oneof(fc.constantFrom("__proto__", "constructor", "toString", "", "$secret", "cart", "7", "1000000"), text);
const fields = fc.array(fc.tuple(name, text), { maxLength: 20 }).map((entries) => {
  const made = Object.create(null) as Record<string, string>;
  for (const [key, value] of entries) made[key] = value;
  return made;
});
const record: fc.Arbitrary<SessionRecord> = fc
  .record(
    {
      id: text.map((id) => id as SessionId),
      version: fc.maxSafeNat(),
      kind: text,
      subject: text,
      wake: fc.oneof(fc.maxSafeNat(), fc.double({ noNaN: true })),
      epoch: fc.oneof(fc.nat(3), fc.maxSafeNat()),
      ended: text,
      aliases: fc.uniqueArray(text, { maxLength: 32 }),
      fields,
    },
    { requiredKeys: ["id", "version", "kind", "epoch", "aliases", "fields"] },
  )
  .map((made) => made as SessionRecord);

test.each([
  ["every record comes back as it was, and takes as many bytes as was said", 0],
  ["where shapes are known, too, and it takes no more than was said", 1000],
])("%s", (_, mostShapes) => {
  const codec = recordCodec(10, mostShapes);
  let saved = 0;
  fc.assert(
    fc.property(record, (original) => {
      const said = codec.sizeOfHead(original) + sizeOfNumber(original.version) + codec.sizeOfFields(original.fields);
      // The second time its shapes are known.
      codec.encode(original);
      const took = codec.encode(original);
      expect(took).toBeLessThanOrEqual(said);
      saved += said - took;
      expect(codec.decodeId()).toBe(original.id);
      const back = codec.decode(original.kind, original.wake);
      expect(Object.keys(back).toSorted()).toEqual(Object.keys(original).toSorted());
      expect({ ...back, fields: Object.entries(back.fields) }).toEqual({ ...original, fields: Object.entries(original.fields) });
      expect(Object.getPrototypeOf(back.fields)).toBe(null);
    }),
    { numRuns: 500 },
  );
  expect(saved > 0).toBe(mostShapes > 0);
});

test("only the wanted fields are read", () => {
  const codec = recordCodec(1000, 100);
  fc.assert(
    fc.property(record, fc.array(name), (original, names) => {
      codec.encode(original);
      const only = new Set([...names, ...Object.keys(original.fields).slice(0, 2)]);
      const back = codec.decode(original.kind, original.wake, only);
      expect(Object.entries(back.fields)).toEqual(Object.entries(original.fields).filter(([key]) => only.has(key)));
      expect(back.version).toBe(original.version);
    }),
  );
});

test("what a field takes is the difference that it makes", () => {
  const codec = recordCodec(5, 5);
  fc.assert(
    fc.property(fields, name, text, (without, key, value) => {
      delete without[key];
      const before = codec.sizeOfFields(without);
      without[key] = value;
      expect(codec.sizeOfFields(without)).toBe(before + codec.sizeOfField(key, value));
    }),
  );
});
