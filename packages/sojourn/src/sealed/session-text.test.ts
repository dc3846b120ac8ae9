import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newId } from "../core/token.ts";
import { createdIn, idBytes, idText } from "./id-bytes.ts";
import { readSession, writeSession, type Carried } from "./session-text.ts";
import { putVarint, readVarint, varintLength } from "./varint.ts";

/** Half of a surrogate pair is nothing that UTF-8 can keep. */
const isWhole = (text: string): boolean => !/\p{Surrogate}/u.test(text);
const created = 1_790_000_000_000;
const moment = fc.integer({ min: 0, max: 400 * 86_400_000 });
const line = fc.string({ unit: "grapheme", maxLength: 40 });
const name = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((text) => !text.includes("\n") && text !== "__proto__" && isWhole(text));

const carried: fc.Arbitrary<Carried> = fc
  .record({
    generation: fc.nat(),
    version: fc.nat(),
    seen: moment,
    idle: moment,
    lifetime: moment,
    absolute: fc.option(moment, { nil: undefined }),
    aside: fc.constantFrom("none" as const, "shared" as const, "all" as const),
    auth: fc.option(
      fc.record(
        {
          at: fc.integer({ min: -created, max: 86_400_000 }),
          methods: fc.array(fc.oneof(fc.constantFrom("pwd", "otp", "hwk"), line), { maxLength: 4 }),
          levels: fc.dictionary(
            fc.string({ unit: fc.constantFrom("a", "b", ":"), minLength: 1, maxLength: 8 }),
            fc.record({ at: fc.nat(), until: fc.nat() }, { noNullPrototype: true }),
            { maxKeys: 3, noNullPrototype: true },
          ),
        },
        { noNullPrototype: true },
      ),
      { nil: undefined },
    ),
    subject: fc.oneof(line, fc.constantFrom("%", "%0A", "a\nb", "user-1")).filter((text) => text.length > 0 && isWhole(text)),
    fields: fc.dictionary(
      name,
      fc.json().filter((text) => isWhole(text)),
      { maxKeys: 6 },
    ),
  })
  .map(({ auth, subject, seen, absolute, fields, ...rest }) => ({
    ...rest,
    id: newId(created),
    created,
    seen: created + seen,
    absolute: absolute === undefined ? undefined : created + absolute,
    subject: auth === undefined ? undefined : subject,
    auth: auth === undefined ? undefined : { ...auth, at: created + auth.at, methods: auth.methods.filter((method) => isWhole(method)) },
    fields: Object.setPrototypeOf({ ...fields }, null) as Carried["fields"],
  }));

function bytesOf(given: Carried, packed?: Uint8Array): Uint8Array {
  const { head, body } = writeSession(given, packed);
  return Buffer.concat([head, Buffer.from(body)]);
}

describe("a session as it travels", () => {
  test("is read as it was written, whatever it holds", () => {
    fc.assert(
      fc.property(carried, fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }), (given, packed) => {
        const read = readSession(bytesOf(given, packed));
        expect(read?.carried).toEqual(given);
        expect(read?.packed === undefined ? undefined : [...read.packed]).toEqual(packed === undefined ? undefined : [...packed]);
      }),
      { numRuns: 500 },
    );
  });

  test("of bytes that nobody wrote is either none or one, and never an error or a prototype of its own", () => {
    fc.assert(
      fc.property(carried, fc.nat(), fc.nat(255), fc.nat(200), (given, at, byte, cut) => {
        const bytes = Buffer.from(bytesOf(given));
        bytes[at % bytes.length] = byte;
        for (const hostile of [bytes, bytes.subarray(0, Math.max(0, bytes.length - cut)), Buffer.concat([bytes, bytes])]) {
          const read = readSession(hostile);
          if (read !== undefined) expect(Object.getPrototypeOf(read.carried.fields)).toBeNull();
        }
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readSession(bytes)),
      { numRuns: 1_000 },
    );
  });

  test("has a head of at most 80 bytes, its subject's name of 26 characters and one method included", () => {
    const { head, body } = writeSession(
      {
        id: newId(created),
        created,
        generation: 3,
        version: 1_000,
        seen: created + 86_400_000,
        idle: 1_800_000,
        lifetime: 43_200_000,
        absolute: undefined,
        subject: "user_01HZX3K4N5P6Q7R8S9T0V",
        auth: { at: created + 3_600_000, methods: ["pwd"], levels: {} },
        aside: "none",
        fields: {},
      },
      undefined,
    );
    expect(head.length + body.length).toBeLessThanOrEqual(80);
  });

  test("with a line break in the name of a field is refused, as the next line would be taken for its text", () => {
    const given = {
      id: newId(created),
      created,
      generation: 0,
      version: 1,
      seen: created,
      idle: 1,
      lifetime: 1,
      absolute: undefined,
      subject: undefined,
      auth: undefined,
      aside: "none" as const,
    };
    expect(() => writeSession({ ...given, fields: { "a\nb": "1" } }, undefined)).toThrow(expect.objectContaining({ code: "invalid_field" }));
  });
});

test("ids are 16 bytes and come back; the moment they were made is in them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (now) => {
      const id = newId(now);
      const bytes = new Uint8Array(20);
      idBytes(id, bytes, 2);
      expect(idText(bytes, 2)).toBe(id);
      expect(createdIn(bytes, 2)).toBe(now);
      expect([...bytes.subarray(18)]).toEqual([0, 0]);
    }),
  );
});

test("varints hold whole numbers up to 2^53 - 1 and refuse all else", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (number) => {
      const bytes = new Uint8Array(8);
      const end = putVarint(bytes, 0, number);
      expect(end).toBe(varintLength(number));
      expect(readVarint({ bytes, at: 0 })).toBe(number);
    }),
  );
  for (const number of [-1, 1.5, NaN, Infinity, 2 ** 53]) expect(() => putVarint(new Uint8Array(9), 0, number)).toThrow(RangeError);
  expect(() => readVarint({ bytes: new Uint8Array([128, 128]), at: 0 })).toThrow(RangeError);
  expect(() => readVarint({ bytes: new Uint8Array(9).fill(255), at: 0 })).toThrow(RangeError);
});
