import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apply } from "./apply.ts";
import type { Change, SessionId, SessionRecord } from "./seam.ts";

const id = "0123456789" as SessionId;
const names = fc.constantFrom("a", "b", "c", "__proto__", "constructor", "");
const texts = fc.string({ maxLength: 5 });
const aliases = fc.uniqueArray(fc.constantFrom("x", "y", "z"));
const wakes = fc.oneof(fc.nat(5), fc.constant(1e15));
const bare = (fields: Record<string, string>): SessionRecord["fields"] => Object.setPrototypeOf({ ...fields }, null) as SessionRecord["fields"];

const record: fc.Arbitrary<SessionRecord> = fc
  .record(
    {
      id: fc.constant(id),
      version: fc.integer({ min: 1, max: 3 }),
      kind: fc.constant("k"),
      subject: texts,
      wake: wakes,
      epoch: fc.nat(2),
      ended: fc.constant("{}"),
      aliases,
      fields: fc.dictionary(names, texts).map(bare),
    },
    { requiredKeys: ["id", "version", "kind", "epoch", "aliases", "fields"] },
  )
  .map((made) => (made.ended === undefined ? made : { ...made, aliases: [] }) as SessionRecord);
const change: fc.Arbitrary<Change> = fc
  .record(
    {
      id: fc.constant(id),
      expect: fc.constantFrom("absent" as const, "live" as const, 1, 2, 3),
      fence: fc.nat(2),
      kind: fc.constant("k"),
      subject: fc.option(texts),
      wake: fc.option(wakes),
      epoch: fc.nat(2),
      ended: fc.constant('{"at":1}'),
      set: fc.dictionary(names, texts),
      unset: fc.array(names, { maxLength: 3 }),
      claim: aliases,
      release: aliases,
    },
    { requiredKeys: ["id", "expect"] },
  )
  .map((made) => made as Change);
const erasure: fc.Arbitrary<Change> = fc.record({ id: fc.constant(id), expect: fc.constantFrom("live" as const, 1, 2, 3), erase: fc.constant(true as const) });
const anyRecord = fc.option(record, { nil: undefined });
const anyChange = fc.oneof({ weight: 6, arbitrary: change }, { weight: 1, arbitrary: erasure });

const always = (property: (record: SessionRecord | undefined, change: Change) => void): void =>
  fc.assert(fc.property(anyRecord, anyChange, property), { numRuns: 2000 });

/** In depth, so that nothing given can be changed unseen. */
function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

describe("whatever the record and the change", () => {
  test("the version grows by exactly one, from nothing to 1, and stays with an erasure", () =>
    always((before, wanted) => {
      const applied = apply(before, wanted);
      if (!applied.ok) return;
      expect(applied.version).toBe((before?.version ?? 0) + (wanted.erase ? 0 : 1));
      expect(applied.next?.version).toBe(wanted.erase ? undefined : applied.version);
    }));

  test("nothing that was given is changed", () =>
    always((before, wanted) => {
      const [copy, asked] = [structuredClone({ ...before, fields: Object.entries(before?.fields ?? {}) }), JSON.stringify(wanted)];
      apply(freeze(before), freeze(wanted));
      expect({ ...before, fields: Object.entries(before?.fields ?? {}) }).toEqual(copy);
      expect(JSON.stringify(wanted)).toBe(asked);
    }));

  test("the refusal is the first of exists, missing, ended, stale, fenced that holds", () =>
    always((before, wanted) => {
      const applied = apply(before, wanted);
      const byVersion = typeof wanted.expect === "number";
      const others = Object.keys(wanted).filter((key) => !["id", "expect", "fence", "kind", "wake", "erase"].includes(key));
      const passes = byVersion && (wanted.erase === true || (wanted.wake !== undefined && others.length === 0));
      const should =
        wanted.expect === "absent"
          ? before && "exists"
          : before === undefined
            ? "missing"
            : before.ended !== undefined && !passes
              ? "ended"
              : byVersion && before.version !== wanted.expect
                ? "stale"
                : wanted.fence !== undefined && before.epoch !== wanted.fence
                  ? "fenced"
                  : undefined;
      expect(applied.ok ? undefined : applied.why).toBe(should);
    }));

  test("ended is final: what ended stays so, with its fields, and holds no alias", () =>
    always((before, wanted) => {
      const applied = apply(before, wanted);
      if (!applied.ok || applied.next === undefined) return;
      const { next } = applied;
      if (before?.ended !== undefined)
        expect({ ...next, fields: Object.entries(next.fields), wake: 0, version: 0 }).toEqual({
          ...before,
          fields: Object.entries(before.fields),
          wake: 0,
          version: 0,
        });
      if (next.ended !== undefined) expect(next.aliases).toEqual([]);
      else expect(wanted.ended).toBe(undefined);
    }));

  test("a wake under live only comes nearer; otherwise it is what the change says", () =>
    always((before, wanted) => {
      const applied = apply(before, wanted);
      if (!applied.ok || applied.next === undefined) return;
      const { wake } = applied.next;
      if (wanted.wake === undefined) expect(wake).toBe(before?.wake);
      else if (wanted.expect !== "live" || wanted.ended !== undefined) expect(wake).toBe(wanted.wake ?? undefined);
      else expect(wake).toBe(wanted.wake === null ? before?.wake : Math.min(wanted.wake, before?.wake ?? Infinity));
    }));

  test("fields, aliases, subject and epoch are those before, with the change on top, and nothing else appears", () =>
    always((before, wanted) => {
      const applied = apply(before, wanted);
      if (!applied.ok || applied.next === undefined) return;
      const { next } = applied;
      const fields = new Map(Object.entries(before?.fields ?? {}));
      wanted.unset?.forEach((name) => fields.delete(name));
      Object.entries(wanted.set ?? {}).forEach(([name, text]) => fields.set(name, text));
      expect(new Map(Object.entries(next.fields))).toEqual(fields);
      expect(Object.getPrototypeOf(next.fields)).toBe(null);
      const kept = (before?.aliases ?? []).filter((alias) => !wanted.release?.includes(alias));
      expect(new Set(next.aliases)).toEqual(new Set(next.ended === undefined ? [...kept, ...(wanted.claim ?? [])] : []));
      expect(new Set(next.aliases).size).toBe(next.aliases.length);
      expect(next.subject).toBe(wanted.subject === undefined ? before?.subject : (wanted.subject ?? undefined));
      expect(next.epoch).toBe(wanted.epoch ?? before?.epoch ?? 0);
      expect([next.id, next.kind]).toEqual([id, before?.kind ?? wanted.kind ?? ""]);
      for (const [key, value] of Object.entries(next)) expect(value, key).not.toBe(undefined);
    }));
});

test("a plain merge keeps the list of aliases as the same object, so that stores see at a glance that no index changes", () => {
  const created = apply(undefined, { id, expect: "absent", kind: "k", claim: ["x"], set: { a: "1" } });
  const merged = created.ok ? apply(created.next, { id, expect: "live", set: { a: "2" } }) : created;
  const touched = merged.ok ? apply(merged.next, { id, expect: "live", wake: 5 }) : merged;
  if (!created.ok || !merged.ok || !touched.ok) throw new Error("refused");
  expect(merged.next?.aliases).toBe(created.next?.aliases);
  expect(touched.next?.fields).toBe(merged.next?.fields);
});
