import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SessionRecord } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import type { Place } from "../places.ts";
import { decodeSession, encodeSession, keptAfter, type KeptSession } from "./session-codec.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = fc.string({ unit: "binary" });
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const id = newId();

const record: fc.Arbitrary<SessionRecord> = fc
  .record({
    version: fc.integer({ min: 1 }),
    kind: text,
    subject: maybe(text),
    wake: maybe(fc.maxSafeInteger()),
    epoch: fc.nat(),
    ended: maybe(text),
    aliases: fc.uniqueArray(text, { maxLength: 4 }),
    fields: fc.dictionary(fc.oneof(text, fc.constantFrom("__proto__", "constructor")), text, { noNullPrototype: false }),
  })
  .map(({ subject, wake, ended, fields, ...rest }) => ({
    id,
    ...rest,
    ...(subject !== undefined && { subject }),
    ...(wake !== undefined && { wake }),
    ...(ended !== undefined && { ended }),
    fields: Object.setPrototypeOf(Object.fromEntries(Object.entries(fields)), null) as SessionRecord["fields"],
  }));

const kept: fc.Arbitrary<KeptSession> = fc.record({
  document: fc.record({
    record: maybe(record),
    holds: fc
      .array(
        fc.tuple(
          text.map((name): Place => `a${name}`),
          text,
        ),
      )
      .map((pairs) => new Map(pairs)),
    forbidden: fc.array(fc.tuple(text, fc.nat())).map((pairs) => new Map(pairs)),
  }),
  commits: fc.nat(),
  endedAt: maybe(fc.nat()),
  erasedAt: maybe(fc.nat()),
});

test("every document comes back as it was", () => {
  fc.assert(
    fc.property(kept, (before) => {
      const after = decodeSession(id, bytes(encodeSession(before)));
      expect(after).toEqual(before);
      expect(Object.keys(after.document.record ?? {})).toEqual(expect.arrayContaining(Object.keys(before.document.record ?? {})));
      if (after.document.record !== undefined) expect(Object.getPrototypeOf(after.document.record.fields)).toBe(null);
    }),
    { numRuns: 300 },
  );
});

describe("what is no document is an error, and nothing else", () => {
  test.each([
    "",
    "{",
    "null",
    "[]",
    "7",
    '"x"',
    "{}",
    '{"c":"1"}',
    '{"c":1,"r":{}}',
    '{"c":1,"r":{"v":1,"k":"k"}}',
    '{"c":1,"r":{"v":1,"k":"k","f":null}}',
    '{"c":1,"r":null}',
  ])("%s", (data) => {
    expect(() => decodeSession(id, bytes(data))).toThrow(Error);
  });
  test("any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        try {
          decodeSession(id, data);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

test("the version with which a record ended stays, through its erasure, and no longer", () => {
  const at = (version: number, ended?: string): KeptSession["document"] => ({
    record: { id, version, kind: "k", epoch: 0, aliases: [], fields: {}, ...(ended !== undefined && { ended }) },
    holds: new Map(),
    forbidden: new Map(),
  });
  const nothing = { record: undefined, holds: new Map(), forbidden: new Map() } as const;
  const told: unknown[] = [];
  let before: KeptSession | undefined;
  for (const document of [at(1), at(2, "e"), at(3, "e"), nothing, nothing, at(1), at(2), nothing, at(1, "e")]) {
    before = keptAfter(before, document, document !== nothing || before?.document.record !== undefined);
    told.push([before.commits, before.endedAt, before.erasedAt]);
  }
  const no = undefined;
  expect(told).toEqual([
    [1, no, no],
    [2, 2, no],
    [3, 2, no],
    [4, 2, 3],
    [4, 2, 3],
    [5, no, no],
    [6, no, no],
    [7, no, 2],
    [8, 1, no],
  ]);
});
