import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { SessionId, SessionRecord, Store } from "../../core/seam.ts";
import { createSessions, type Sessions } from "../../core/sessions.ts";
import { delayed } from "../../testing/delayed.ts";
import { newId } from "../../testing/new-id.ts";
import { memoryStore, type MemoryStore } from "../memory/memory.ts";
import { migrate, migrating, type MigrateProgress } from "./migrating.ts";
import { kind, traffic } from "./traffic.fixture.ts";

const ended = '{"at":1,"reason":"closed"}';

/** A store with sessions of every sort. */
async function inhabited(count: number): Promise<{ store: MemoryStore; records: SessionRecord[] }> {
  const store = memoryStore();
  for (let i = 0; i < count; i++) {
    const id = newId();
    store.commit({
      id,
      expect: "absent",
      kind,
      ...(i % 2 === 0 && { subject: `subject-${i}` }),
      ...(i % 3 === 0 && { claim: [`alias-${i}`, `second-${i}`] }),
      ...(i % 4 !== 0 && { wake: 1e12 + i }),
      set: { n: String(i), __proto__text: "é\u0000", "": "empty" },
    });
    for (let n = 1; n < 1 + (i % 5); n++) store.commit({ id, expect: n, epoch: i % 7 });
    if (i % 11 === 0) store.commit({ id, expect: "live", ended });
  }
  const records = [];
  for (let after: ReturnType<MemoryStore["find"]>["next"], more = true; more; more = after !== undefined) {
    const found = store.find({ kind }, after === undefined ? {} : { after });
    records.push(...found.records);
    after = found.next;
  }
  return { store, records };
}

const plain = ({ version: _, fields, aliases, ...rest }: SessionRecord): object => ({
  ...rest,
  aliases: aliases.toSorted(),
  fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("$moving."))),
});

describe("migrate", () => {
  test("moves everything exactly once: id, version, kind, subject, wake, epoch, end, aliases and fields", async () => {
    const { store: from, records } = await inhabited(300);
    const to = memoryStore();
    const told: MigrateProgress[] = [];
    const report = await migrate({ from, to, kinds: [kind], compare: 1, progress: (progress) => told.push(progress) });
    expect(report).toEqual({
      complete: true,
      moved: 300,
      left: 0,
      kinds: { [kind]: { known: 300, found: 300 } },
      unnamed: [],
      compared: 300,
      different: [],
      failed: [],
    });
    expect(told.at(0)).toEqual({ done: 0, of: 300 });
    expect(told.at(-1)).toEqual({ done: 300, of: 300 });
    const moving = migrating({ from, to }, { phase: "old" });
    for (const record of records) {
      expect(await moving.load(record.id)).toMatchObject({ version: record.version });
      expect(plain(to.load(record.id) as SessionRecord)).toEqual(plain(record));
      if (record.ended === undefined) expect(Object.keys(from.load(record.id)?.fields ?? {})).toEqual(["$moving.moved"]);
      for (const alias of record.aliases) expect(to.find({ alias }).records.map(({ id }) => id)).toEqual([record.id]);
    }
    expect(to.count({ kind })).toBe(records.filter((record) => record.ended === undefined).length);
    expect(await migrate({ from, to, kinds: [kind] })).toMatchObject({ complete: true, moved: 0, kinds: { [kind]: { known: 300, found: 300 } } });
  });

  test("moves on what was moved before", async () => {
    const { store: first, records } = await inhabited(60);
    const [second, third] = [memoryStore(), memoryStore()];
    expect(await migrate({ from: first, to: second, kinds: [kind], compare: 1 })).toMatchObject({ complete: true, moved: 60 });
    expect(await migrate({ from: second, to: third, kinds: [kind], compare: 1 })).toMatchObject({ complete: true, moved: 60, different: [] });
    const house = migrating({ from: second, to: third }, { phase: "both" });
    for (const record of records) expect(plain((await house.load(record.id)) as SessionRecord)).toEqual(plain(record));
  });

  test("finds kinds that were not named, by their wakes", async () => {
    const { store: from } = await inhabited(20);
    from.commit({ id: newId(), expect: "absent", kind: "main:$floor", wake: 5 });
    expect(await migrate({ from, to: memoryStore(), kinds: [kind] })).toMatchObject({ complete: true, moved: 21, unnamed: ["main:$floor"] });
  });

  test("is stopped by its signal, and goes on", async () => {
    const { store: from } = await inhabited(200);
    const to = memoryStore();
    const controller = new AbortController();
    const first = await migrate({ from, to, kinds: [kind], signal: controller.signal, progress: ({ done }) => done > 0 && controller.abort() });
    expect(first.complete).toBe(false);
    expect(first.moved).toBeGreaterThan(0);
    expect(first.moved).toBeLessThan(200);
    const second = await migrate({ from, to, kinds: [kind] });
    expect(second).toMatchObject({ complete: true, moved: 200 - first.moved });
  });

  test("where the new store is full it says so, loses nothing, and goes on once there is room", async () => {
    const from = memoryStore();
    for (let i = 0; i < 1_500; i++) from.commit({ id: newId(), expect: "absent", kind, wake: i, set: { text: "x".repeat(1_000) } });
    const small = memoryStore({ budget: 2 ** 20 });
    const report = await migrate({ from, to: small, kinds: [kind] });
    expect(report.complete).toBe(false);
    expect(report.left).toBeGreaterThan(0);
    expect(report.failed.length).toBe(report.left);
    expect(report.failed[0]?.why).toContain("full");
    const moving = migrating({ from, to: small });
    const [left] = report.failed;
    const id = left?.id as SessionId;
    expect(await moving.load(id)).toMatchObject({ id });
    expect(await moving.commit({ id, expect: "live", ended })).toMatchObject({ ok: true });
    expect(await moving.load(id)).toMatchObject({ ended });
  });

  test("a difference is found and named", async () => {
    const { store: from } = await inhabited(30);
    const to = memoryStore();
    let spoilt: SessionId | undefined;
    const liar: Store = {
      ...to,
      load(id) {
        const record = to.load(id);
        if (spoilt === undefined && record?.fields["$moving.came"] !== undefined) spoilt = id;
        return record !== undefined && id === spoilt ? { ...record, fields: { ...record.fields, n: "wrong" } } : record;
      },
    };
    const report = await migrate({ from, to: liar, kinds: [kind], compare: 1 });
    expect(report.complete).toBe(false);
    expect(report.different).toContain(spoilt);
  });

  test("settings that make no sense are refused by name", async () => {
    const store = memoryStore();
    const to = memoryStore();
    await expect(migrate({ from: store, to, kinds: [], compare: 0 })).rejects.toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining("compare") as string,
    });
    expect(() => migrating({ from: store, to: store })).toThrow(expect.objectContaining({ code: "invalid_option" }));
    expect(() => migrating({ from: store, to }, { phase: "half" as "old" })).toThrow(
      expect.objectContaining({ message: expect.stringContaining("phase") as string }),
    );
    await expect(migrating({ from: store, to }).commit({ id: newId(), expect: "live", set: { "$moving.came": "7" } })).rejects.toMatchObject({
      code: "invalid_field",
    });
    await expect(migrating({ from: store, to }).commit({ id: newId(), expect: "absent", kind }, { deadline: Date.now() - 1 })).rejects.toMatchObject({
      code: "store_unavailable",
    });
  });
});

describe("what comes too late", () => {
  const copyOf = (nonce: string, version: number, more: object = {}): Record<string, string> => ({
    "$moving.arriving": JSON.stringify({ nonce, version, epoch: 0, aliases: [], fields: { late: "1" }, ...more }),
  });

  test("a copy that lands when its session has moved and was erased is nothing, although somebody died before the marker was gone", async () => {
    const [from, to] = [memoryStore(), memoryStore()];
    const id = newId();
    from.commit({ id, expect: "absent", kind, set: { a: "1" }, wake: 5 });
    await migrate({ from, to, kinds: [kind] });
    const marker = from.load(id) as SessionRecord;
    to.commit({ id, expect: "live", erase: true });
    to.commit({ id, expect: "absent", kind, wake: 5, set: copyOf("another's", marker.version - 1) });
    for (const phase of ["old", "both"] as const) expect(await migrating({ from, to }, { phase }).load(id)).toBeUndefined();
    expect((await migrating({ from, to }).find({ wakeBefore: 10 })).records).toEqual([]);
    expect(await migrate({ from, to, kinds: [kind] })).toMatchObject({ complete: true });
    expect(to.load(id)).toBeUndefined();
    expect(await migrating({ from, to }).commit({ id, expect: "absent", kind, set: { b: "1" } })).toMatchObject({ ok: true, version: 1 });
    expect(to.load(id)?.fields).toMatchObject({ b: "1" });
  });

  test.each([true, false])("one that is erased while it is carried over stays erased (ended: %s)", async (isEnded) => {
    const [from, to] = [memoryStore(), memoryStore()];
    const id = newId();
    from.commit({ id, expect: "absent", kind, set: { a: "1" }, wake: 5, ...(isEnded && { ended }) });
    // Whoever erases it comes before the step that decides.
    const overtaken: Store = {
      ...from,
      commit(change) {
        if (change.wake === null || (change.wake ?? 0) > 1e15) from.commit({ id, expect: 1, erase: true });
        return from.commit(change);
      },
    };
    expect(await migrate({ from: overtaken, to, kinds: [kind] })).toMatchObject({ complete: true, moved: 0 });
    expect(to.load(id)).toBeUndefined();
  });

  test("a compare-and-set with the number from before the move lands, and with an older one does not", async () => {
    const [from, to] = [memoryStore(), memoryStore()];
    const ids = [newId(), newId()] as const;
    for (const id of ids) for (let n = 0; n < 7; n++) from.commit(n === 0 ? { id, expect: "absent", kind } : { id, expect: n, set: { n: String(n) } });
    const seen = (await migrating({ from, to }, { phase: "old" }).load(ids[0]))?.version as number;
    await migrate({ from, to, kinds: [kind] });
    const moving = migrating({ from, to });
    expect(seen).toBe(7);
    expect(await moving.commit({ id: ids[0], expect: seen, set: { n: "8" } })).toMatchObject({ ok: true, version: 8 });
    // In the new store its number is low: no number of before may meet it by chance.
    for (let n = 0; n < 12; n++) {
      const raw = to.load(ids[1])?.version as number;
      expect(await moving.commit({ id: ids[1], expect: raw, set: { n: "lost" } })).toEqual({ ok: false, why: "stale" });
      if (raw === 6) break;
      expect(await moving.commit({ id: ids[1], expect: "live", set: { n: "x" } })).toMatchObject({ ok: true, version: 8 + n });
    }
  });
});

test("whoever tidies a marker up leaves there what another commit has put for a record that is newer", async () => {
  const [from, to] = [memoryStore(), memoryStore()];
  const id = newId();
  from.commit({ id, expect: "absent", kind, claim: ["given up"] });
  await migrate({ from, to, kinds: [kind] });
  let [reserved, tidied] = [(): void => undefined, (): void => undefined];
  const whenReserved = new Promise<void>((resolve) => (reserved = resolve));
  const whenTidied = new Promise<void>((resolve) => (tidied = resolve));
  let released = false;
  // One has released a name, and tidies up when the other one has a new name in the marker, and not yet in the record.
  const releasing = migrating({
    from: {
      ...from,
      async load(wanted) {
        if (released) await whenReserved;
        return from.load(wanted);
      },
    },
    to: {
      ...to,
      commit(change) {
        released = true;
        return to.commit(change);
      },
    },
  });
  const done = Promise.resolve(releasing.commit({ id, expect: "live", release: ["given up"] })).then(tidied);
  while (to.load(id)?.aliases.length !== 0) await new Promise((resolve) => setImmediate(resolve));
  const claiming = migrating({ from, to: { ...to, commit: async (change) => (reserved(), await whenTidied, to.commit(change)) } });
  expect(await claiming.commit({ id, expect: "live", claim: ["new"] })).toMatchObject({ ok: true });
  await done;
  expect(from.load(id)?.aliases).toEqual(["new"]);
  expect(from.commit({ id: newId(), expect: "absent", kind, claim: ["new"] })).toMatchObject({ why: "taken" });
  expect(from.commit({ id: newId(), expect: "absent", kind, claim: ["given up"] })).toMatchObject({ ok: true });
});

describe("while sessions move under traffic", () => {
  const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

  test(`nothing is lost, nobody is logged out, no end is undone, names are unique and limits are kept (SOJOURN_SEED=${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), fc.constantFrom(1, 4, 16), async (numbers, atOnce) => {
        const [from, to] = [memoryStore({ budget: 2 ** 21, feed: 16 }), memoryStore({ budget: 2 ** 21, feed: 16 })];
        const before: SessionRecord[] = [];
        for (let i = 0; i < 60; i++) {
          const outcome = from.commit({ id: newId(), expect: "absent", kind, wake: i, set: { a: "1" } });
          if (outcome.ok && outcome.record) before.push(outcome.record);
        }
        const shared = newId();
        from.commit({ id: shared, expect: "absent", kind });
        const choose = (below: number): number => (numbers.next().value as number) % below;
        const users = traffic(shared, before);
        const [a, b] = [delayed(from), delayed(to)];
        let over = false;
        const acting = ["old", "both", "both", "old"].map((phase) => users.act(migrating({ from: a, to: b }, { phase: phase as "old" }), choose, () => over));
        await new Promise((resolve) => setTimeout(resolve, choose(20)));
        const report = await migrate({ from: a, to: b, kinds: [kind], atOnce, compare: 1 });
        await new Promise((resolve) => setTimeout(resolve, choose(40)));
        over = true;
        await Promise.all(acting);
        expect(report.different).toEqual([]);
        expect(await users.faults(migrating({ from, to }, { phase: "old" }))).toEqual([]);
        expect(await migrate({ from, to, kinds: [kind], compare: 1 })).toMatchObject({ complete: true, left: 0, different: [], failed: [] });
        expect(await users.faults(migrating({ from, to }, { phase: "new" }))).toEqual([]);
      }),
      { seed, numRuns: 12, endOnFailure: true },
    );
  }, 60_000);

  test("a manager's visitors stay logged in from the old house to the new one", async () => {
    const [from, to] = [memoryStore(), memoryStore()];
    const at = (phase: "old" | "both" | "new"): Sessions<{ cart: number }> =>
      createSessions<{ cart: number }>({ store: migrating({ from: delayed(from), to: delayed(to) }, { phase }) });
    const plainly = createSessions({ store: from });
    const tokens: string[] = [];
    for (let i = 0; i < 40; i++) tokens.push((await plainly.create({ subject: `s${i}`, data: { cart: i }, aliases: [`alias ${i}`] })).token as string);
    const [old, both] = [at("old"), at("both")];
    const moving = migrate({ from, to, kinds: ["main:web"] });
    for (const [i, token] of tokens.entries()) {
      const sessions = i % 2 === 0 ? old : both;
      const session = await sessions.resume(token);
      expect(session?.get("cart")).toBe(i);
      await session?.update("cart", (cart = 0) => cart + 1);
    }
    expect(await moving).toMatchObject({ complete: true, different: [] });
    const fresh = at("new");
    for (const [i, token] of tokens.entries()) expect((await fresh.resume(token))?.get("cart")).toBe(i + 1);
    expect((await fresh.reach({ alias: "alias 7" }))?.subject).toBe("s7");
    await vi.waitFor(() => expect(from.find({ wakeBefore: 1e15 }).records).toEqual([]));
  });
});
