import fc from "fast-check";
import { apply, type Change, type Outcome, type SessionId, type SessionRecord } from "sojourn";
import { describe, expect, test } from "vitest";
import { isLinear, type Call } from "./linear.mjs";

const id = "0a" as SessionId;
const ok = (version: number): Outcome => ({ ok: true, version });
const no = (why: "missing" | "ended" | "stale"): Outcome => ({ ok: false, why });
const create: Change = { id, expect: "absent", kind: "k", set: { x: "0" } };
const set = (x: string): Change => ({ id, expect: "live", set: { x } });
const swap = (version: number, x: string): Change => ({ id, expect: version, set: { x } });
const end: Change = { id, expect: "live", ended: "{}" };
const after = (...changes: Change[]): SessionRecord | undefined =>
  changes.reduce<SessionRecord | undefined>((record, change) => {
    const applied = apply(record, change);
    return applied.ok ? applied.next : record;
  }, undefined);
const commit = (began: number, ended: number, change: Change, outcome?: Outcome): Call => ({ began, ended, change, outcome });
const load = (began: number, ended: number, record: SessionRecord | undefined): Call => ({ began, ended, record });
const made = commit(0, 1, create, ok(1));

describe("histories that can have happened", () => {
  test.each<[string, Call[]]>([
    ["nothing", []],
    ["one after the other", [made, commit(2, 3, set("1"), ok(2)), load(4, 5, after(create, set("1")))]],
    ["a read beside a write sees the old", [made, commit(2, 9, set("1"), ok(2)), load(3, 4, after(create))]],
    ["a read beside a write sees the new", [made, commit(2, 9, set("1"), ok(2)), load(3, 4, after(create, set("1")))]],
    ["two writers side by side, in the order of their versions", [made, commit(2, 9, set("2"), ok(3)), commit(3, 8, set("1"), ok(2))]],
    ["an unanswered write that landed late", [made, commit(2, Infinity, set("1")), load(3, 4, after(create)), load(50, 51, after(create, set("1")))]],
    ["an unanswered write that never landed", [made, commit(2, Infinity, set("1")), load(50, 51, after(create)), commit(60, 61, set("2"), ok(2))]],
    ["a name that is taken", [made, commit(2, 3, { id, expect: "live", claim: ["a"] }, { ok: false, why: "taken", alias: "a" }), load(4, 5, after(create))]],
    ["a merge after the end", [made, commit(2, 3, end, ok(2)), commit(4, 5, set("1"), no("ended"))]],
    ["an erased session", [made, commit(2, 3, { id, expect: 1, erase: true }, ok(1)), load(4, 5, undefined), commit(6, 7, set("1"), no("missing"))]],
  ])("%s", (_, calls) => expect(isLinear(calls)).toBe("yes"));
});

describe("histories that cannot", () => {
  test.each<[string, Call[]]>([
    ["a read after a write sees the old", [made, commit(2, 3, set("1"), ok(2)), load(4, 5, after(create))]],
    [
      "two reads disagree about the order of two writes",
      [
        made,
        commit(2, 3, set("1"), ok(2)),
        commit(10, 40, set("2"), ok(3)),
        load(11, 12, after(create, set("1"), set("2"))),
        load(13, 14, after(create, set("1"))),
      ],
    ],
    ["both of two compare-and-sets of one version", [made, commit(2, 9, swap(1, "1"), ok(2)), commit(3, 8, swap(1, "2"), ok(2))]],
    [
      "a lost update: the second merge is gone",
      [
        made,
        commit(2, 3, set("1"), ok(2)),
        commit(4, 5, { id, expect: "live", set: { y: "1" } }, ok(3)),
        load(6, 7, { ...after(create, set("1"))!, version: 3 }),
      ],
    ],
    ["stale, though nobody wrote", [made, commit(2, 3, swap(1, "1"), no("stale"))]],
    ["missing, though it is there", [made, commit(2, 3, set("1"), no("missing"))]],
    ["revived", [made, commit(2, 3, end, ok(2)), load(4, 5, after(create))]],
    ["an unanswered write that lands before it was sent", [made, load(2, 3, after(create, set("1"))), commit(4, Infinity, set("1"))]],
    [
      "an unanswered write that landed and was then taken back",
      [made, commit(2, Infinity, set("1")), load(3, 4, after(create, set("1"))), load(5, 6, after(create))],
    ],
    ["a write that was refused and seen", [made, commit(2, 3, swap(7, "1"), no("stale")), load(4, 5, after(create, set("1")))]],
  ])("%s", (_, calls) => expect(isLinear(calls)).toBe("no"));
});

/** A history that happened: calls overlap, each takes effect at a moment between its beginning and its end. */
const happened = fc
  .array(fc.record({ moment: fc.nat(60), before: fc.nat(15), behind: fc.nat(15), what: fc.nat(5), lost: fc.nat(7) }), { minLength: 1, maxLength: 24 })
  .map((steps) => {
    let record: SessionRecord | undefined;
    return steps
      .toSorted((x, y) => x.moment - y.moment)
      .map(({ moment, before, behind, what, lost }, i): Call => {
        const times = { began: moment - before, ended: moment + behind };
        const version = record?.version ?? 1;
        const changes: Change[] = [create, set(String(i)), swap(version, String(i)), swap(version + 1, String(i)), end];
        const change = changes[what];
        if (change === undefined) return { ...times, record };
        const applied = apply(record, change);
        if (applied.ok) record = applied.next;
        return {
          began: times.began,
          ended: lost === 0 ? Infinity : times.ended,
          change,
          outcome: lost === 0 ? undefined : applied.ok ? ok(applied.version) : applied,
        };
      });
  });

describe("random histories", () => {
  test("that happened are found possible", () => {
    fc.assert(
      fc.property(happened, (calls) => {
        expect(isLinear(calls)).toBe("yes");
      }),
      { numRuns: 500 },
    );
  });

  test("with one answer made false, by a version that nobody made, are found impossible", () => {
    fc.assert(
      fc.property(happened, fc.nat(), (calls, at) => {
        const some = calls.flatMap((call, i) => ("change" in call && call.outcome?.ok ? [i] : []));
        const i = some[at % Math.max(1, some.length)];
        fc.pre(i !== undefined);
        const wrong = calls.map((call, n) => (n === i && "change" in call ? { ...call, outcome: ok(1000) } : call));
        expect(isLinear(wrong)).toBe("no");
      }),
      { numRuns: 300 },
    );
  });

  test("that are too tangled are left undecided, in bounded time", () => {
    const writes = Array.from({ length: 60 }, (_, i): Call => commit(2, 1000, { id, expect: "live", set: { [`f${i}`]: "1" } }, ok(i + 2)));
    const wrong: Call[] = [
      made,
      ...(writes.map((call, i) => (i % 2 ? { ...call, ended: Infinity, outcome: undefined } : call)) as Call[]),
      load(2000, 2001, { ...after(create)!, version: 99 }),
    ];
    expect(["no", "undecided"]).toContain(isLinear(wrong));
  });
});
