import { describe, expect, test } from "vitest";
import { SojournError } from "../../core/errors.ts";
import type { Change, Cursor, SessionId, SessionRecord, StoreEvent } from "../../core/seam.ts";
import { delayed } from "../../testing/delayed.ts";
import { newId } from "../../testing/new-id.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { memoryStore, type MemoryStore } from "./memory.ts";

const ended = '{"at":1,"reason":"closed"}';
const MiB = 1024 * 1024;

describe.each([
  ["as given", memoryStore()],
  ["delayed", delayed(memoryStore())],
  ["one live session in front", memoryStore({ live: 1 })],
])("the memory store, %s", (_, store) => {
  keepsTheContract({ open: () => store });
});

/** Chance that is the same in every run. */
function chance(seed = 1): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

/** Fills the store with sessions of the kind "filler" until it refuses. */
function fill(store: MemoryStore, text = "x".repeat(300)): SessionId[] {
  const ids: SessionId[] = [];
  for (;;) {
    const id = newId();
    const outcome = store.commit({ id, expect: "absent", kind: "filler", set: { text } });
    if (!outcome.ok) return ids;
    ids.push(id);
  }
}

describe("live sessions", () => {
  test("load gives the same object until the record changes", () => {
    const store = memoryStore();
    const id = newId();
    store.commit({ id, expect: "absent", kind: "k" });
    const record = store.load(id);
    expect(store.load(id)).toBe(record);
    expect(store.commit({ id, expect: 9 })).toEqual({ ok: false, why: "stale" });
    expect(store.load(id)).toBe(record);
    store.commit({ id, expect: "live", set: { x: "1" } });
    expect(store.load(id)).not.toBe(record);
    expect(store.load(id)).toBe(store.load(id));
  });

  test("no more are kept than the setting says, and all others come back as they were", () => {
    const store = memoryStore({ live: 7 });
    const random = chance();
    const records = new Map<SessionId, SessionRecord>();
    for (let i = 0; i < 500; i++) {
      const id = newId();
      store.commit({
        id,
        expect: "absent",
        kind: `k${i % 3}`,
        subject: `s${i}`,
        wake: i,
        set: { n: String(i), long: "é".repeat(random(900)) },
        claim: [`a${i}`],
      });
      records.set(id, store.load(id)!);
      expect(store.usage().live).toBeLessThanOrEqual(7);
    }
    for (const [id, record] of records) expect(store.load(id)).toEqual(record);
    expect(store.usage()).toMatchObject({ live: 7, records: 500 });
  });

  test("what is big leaves the front by its bytes, though the number is not reached", () => {
    const store = memoryStore({ budget: 4 * MiB });
    for (let i = 0; i < 20; i++) store.commit({ id: newId(), expect: "absent", kind: "k", set: { text: "x".repeat(60_000) } });
    expect(store.usage().records).toBe(20);
    expect(store.usage().live).toBeLessThan(10);
  });

  test("so does what grew big after it came to the front", () => {
    const store = memoryStore({ budget: 4 * MiB });
    const ids = Array.from({ length: 20 }, () => newId());
    for (const id of ids) store.commit({ id, expect: "absent", kind: "k" });
    expect(store.usage().live).toBe(20);
    for (const id of ids) store.commit({ id, expect: "live", set: { text: "x".repeat(60_000) } });
    expect(store.usage().live).toBeLessThan(10);
  });

  test("a record that no front can hold is kept all the same, through every change", () => {
    const store = memoryStore({ budget: 2 * MiB });
    const id = newId();
    expect(store.commit({ id, expect: "absent", kind: "k", set: { text: "x".repeat(300_000) } })).toMatchObject({ ok: true });
    for (let i = 0; i < 5; i++) expect(store.commit({ id, expect: "live", set: { i: String(i) } })).toMatchObject({ ok: true, version: i + 2 });
    expect(store.load(id)).toMatchObject({ version: 6, fields: { i: "4" } });
    expect(store.usage().live).toBe(0);
  });
});

describe("the budget", () => {
  test.each(["refuse", "end-least-recently-used"] as const)("is never exceeded, however sessions come, grow, shrink and go (%s)", (whenFull) => {
    const budget = 1.5 * MiB;
    const store = memoryStore({ budget, whenFull });
    const random = chance(7);
    const ids: SessionId[] = [];
    const words = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const text = random(2) ? "x".repeat(random(60)) : "Ж".repeat(random(random(50) === 0 ? 40_000 : 700));
      const known = ids[random(ids.length)] ?? newId();
      const kinds = ["a", "b", `kind ${random(50)}`];
      const changes: Change[] = [
        {
          id: newId(),
          expect: "absent",
          kind: kinds[random(3)]!,
          subject: `subject ${random(400)}`,
          wake: random(1e6),
          set: { [`name ${random(2000)}`]: text, text },
          claim: [`alias ${random(3000)}`],
        },
        { id: newId(), expect: "absent", kind: "a", set: { text } },
        { id: known, expect: "live", set: { [`f${random(30)}`]: text } },
        { id: known, expect: "live", unset: [`f${random(30)}`, "text"], wake: random(1e6) },
        { id: known, expect: "live", ended },
        { id: known, expect: "live", erase: true },
      ];
      const change = changes[random(changes.length + 3) % changes.length]!;
      const outcome = store.commit(change);
      const word = outcome.ok ? "ok" : outcome.why === "full" ? `full ${outcome.of}` : outcome.why;
      words.set(word, (words.get(word) ?? 0) + 1);
      if (outcome.ok && change.expect === "absent") ids.push(change.id);
      const { bytes } = store.usage();
      if (bytes > budget) throw new Error(`${bytes} bytes are held after change ${i}`);
    }
    expect(store.usage().bytes).toBeGreaterThan(budget / 2);
    expect(words.get("ok")).toBeGreaterThan(3000);
    if (whenFull === "refuse") expect(words.get("full store")).toBeGreaterThan(100);
  });

  test("refuse: nothing is lost, growth is refused, the refused session stays as it was, and what is freed is room again", () => {
    const store = memoryStore({ budget: MiB });
    const ids = fill(store);
    expect(ids.length).toBeGreaterThan(800);
    const full = { ok: false, why: "full", of: "store" };
    const [one, two] = [ids[0]!, ids[1]!];
    const before = store.load(one);
    expect(store.commit({ id: one, expect: "live", set: { more: "x".repeat(100_000) }, claim: ["alias"], subject: "s" })).toEqual(full);
    expect(store.load(one)).toBe(before);
    expect(store.find({ alias: "alias" })).toEqual({ records: [] });
    expect(store.find({ subject: "s" })).toEqual({ records: [] });
    expect(store.commit({ id: one, expect: "live", set: { text: "y" } })).toMatchObject({ ok: true });
    for (const id of ids) expect(store.load(id)?.kind).toBe("filler");
    for (const id of ids.slice(2, 40)) store.commit({ id, expect: "live", erase: true });
    expect(store.commit({ id: two, expect: "live", set: { more: "x".repeat(10_000) } })).toMatchObject({ ok: true });
  });

  test("refuse: a full store can still end every session, with the note of the end and a wake", () => {
    const store = memoryStore({ budget: MiB });
    const ids = fill(store);
    for (const id of ids)
      expect(store.commit({ id, expect: "live", ended: '{"at":1790000000000,"reason":"revoked","by":"operator"}', wake: 1 })).toMatchObject({ ok: true });
    expect(store.count({ kind: "filler" })).toBe(0);
    expect(store.usage().bytes).toBeLessThanOrEqual(MiB);
  });

  test("end-least-recently-used: creation always succeeds; those in use stay, those that go are told of, and free their aliases and places", () => {
    const store = memoryStore({ budget: MiB, live: 20, whenFull: "end-least-recently-used" });
    const gone = new Set<SessionId>();
    store.watch((event) => event !== "gap" && event.ended && gone.add(event.id));
    const favourite = newId();
    store.commit({ id: favourite, expect: "absent", kind: "k" });
    const ids: SessionId[] = [];
    for (let i = 0; i < 5000; i++) {
      const id = newId();
      expect(store.commit({ id, expect: "absent", kind: "k", subject: `s${i}`, wake: i, claim: [`a${i}`], set: { text: "x".repeat(300) } })).toMatchObject({
        ok: true,
        version: 1,
      });
      ids.push(id);
      expect(store.load(favourite)).toBeDefined();
    }
    expect(gone.size).toBeGreaterThan(3000);
    expect(store.usage().records).toBe(5001 - gone.size);
    expect(store.count({ kind: "k" })).toBe(5001 - gone.size);
    for (const [i, id] of ids.entries()) {
      expect(store.load(id) === undefined).toBe(gone.has(id));
      const expected = gone.has(id) ? [] : [id];
      for (const query of [{ alias: `a${i}` }, { subject: `s${i}` }]) expect(store.find(query).records.map((record) => record.id)).toEqual(expected);
    }
    expect(ids.slice(-500).some((id) => gone.has(id))).toBe(false);
    const due = store.find({ wakeBefore: 5000 }, { limit: 6000 });
    expect(due.records.map((record) => record.id)).toEqual(ids.filter((id) => !gone.has(id)));
  });

  test("what shrinks gives its room back, and nothing is lost sight of: the same work over and over takes no more", () => {
    const store = memoryStore({ budget: MiB, live: 3 });
    const held: number[] = [];
    for (let round = 0; round < 6; round++) {
      const ids = Array.from({ length: 20 }, () => newId());
      for (const id of ids)
        expect(store.commit({ id, expect: "absent", kind: "k", subject: "s", wake: 5, claim: [id], set: { a: "1" } })).toMatchObject({ ok: true });
      for (let i = 0; i < 100; i++) {
        const id = ids[i % ids.length]!;
        expect(store.commit({ id, expect: "live", set: { big: "x".repeat(100_000), b: "1" } })).toMatchObject({ ok: true });
        expect(store.commit({ id, expect: "live", ...(i % 2 ? { unset: ["big"] } : { set: { big: "" } }) })).toMatchObject({ ok: true });
      }
      for (const id of ids) store.commit({ id, expect: "live", erase: true });
      expect(store.usage()).toMatchObject({ records: 0, live: 0 });
      held.push(store.usage().bytes);
    }
    // Segments of the indexes are made when a first session falls into them.
    expect(held[5]! - held[0]!).toBeLessThan(16 * 1024);
  });

  test.each(["refuse", "end-least-recently-used"] as const)(
    "is kept when blocks have taken all that they may and many small sessions come instead (%s)",
    (whenFull) => {
      const budget = 1.5 * MiB;
      const store = memoryStore({ budget, whenFull, live: 10 });
      const big = Array.from({ length: 200 }, () => newId());
      for (const id of big) store.commit({ id, expect: "absent", kind: "k", set: { text: "x".repeat(8000) } });
      for (const id of big) store.commit({ id, expect: "live", erase: true });
      let refused = 0;
      for (let i = 0; i < 12_000; i++) {
        if (!store.commit({ id: newId(), expect: "absent", kind: "k", subject: `s${i}`, wake: i, claim: [`a${i}`, `b${i}`] }).ok) refused++;
        expect(store.usage().bytes).toBeLessThanOrEqual(budget);
      }
      expect(refused).toBeGreaterThan(0);
      expect(store.usage().records).toBeGreaterThan(1000);
    },
  );

  test.each([1, 10_000])("end-least-recently-used: floors stay, though nobody asks for them (%i in front)", (live) => {
    const store = memoryStore({ budget: MiB, live, whenFull: "end-least-recently-used" });
    const [floor, first] = ["floor:main" as SessionId, newId()];
    for (const [id, kind] of [
      [floor, "main:$floor"],
      [first, "main:web"],
    ] as const)
      store.commit({ id, expect: "absent", kind, set: { $at: "1" } });
    for (let i = 0; i < 5000; i++) store.commit({ id: newId(), expect: "absent", kind: "main:web", set: { text: "x".repeat(300) } });
    expect([store.load(first), store.load(floor)]).toEqual([undefined, expect.objectContaining({ id: floor })]);
  });

  test("refuse: a floor finds room in a full store, and is raised in it", () => {
    const store = memoryStore({ budget: MiB });
    fill(store);
    const id = "floor:main" as SessionId;
    expect(store.commit({ id, expect: "absent", kind: "main:$floor", set: { $at: "1" } })).toMatchObject({ ok: true });
    expect(store.commit({ id, expect: 1, set: { $at: "2" }, wake: 9e12 })).toMatchObject({ ok: true });
  });

  test("end-least-recently-used: a session that ended goes before any that has not", () => {
    const store = memoryStore({ budget: MiB, live: 20, whenFull: "end-least-recently-used" });
    const first = newId();
    store.commit({ id: first, expect: "absent", kind: "old", set: { text: "x".repeat(300) } });
    const closed = Array.from({ length: 100 }, () => newId());
    for (const id of closed) store.commit({ id, expect: "absent", kind: "closed", ended, set: { text: "x".repeat(300) } });
    while (closed.every((id) => store.load(id) !== undefined))
      for (let i = 0; i < 10; i++) store.commit({ id: newId(), expect: "absent", kind: "k", set: { text: "x".repeat(300) } });
    expect(store.load(first)).toBeDefined();
  });

  test("end-least-recently-used: a change that can never fit is refused, not paid for with endless endings", () => {
    const store = memoryStore({ budget: MiB, whenFull: "end-least-recently-used" });
    const id = newId();
    expect(store.commit({ id, expect: "absent", kind: "k", set: { text: "x".repeat(2 * MiB) } })).toEqual({ ok: false, why: "full", of: "store" });
    store.commit({ id, expect: "absent", kind: "k", set: { text: "small" } });
    expect(store.commit({ id, expect: "live", set: { text: "x".repeat(2 * MiB) } })).toEqual({ ok: false, why: "full", of: "store" });
    expect(store.load(id)?.fields).toEqual({ text: "small" });
  });
});

describe("settings", () => {
  test.each([
    [{ budget: 1000 }, "budget"],
    [{ budget: 1.5 * MiB + 0.5 }, "budget"],
    [{ live: 0 }, "live"],
    [{ feed: Number.NaN }, "feed"],
    [{ whenFull: "explode" as "refuse" }, "whenFull"],
  ])("%j is refused by name", (options, named) => {
    expect(() => memoryStore(options)).toThrow(SojournError);
    expect(() => memoryStore(options)).toThrow(new RegExp(`^${named} is `));
  });
});

describe("watching", () => {
  test("gap comes first when more was missed than is kept, then the oldest that is", () => {
    const store = memoryStore({ feed: 4 });
    const heard: StoreEvent[] = [];
    const stop = store.watch((event) => event !== "gap" && heard.push(event));
    const ids = Array.from({ length: 6 }, () => newId());
    for (const id of ids) store.commit({ id, expect: "absent", kind: "k" });
    stop();
    for (const [from, expected] of [
      [0, ["gap", 2, 3, 4, 5]],
      [1, [2, 3, 4, 5]],
      [5, []],
    ] as const) {
      const again: (StoreEvent | "gap")[] = [];
      store.watch((event) => again.push(event), { after: heard[from]!.cursor });
      expect(again.map((event) => (event === "gap" ? "gap" : ids.indexOf(event.id)))).toEqual(expected);
    }
  });

  test("another store's cursor is a gap", () => {
    const [one, two] = [memoryStore(), memoryStore()];
    let cursor: Cursor | undefined;
    one.watch((event) => event !== "gap" && (cursor = event.cursor));
    for (const store of [one, two]) store.commit({ id: newId(), expect: "absent", kind: "k" });
    const heard: unknown[] = [];
    two.watch((event) => heard.push(event), { after: cursor! });
    expect(heard).toEqual(["gap"]);
  });

  test("a watcher may commit; everyone hears everything in the same order", () => {
    const store = memoryStore();
    const [a, b]: [string[], string[]] = [[], []];
    const id = newId();
    store.watch((event) => {
      if (event === "gap") return;
      a.push(`${event.version}`);
      if (event.version < 4) store.commit({ id, expect: event.version, set: { n: "1" } });
    });
    store.watch((event) => event !== "gap" && b.push(`${event.version}`));
    store.commit({ id, expect: "absent", kind: "k" });
    expect([a, b]).toEqual([
      ["1", "2", "3", "4"],
      ["1", "2", "3", "4"],
    ]);
  });
});

test("a closed store is unavailable", async () => {
  const store = memoryStore();
  const id = newId();
  store.commit({ id, expect: "absent", kind: "k" });
  await store.close();
  for (const call of [() => store.load(id), () => store.commit({ id, expect: "live" }), () => store.find({ kind: "k" })]) {
    expect(call).toThrow(expect.objectContaining({ code: "store_unavailable" }));
  }
});
