import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultJoinLimits, type Dropped, type Held, join, type Joined, type JoinLimits, lapse, lapsesAt, type Part } from "./reassembly.ts";
import { segment } from "./segments.ts";

const minute = 60_000;

function part(reference: number, count: number, index: number, text: string): Part {
  return { reference, count, index, text };
}

function partsOf(text: string, reference: number): Part[] {
  const { parts } = segment(text);
  return parts.map((each, at) => part(reference, parts.length, at + 1, each));
}

/** What a store does between two parts. */
function stored(held: Held | undefined): Held | undefined {
  return held === undefined ? undefined : (JSON.parse(JSON.stringify(held)) as Held);
}

interface Fed {
  readonly held: Held | undefined;
  readonly wholes: readonly string[];
  readonly dropped: readonly Dropped[];
  readonly outcomes: readonly Joined["outcome"][];
}

/** Gives parts one after the other, a millisecond apart unless said. */
function feed(
  parts: readonly Part[],
  { held, now = 1_000_000, step = 1, limits }: { held?: Held | undefined; now?: number; step?: number; limits?: JoinLimits } = {},
): Fed {
  const wholes: string[] = [];
  const dropped: Dropped[] = [];
  const outcomes: Joined["outcome"][] = [];
  let kept = held;
  for (const [at, each] of parts.entries()) {
    const joined = join(stored(kept), each, now + at * step, limits);
    kept = joined.held;
    if (joined.whole !== undefined) wholes.push(joined.whole);
    dropped.push(...joined.dropped);
    outcomes.push(joined.outcome);
  }
  return { held: kept, wholes, dropped, outcomes };
}

const anyText = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "é", "€", "[", "@", "\n"), maxLength: 1_200, size: "max" }),
  fc.string({ unit: fc.constantFrom("я", "😀", "👩‍👩‍👧", "\uD83D", "\uDE00"), maxLength: 400, size: "max" }),
  fc.string({ unit: "binary", maxLength: 400, size: "max" }),
);
/** Each part once and some again, in any order. */
const shuffled = (parts: readonly Part[]): fc.Arbitrary<Part[]> =>
  fc.array(fc.constantFrom(...parts), { maxLength: 6 }).chain((again) => fc.shuffledSubarray([...parts, ...again], { minLength: parts.length + again.length }));

describe("a message", () => {
  test("of any text is whole once and the same, in any order, with any duplicates", () => {
    const arrivals = fc.tuple(anyText, fc.nat(0xffff)).chain(([text, reference]) => fc.tuple(fc.constant(text), shuffled(partsOf(text, reference))));
    fc.assert(
      fc.property(arrivals, ([text, parts]) => {
        const fed = feed(parts);
        expect(fed.wholes).toEqual([text]);
        expect(fed.dropped).toEqual([]);
        expect(fed.outcomes).not.toContain("dropped");
      }),
    );
  });

  test("among others is put together from its own parts alone, and what is held until then does not depend on the order", () => {
    const messages = fc.uniqueArray(
      fc.tuple(
        fc.nat(3),
        anyText.filter((text) => segment(text).parts.length > 1),
      ),
      {
        selector: ([reference, text]) => `${reference}/${segment(text).parts.length}`,
        minLength: 1,
        maxLength: 5,
      },
    );
    const arrivals = messages.chain((all) => {
      const parts = all.flatMap(([reference, text]) => partsOf(text, reference));
      const orders = fc.array(fc.shuffledSubarray(parts, { minLength: parts.length }), { minLength: 2, maxLength: 2 });
      return fc.tuple(fc.constant(all.map(([, text]) => text)), shuffled(parts), orders, fc.nat(parts.length));
    });
    fc.assert(
      fc.property(arrivals, ([texts, arrived, [one = [], other = []], cut]) => {
        expect(feed(arrived).wholes.toSorted()).toEqual(texts.toSorted());
        const some = one.slice(0, cut);
        const reordered = other.filter((each) => some.includes(each));
        expect(feed(reordered, { step: 0 }).held).toEqual(feed(some, { step: 0 }).held);
      }),
    );
  });

  test("of 255 parts is whole under the bounds that hold if none are given", () => {
    for (const text of ["я".repeat(255 * 67), "漢".repeat(255 * 67), "a".repeat(255 * 153)]) {
      expect(feed(partsOf(text, 9).toReversed())).toMatchObject({ wholes: [text], dropped: [] });
    }
  });

  test("whose sender cut a surrogate pair is whole in spite of it", () => {
    const halves = [part(1, 2, 1, "a\uD83D"), part(1, 2, 2, "\uDE00b")];
    expect(feed(halves).wholes).toEqual(["a😀b"]);
    expect(feed(halves.toReversed()).wholes).toEqual(["a😀b"]);
    // Each half is another text, though UTF-8 has but one for all of them.
    expect(feed([...halves, part(1, 2, 1, "a\uD83E"), part(1, 2, 2, "\uDD21b")]).wholes).toEqual(["a😀b", "a🤡b"]);
  });

  test("of one part is whole at once", () => expect(feed([part(1, 1, 1, "alone")]).wholes).toEqual(["alone"]));

  test.each([
    ["a count of 0", part(1, 0, 1, "text")],
    ["index 0", part(1, 2, 0, "text")],
    ["an index beyond the count", part(1, 2, 3, "text")],
    ["a count above 255", part(1, 256, 1, "text")],
    ["a reference above 16 bits", part(65_536, 2, 1, "text")],
    ["a negative reference", part(-1, 2, 1, "text")],
    ["no number", part(Number.NaN, 2, 1, "text")],
    ["a fraction", part(1, 2, 1.5, "text")],
    ["infinity", part(1, Infinity, 1, "text")],
  ])("whose element makes no sense is one of its own: %s", (_, wrong) => {
    const before = feed([part(1, 2, 1, "first")]).held;
    expect(join(before, wrong, 1_000_000)).toEqual({ held: before, whole: "text", outcome: "whole", dropped: [] });
    expect(join(undefined, wrong, 1_000_000)).toEqual({ whole: "text", outcome: "whole", dropped: [] });
  });
});

describe("a reference used again", () => {
  test("with another count is another message", () => {
    const fed = feed([part(7, 2, 1, "a1"), part(7, 3, 1, "b1"), part(7, 3, 3, "b3"), part(7, 2, 2, "a2"), part(7, 3, 2, "b2")]);
    expect(fed).toMatchObject({ wholes: ["a1a2", "b1b2b3"], dropped: [] });
  });

  test("with another text for an index is a newer message: the older one's parts go, and that is told", () => {
    const fed = feed([part(7, 3, 1, "a1"), part(7, 3, 3, "a3"), part(7, 3, 3, "b3"), part(7, 3, 1, "b1"), part(7, 3, 2, "b2")]);
    expect(fed.wholes).toEqual(["b1b2b3"]);
    expect(fed.dropped).toEqual([{ reference: 7, count: 3, have: [1, 3], since: 1_000_000, why: "replaced", repeated: false }]);
    // Its time begins with its own first part.
    expect(lapsesAt(feed([part(7, 3, 1, "a1"), part(7, 3, 1, "b1")], { step: minute }).held)).toBe(1_000_000 + 61 * minute);
  });

  test("after the message was whole is a new message, even if some of its parts are the same", () => {
    const first = [part(0, 2, 1, "Alarm: pump "), part(0, 2, 2, "one")];
    const second = [part(0, 2, 1, "Alarm: pump "), part(0, 2, 2, "two")];
    for (const parts of [
      [...first, ...second],
      [...first, ...second.toReversed()],
    ]) {
      expect(feed(parts)).toMatchObject({ wholes: ["Alarm: pump one", "Alarm: pump two"], dropped: [] });
    }
  });
});

describe("what the network sends twice", () => {
  const parts = partsOf("b".repeat(400), 3);
  const first = parts[0] as Part;

  test("is a duplicate, message by message and part by part", () => {
    const fed = feed([first, first, ...parts.slice(1), ...parts.toReversed()]);
    expect(fed.outcomes).toEqual(["held", "duplicate", "held", "whole", "held", "held", "duplicate"]);
    expect(fed).toMatchObject({ wholes: ["b".repeat(400)], dropped: [] });
    expect(fed.held?.open).toEqual([]);
  });

  test("in part is told, when its time is over, as a repetition and not as a loss", () => {
    const { held } = feed([...parts, first]);
    expect(lapse(held, 1_000_000 + 59 * minute).dropped).toEqual([]);
    const dropped: Dropped = { reference: 3, count: 3, have: [1], since: 1_000_003, why: "late", repeated: true };
    expect(lapse(held, 1_000_000 + 61 * minute)).toEqual({ dropped: [dropped] });
    // What it repeats is known for as long, even if other parts come in the meantime.
    const meanwhile = feed([part(9, 2, 1, "other")], { held, now: 1_000_000 + 40 * minute }).held;
    expect(lapse(meanwhile, 1_000_000 + 61 * minute)).toMatchObject({ held: { open: [{ reference: 9 }], done: [] }, dropped: [dropped] });
  });

  test("is a message of its own after half an hour, or when nothing is to be remembered", () => {
    const { held } = feed(parts);
    expect(feed(parts, { held, now: 1_000_000 + 29 * minute }).wholes).toEqual([]);
    expect(feed(parts, { held, now: 1_000_000 + 31 * minute }).wholes).toEqual(["b".repeat(400)]);
    const forgetful = feed([...parts, ...parts], { limits: { ...defaultJoinLimits, remember: 0 } });
    expect(forgetful).toMatchObject({ held: undefined, wholes: ["b".repeat(400), "b".repeat(400)] });
  });
});

describe("what is never whole", () => {
  test("is dropped an hour after its first part, whatever came since", () => {
    const { held } = feed([part(5, 3, 3, "c"), part(5, 3, 1, "a")], { step: 30 * minute });
    const end = 1_000_000 + 60 * minute;
    expect(lapsesAt(held)).toBe(end);
    expect(lapse(held, end - 1)).toEqual({ held, dropped: [] });
    const dropped: Dropped = { reference: 5, count: 3, have: [1, 3], since: 1_000_000, why: "late", repeated: false };
    expect(lapse(held, end)).toEqual({ dropped: [dropped] });
    // The part that comes too late begins anew.
    expect(join(held, part(5, 3, 2, "b"), end)).toMatchObject({ outcome: "held", dropped: [dropped], held: { open: [{ since: end, parts: [[2, "b"]] }] } });
  });

  test("is told about with no part coming in, one moment after the other", () => {
    let { held } = feed([part(1, 2, 1, "a"), part(2, 2, 1, "b"), part(3, 1, 1, "c")], { step: minute });
    const told: number[] = [];
    for (let at = lapsesAt(held); at !== undefined; at = lapsesAt(held)) {
      const lapsed = lapse(held, at);
      told.push(...lapsed.dropped.map(({ reference }) => reference));
      held = lapsed.held;
    }
    expect(told).toEqual([1, 2]);
    expect(held).toBeUndefined();
    expect(lapsesAt(undefined)).toBeUndefined();
    expect(lapse(undefined, 1)).toEqual({ dropped: [] });
  });

  test("stays when the clock goes back", () => {
    const { held } = feed([part(1, 2, 1, "a")]);
    expect(join(held, part(1, 2, 2, "b"), 5)).toMatchObject({ whole: "ab" });
  });
});

describe("bounds", () => {
  const small: JoinLimits = { ...defaultJoinLimits, parts: 4, bytes: 600 };

  test("the oldest goes first, repetitions before all, and the part's own message last", () => {
    const told = feed([part(1, 9, 1, "a"), part(3, 9, 1, "b"), part(1, 9, 2, "a"), part(2, 9, 1, "c"), part(1, 9, 3, "a")], { limits: small });
    expect(told.dropped).toEqual([{ reference: 3, count: 9, have: [1], since: 1_000_001, why: "room", repeated: false }]);
    const repeated = [part(8, 2, 1, "x"), part(8, 2, 2, "y")];
    const again = feed([part(1, 9, 1, "a"), ...repeated, part(8, 2, 1, "x"), part(2, 9, 1, "b"), part(3, 9, 1, "c"), part(4, 9, 1, "d")], { limits: small });
    expect(again.dropped).toMatchObject([{ reference: 8, have: [1], why: "room", repeated: true }]);
  });

  test("what was whole is forgotten before what is open, and a text too long for all of it is dropped by itself", () => {
    const { held } = feed([part(8, 2, 1, "x"), part(8, 2, 2, "y"), part(1, 9, 1, "a".repeat(300))], { limits: small });
    const { held: after, dropped } = feed([part(1, 9, 2, "b".repeat(150))], { held, limits: small });
    expect(after?.open.map(({ reference, parts }) => [reference, parts.length])).toEqual([[1, 2]]);
    expect(after?.done).toEqual([]);
    expect(dropped).toEqual([]);
    expect(join(undefined, part(1, 2, 1, "a".repeat(1_000)), 1, small)).toEqual({
      outcome: "dropped",
      dropped: [{ reference: 1, count: 2, have: [1], since: 1, why: "room", repeated: false }],
    });
  });

  test("hold for any parts; none is ever lost untold, none told twice", () => {
    const anyPart = fc.record({
      reference: fc.nat(2),
      count: fc.integer({ min: 0, max: 4 }),
      index: fc.integer({ min: 0, max: 5 }),
      text: fc.constantFrom("", "a", "b", "\uD800", '"\n', "€".repeat(60)),
    });
    const anyLimits = fc.record({ keep: fc.nat(20), remember: fc.nat(20), parts: fc.nat(8), bytes: fc.integer({ min: 21, max: 900 }) });
    const open = (held: Held | undefined): string[] =>
      held?.open.flatMap(({ reference, count, parts }) => parts.map(([index]) => `${reference}/${count}/${index}`)) ?? [];
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(fc.tuple(anyPart, fc.nat(2)), { maxLength: 60, size: "max" }), anyLimits, (parts, limits) => {
        let held: Held | undefined;
        let now = 0;
        for (const [each, later] of parts) {
          now += later;
          const before = stored(held);
          const joined = join(before, each, now, limits);
          expect(stored(before)).toEqual(before);
          held = joined.held;
          expect(Buffer.byteLength(JSON.stringify(held ?? { open: [], done: [] }))).toBeLessThanOrEqual(limits.bytes);
          expect(open(held).length).toBeLessThanOrEqual(limits.parts);
          expect(held?.open.every(({ since }) => since + limits.keep > now || since === now) ?? true).toBe(true);
          // What was held and what came is held, told, or in the text: each exactly once. A duplicate is the part that came, or a whole message.
          const gone = joined.dropped.flatMap(({ reference, count, have }) => have.map((index) => `${reference}/${count}/${index}`));
          const name = `${each.reference}/${each.count}/${each.index}`;
          const left = [...open(held), ...gone];
          const expected = [...open(before), name];
          for (const one of left) {
            expect(expected).toContain(one);
            expected.splice(expected.indexOf(one), 1);
          }
          seen.add(joined.outcome).add(joined.dropped[0]?.why ?? "none");
          if (joined.outcome === "held" || joined.outcome === "dropped") expect(expected).toEqual([]);
          else expect(expected.every((one) => one === name || one.startsWith(`${each.reference}/${each.count}/`))).toBe(true);
          if (joined.outcome === "whole") expect(joined.whole).toBeDefined();
          else expect(joined.whole).toBeUndefined();
        }
      }),
      { numRuns: 250 },
    );
    expect([...seen].toSorted()).toEqual(["dropped", "duplicate", "held", "late", "none", "replaced", "room", "whole"]);
  });

  test("two thousand references of one sender are held in no more than the bounds, and each that goes is told", () => {
    const flood = Array.from({ length: 2_000 }, (_, at) => part(at, 255, (at % 255) + 1, "я".repeat(67)));
    const { held, dropped } = feed(flood);
    expect(Buffer.byteLength(JSON.stringify(held))).toBeLessThanOrEqual(60_000);
    expect(dropped.map(({ reference }) => reference)).toEqual(Array.from({ length: dropped.length }, (_, at) => at));
    expect((held?.open.length ?? 0) + dropped.length).toBe(2_000);
  });
});

test("what is told of a dropped message has none of its text", () => {
  const { dropped } = feed([part(1, 2, 1, "my secret"), part(1, 2, 1, "other secret")]);
  expect(JSON.stringify(dropped)).not.toContain("secret");
});
