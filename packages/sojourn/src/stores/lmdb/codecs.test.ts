import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apply } from "../../core/apply.ts";
import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { byteKeys, fromSortable, numberKeys, short, sortable, wakeKey } from "./keys.ts";
import { decodeEntries, encodeEntries, type LogEntry } from "./log-entries.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import { tail } from "./tail.ts";

/** Any 16-bit units, lone surrogates too: a store does not read texts. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("__proto__", "constructor", ""),
);
const fields = fc.array(fc.tuple(text, text), { maxLength: 15 }).map((pairs) => {
  const made = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) made[name] = value;
  return made;
});
const wake = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.constantFrom(0, 1e15, Number.MAX_SAFE_INTEGER));
const version = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const record = fc
  .record(
    { id: text, version, kind: text, subject: text, wake, epoch: fc.nat(), ended: text, aliases: fc.array(text, { maxLength: 5 }), fields },
    { requiredKeys: ["id", "version", "kind", "epoch", "aliases", "fields"], noNullPrototype: true },
  )
  .map((made) => made as unknown as SessionRecord);

describe("records", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(record, (made) => {
        const back = decodeRecord(encodeRecord(made).slice());
        expect(back).toStrictEqual(made);
        expect(Object.getPrototypeOf(back.fields)).toBeNull();
        expect(Object.keys(back.fields).toSorted()).toEqual(Object.keys(made.fields).toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it("other bytes are refused, not misread or run away with", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeRecord(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 1000 },
    );
    const bytes = encodeRecord({ id: "a" as SessionId, version: 1, kind: "k", epoch: 0, aliases: [], fields: { a: "b" } }).slice();
    for (let length = 0; length < bytes.length; length++) expect(() => decodeRecord(bytes.slice(0, length))).toThrow();
    expect(() => decodeRecord(Buffer.concat([bytes, Buffer.from("x")]))).toThrow();
  });
});

const entry: fc.Arbitrary<LogEntry> = fc.oneof(
  fc.record({ was: fc.constant("delta" as const), id: text, version, set: fields, unset: fc.array(text, { maxLength: 3 }) }),
  fc.record({ was: fc.constant("written" as const), id: text, version, ended: fc.boolean() }),
  fc.record({ was: fc.constant("erased" as const), id: text, version }),
  fc.record({ was: fc.constant("folded" as const), id: text }),
) as fc.Arbitrary<LogEntry>;

describe("the log", () => {
  it("entries come back as they were", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 10 }), (entries) => {
        expect(decodeEntries(encodeEntries(entries).slice())).toEqual(entries);
      }),
    );
  });

  it("a record and the deltas after it are what apply() makes of the changes", () => {
    const name = fc.constantFrom("a", "b", "__proto__", "é", "漢");
    const change = fc.record({ set: fc.dictionary(name, text, { maxKeys: 3 }), unset: fc.array(name, { maxLength: 2 }) });
    fc.assert(
      fc.property(fields, fc.array(change, { maxLength: 8 }), fc.nat(8), (initial, changes, foldAt) => {
        const first: SessionRecord = { id: "x" as SessionId, version: 1, kind: "k", epoch: 0, aliases: [], fields: initial };
        const log = tail();
        let now = first;
        let placed = first;
        changes.forEach((made, i) => {
          const applied = apply(now, { id: now.id, expect: "live", ...made });
          if (!applied.ok) throw new Error("refused");
          now = applied.next as SessionRecord;
          log.absorb(...([decodeEntries(encodeEntries([{ was: "delta", id: now.id, version: now.version, ...made }]))[0], i] as [LogEntry, number]));
          if (i !== foldAt) return;
          placed = decodeRecord(encodeRecord(log.over(placed)));
          log.absorb({ was: "folded", id: now.id }, i);
        });
        expect(log.over(placed)).toStrictEqual(now);
      }),
    );
  });
});

describe("keys", () => {
  const order = (x: Uint8Array, y: Uint8Array): number => Buffer.compare(x, y);
  const bytes = (key: string): Uint8Array => {
    const target = new Uint8Array(2000);
    return target.slice(0, byteKeys.writeKey(key, target, 0));
  };

  it("sort by wake, then by id", () => {
    fc.assert(
      fc.property(wake, wake, (x, y) => {
        const [one, other] = [x === 0 ? 0 : x, y === 0 ? 0 : y];
        expect(Math.sign(order(bytes(wakeKey(one, "m")), bytes(wakeKey(other, "m"))))).toBe(Math.sign(one - other) || 0);
        expect(fromSortable(sortable(x), 0)).toBe(x);
      }),
    );
    expect(order(bytes(wakeKey(5, "a")), bytes(wakeKey(5, "b")))).toBeLessThan(0);
  });

  it("names of any length and any text get different keys within LMDB's limit", () => {
    fc.assert(
      fc.property(text, text, (x, y) => {
        if (x !== y) expect(short(x)).not.toBe(short(y));
        expect(short(x)).toMatch(/^[!-~]+$/);
      }),
    );
    expect(short("é".repeat(1024)).length).toBeLessThan(200);
    expect(short(short("x".repeat(1024)))).not.toBe(short("x".repeat(1024)));
  });

  it("numbers come back, in their order", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (x, y) => {
        const [one, other] = [x % 2 ** 48, y % 2 ** 48];
        const [a, b] = [one, other].map((number) => new Uint8Array(6).map((_, i, all) => (i === 0 && numberKeys.writeKey(number, all, 0), all[i] as number)));
        expect(numberKeys.readKey(a as Uint8Array, 0, 6)).toBe(one);
        expect(Math.sign(order(a as Uint8Array, b as Uint8Array))).toBe(Math.sign(one - other));
      }),
    );
  });
});
