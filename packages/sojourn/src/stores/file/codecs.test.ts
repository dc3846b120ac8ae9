import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import type { Place } from "../places.ts";
import { decodeDocument, encodeDocument, type FileDocument } from "./document-codec.ts";
import { decodeEntries, encodeEntries } from "./entries-codec.ts";
import { decodeFrame, encodeFrame, UnreadableFile } from "./frame.ts";
import { generationsIn } from "./generations.ts";
import { dayOf, entryOf, isKeepable, kindPath, minuteOf, nameOf, newMark, placeCell, recordCell, timeOf, wakePath } from "./paths.ts";

const text = fc.string({ unit: "binary" });
const marks = fc.nat({ max: 8e12 }).map(newMark);
const whole = fc.maxSafeNat();
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const own = newId();

const records: fc.Arbitrary<SessionRecord> = fc
  .record({
    version: fc.integer({ min: 1 }),
    kind: text,
    subject: optional(text),
    wake: optional(whole),
    epoch: fc.nat(),
    ended: optional(text),
    aliases: fc.array(text),
    fields: fc.array(fc.tuple(fc.oneof(text, fc.constantFrom("__proto__", "constructor", "1")), text)),
  })
  .map(({ subject, wake, ended, fields, ...rest }) => ({
    id: own,
    ...rest,
    ...(subject !== undefined && { subject }),
    ...(wake !== undefined && { wake }),
    ...(ended !== undefined && { ended }),
    fields: Object.setPrototypeOf(Object.fromEntries(fields), null) as SessionRecord["fields"],
  }));

const documents: fc.Arbitrary<FileDocument> = fc.record({
  record: optional(records),
  holds: fc
    .array(
      fc.tuple(
        text.map((name) => `a${name}` as Place),
        marks,
      ),
    )
    .map((pairs) => new Map(pairs)),
  forbidden: fc.array(fc.tuple(marks, whole)).map((pairs) => new Map(pairs)),
  mark: optional(marks),
  alarm: optional(fc.record({ at: whole, mark: marks })),
});

describe("a file", () => {
  it("gives back every document as it was, whatever its texts", () => {
    fc.assert(
      fc.property(documents, fc.array(marks, { maxLength: 12 }), (document, trail) => {
        const frame = decodeFrame(encodeFrame({ trail, payload: encodeDocument(document) }));
        expect(frame.trail).toEqual(trail.slice(-8));
        const read = decodeDocument(own, frame.payload);
        expect(read).toEqual(document);
        if (read.record !== undefined) expect(Object.getPrototypeOf(read.record.fields)).toBe(null);
      }),
      { numRuns: 500 },
    );
  });

  it("that was cut off, or changed by a byte anywhere, is no other document but unreadable", () => {
    fc.assert(
      fc.property(documents, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (document, at, by, cut) => {
        const bytes = Uint8Array.from(encodeFrame({ trail: [newMark(0)], payload: encodeDocument(document) }));
        const place = at % bytes.length;
        const spoilt = cut ? bytes.slice(0, place) : bytes.with(place, (bytes[place] as number) ^ by);
        expect(() => decodeFrame(spoilt)).toThrow(UnreadableFile);
      }),
      { numRuns: 500 },
    );
  });

  it("of any other content is unreadable, without its content in the message", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), text), (payload) => {
        const outcome = ((): unknown => {
          try {
            return decodeDocument(own, payload);
          } catch (error) {
            return error;
          }
        })();
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(UnreadableFile);
        else expect(encodeDocument(outcome as FileDocument)).toBeTypeOf("string");
        expect(() => decodeFrame(Buffer.from(payload))).toThrow(UnreadableFile);
      }),
    );
    expect(() => decodeDocument(own, '{"record":{"secret":"s3cret"')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("s3cret") as string }),
    );
    expect(() => decodeFrame(Buffer.from("sojourn-file 2 abc"))).toThrow(/newer release/);
  });

  it("of another session is unreadable", () => {
    const record: SessionRecord = { id: newId(), version: 1, kind: "k", epoch: 0, aliases: [], fields: {} };
    const payload = encodeDocument({ record, holds: new Map(), forbidden: new Map(), mark: undefined, alarm: undefined });
    expect(() => decodeDocument(own, payload)).toThrow(/another session/);
  });

  it("of a place gives back its entries", () => {
    fc.assert(
      fc.property(text, fc.array(fc.record({ id: fc.constant(0).map(newId), nonce: marks, at: whole }), { minLength: 1 }), (place, entries) => {
        expect(decodeEntries(encodeEntries(place, entries))).toEqual({ place, entries });
      }),
    );
    for (const bad of ["", "[]", "null", '{"place":"a","entries":[["../x","n",1]]}', '{"place":"a","entries":[1]}'])
      expect(() => decodeEntries(bad)).toThrow(UnreadableFile);
  });
});

describe("paths", () => {
  const parts = /^[rpkw](\/[0-9a-z]+){3,4}$/;

  it("are made of nothing but digits, small letters and dots inside names, whatever a kind, a place or an id is called", () => {
    fc.assert(
      fc.property(text, marks, (name, mark) => {
        expect(placeCell(`a${name}`)).toMatch(parts);
        expect(kindPath(name, own, mark, "a")).toMatch(/^k\/[0-9a-f]{32}\/[0-9a-f]{2}\/[0-9a-z]{26}\.[0-9a-z]{20}\.a$/);
        if (isKeepable(name)) expect(recordCell(nameOf(name))).toMatch(parts);
      }),
    );
    for (const id of ["", ".", "..", "../../etc/passwd", "a/b", "a\0b", "a b", "é", `${own}/x`, "x".repeat(513)]) expect(isKeepable(id)).toBe(false);
    const floors = ["floor:Ab", "floor:ab", own] as SessionId[];
    expect(new Set(floors.map(nameOf)).size).toBe(3);
  });

  it("say of an entry what it was made of, and of other names nothing", () => {
    fc.assert(
      fc.property(whole, marks, (wake, mark) => {
        const path = wakePath(wake, own, mark);
        expect(path.startsWith(`w/${dayOf(wake)}/${minuteOf(wake)}/`)).toBe(true);
        expect(entryOf(path.split("/")[3] as string)).toEqual({ wake: String(wake).padStart(16, "0"), name: own, mark, flag: "" });
        expect(entryOf(kindPath("k", own, mark, "d").split("/")[3] as string)).toEqual({ wake: "", name: own, mark, flag: "d" });
      }),
    );
    for (const name of ["", ".", "..", own, `${own}.x`, `.nfs00000000`, `${own}.${newMark(0)}.z`, `../${own}.${newMark(0)}`])
      expect(entryOf(name)).toBeUndefined();
    expect(generationsIn(["1", "10", "9", "t.x", ".nfs1", "007", "1e3", "-1", "99999999999999999999"])).toEqual([1, 9, 10]);
  });

  it("of wakes sort as wakes do", () => {
    fc.assert(
      fc.property(whole, whole, (x, y) => {
        const mark = newMark(0);
        expect(wakePath(x, own, mark) < wakePath(y, own, mark)).toBe(x < y);
      }),
    );
  });

  it("of marks say when they were made", () => {
    fc.assert(fc.property(fc.nat({ max: 8e12 }), (at) => timeOf(newMark(at)) === at && new Set([newMark(at), newMark(at)]).size === 2));
  });
});
