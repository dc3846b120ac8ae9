import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { open } from "lmdb";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { SojournError } from "../../core/errors.ts";
import type { Change, SessionId, SessionRecord, Store } from "../../core/seam.ts";
import { createSessions } from "../../core/sessions.ts";
import { keyring, newKey } from "../../sealed/keys.ts";
import { delayed } from "../../testing/delayed.ts";
import { fakeClock } from "../../testing/fake-clock.ts";
import { newId } from "../../testing/new-id.ts";
import { playHistory } from "../../testing/store-differential.ts";
import { lmdbStore, openLmdb, type LmdbStore } from "../lmdb/lmdb.ts";
import { memoryStore, type MemoryStore } from "../memory/memory.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { encrypted, type Encrypted } from "./encrypted.ts";
import { unreadable } from "./layout.ts";

const key = newKey();
const names = newKey();
const ending = '{"at":1,"reason":"closed"}';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Folder {
  readonly path: string;
  /** Two stores of their own on one database, as two processes have them. */
  readonly stores: readonly Store[];
  close(): Promise<void>;
}

function lmdbFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "sojourn-encrypted-"));
  const root = openLmdb(open, path);
  const inner = [lmdbStore(root), lmdbStore(root, { live: 2 })];
  return {
    path,
    stores: inner.map((store, i) => encrypted(store, [key], { names, live: i === 0 ? 10_000 : 1 })),
    async close() {
      for (const store of inner) await store.close();
      await root.close();
      rmSync(path, { recursive: true });
    },
  };
}

describe("the store contract", () => {
  const folder = lmdbFolder();
  const memory = memoryStore();
  afterAll(() => folder.close());
  const views: Readonly<Record<string, readonly Store[]>> = {
    "memory, as given": [encrypted(memoryStore(), [key], { names })],
    "memory, delayed": [encrypted(delayed(memoryStore()), [key], { names })],
    "memory, delayed on the outside": [delayed(encrypted(memoryStore(), [key], { names }))],
    // Each has a memory of its own, and another key that seals.
    "memory, two wrappers with two keys each": [encrypted(memory, [key, names], { names }), encrypted(memory, [names, key], { names, live: 1 })],
    "LMDB, two stores": folder.stores,
    "LMDB, delayed": folder.stores.map(delayed),
  };
  describe.each(Object.entries(views))("%s", (_, stores) => {
    let next = 0;
    keepsTheContract({ open: () => stores[next++ % stores.length] as Store });
  });
});

describe("random changes become what apply() says", () => {
  const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const histories = fc.array(fc.array(fc.nat(), { minLength: 12, maxLength: 48, size: "max" }), { minLength: 1, maxLength: 50, size: "max" });
  const agrees = (opened: () => Store, numRuns: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(histories, (history) => playHistory({ open: opened }, history)),
      { seed, numRuns, endOnFailure: true },
    );
  const folder = lmdbFolder();
  afterAll(() => folder.close());
  let turn = 0;
  const memory = encrypted(memoryStore(), [key], { names });
  const small = encrypted(memoryStore({ live: 1 }), [key], { names, live: 1 });
  test(`in memory (SOJOURN_SEED=${seed})`, () => agrees(() => memory, 25));
  test("in memory, one record live", () => agrees(() => small, 25));
  test("in LMDB, two stores", () => agrees(() => folder.stores[turn++ % 2] as Store, 8));
  test("in LMDB, delayed", () => agrees(() => delayed(folder.stores[0] as Store), 4));
});

interface Pair {
  readonly inner: MemoryStore;
  readonly store: Encrypted<MemoryStore>;
}

function pair(keys: readonly string[] = [key], inner: MemoryStore = memoryStore()): Pair {
  return { inner, store: encrypted(inner, keys, { names }) };
}

async function made(store: Store, change: Partial<Change> = {}): Promise<SessionId> {
  const id = newId();
  expect(await store.commit({ kind: "main:web", ...change, id, expect: "absent" })).toMatchObject({ ok: true });
  return id;
}

/** Puts texts into the inner record, past the encryption. */
function plant(inner: MemoryStore, id: SessionId, change: Partial<Change>): void {
  expect(inner.commit({ ...change, id, expect: "live" })).toMatchObject({ ok: true });
}

describe("what rests in the inner store", () => {
  const canaries = ["canary-subject", "canary-field", "canary-alias", "canary-reason", "canary-by"];
  const whole: Partial<Change> = {
    subject: "main:canary-subject",
    set: { cart: '"canary-field"', long: JSON.stringify("canary-field".repeat(5_000)), $client: '{"agent":"canary-field"}' },
    claim: ["main:canary-alias", "canary-alias"],
  };

  test("no subject, alias, field's text, reason or token's secret is in an inner record", async () => {
    const { inner, store } = pair();
    const id = await made(store, whole);
    const other = await made(store, { ...whole, claim: ["canary-alias 2"] });
    await store.commit({ id, expect: "live", ended: '{"at":1,"reason":"canary-reason","by":"canary-by"}', set: { last: "canary-field" } });
    const raw = [inner.load(id), inner.load(other)];
    const text = JSON.stringify(raw);
    for (const canary of canaries) expect(text).not.toContain(canary);
    for (const canary of canaries) expect(text).not.toContain(Buffer.from(canary).toString("base64url").slice(1, -2));
    expect(raw.map((record) => record?.subject)).toEqual([expect.stringMatching(/^[\w-]{43}$/), raw[0]?.subject]);
    expect(raw[1]?.aliases).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    expect(Object.keys(raw[1]?.fields ?? {}).toSorted()).toEqual(
      ["$client", `$sealed.alias.${raw[1]?.aliases[0]}`, "$sealed.subject", "cart", "long"].toSorted(),
    );
    expect(await store.load(id)).toMatchObject({ subject: "main:canary-subject", ended: '{"at":1,"reason":"canary-reason","by":"canary-by"}' });
  });

  /** Lives a session's life in an LMDB folder, and gives those of the texts that are in its files afterwards. */
  async function leftBy(wrap: (store: LmdbStore) => Store): Promise<readonly string[]> {
    const path = mkdtempSync(join(tmpdir(), "sojourn-encrypted-"));
    const root = openLmdb(open, path);
    const inner = lmdbStore(root);
    undo.push(async () => {
      await inner.close();
      await root.close();
      rmSync(path, { recursive: true });
    });
    const sessions = createSessions({ store: wrap(inner) });
    const session = await sessions.create({ subject: "canary-subject", data: { name: "canary-field" }, aliases: ["canary-alias"] });
    const { token = "", id = "" } = session;
    await session.checkpoint("canary-checkpoint");
    expect((await sessions.reach({ alias: "canary-alias" }))?.get("name")).toBe("canary-field");
    await sessions.end({ id, subject: "canary-subject" }, "canary-reason", "canary-by");
    await sessions.endAll({ subject: "canary-subject" });
    expect((await wrap(inner).load(id as SessionId))?.fields["name"]).toBe('"canary-field"');
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const rests = Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
    return [...canaries, "canary-checkpoint", token.slice(27), id].filter((text) => rests.includes(text) || rests.includes(text, 0, "utf16le"));
  }

  test("nor in any file of an LMDB folder, where a manager has lived a session's life", async () => {
    const id = expect.stringMatching(/^[0-9a-z]{26}$/) as string;
    expect(await leftBy((store) => encrypted(store, [key], { names }))).toEqual([id]);
    // What is looked for would be found: only the alias is a digest already.
    expect(await leftBy((store) => store)).toEqual(["canary-subject", "canary-field", "canary-reason", "canary-by", "canary-checkpoint", id]);
  });

  test("equal subjects and aliases have equal names; the two have different ones, and so have other keys", async () => {
    const { inner, store } = pair();
    const ids = [await made(store, { subject: "x", claim: ["x"] }), await made(store, { subject: "x" })];
    const [one, two] = ids.map((id) => inner.load(id) as SessionRecord);
    expect([one?.subject, two?.subject]).toEqual([one?.subject, one?.subject]);
    expect(one?.aliases[0]).not.toBe(one?.subject);
    const others = encrypted(inner, [key], { names: newKey() });
    expect(inner.load(await made(others, { subject: "x" }))?.subject).not.toBe(one?.subject);
  });

  test("of a subject or an alias that was taken away nothing is left", async () => {
    const { inner, store } = pair();
    const id = await made(store, { subject: "s", claim: ["a", "b"], set: { x: "1" } });
    await store.commit({ id, expect: "live", release: ["a"] });
    await store.commit({ id, expect: "live", subject: null, release: ["b", "never"], unset: ["x"] });
    expect(inner.load(id)).toMatchObject({ version: 3, aliases: [], fields: {} });
    expect(inner.load(id)).not.toHaveProperty("subject");
    expect(Object.keys(inner.load(id)?.fields ?? {})).toEqual([]);
  });

  test("a text of any length comes back, wherever its pieces are cut", async () => {
    const { inner, store } = pair();
    const id = await made(store);
    const character = fc.constantFrom("a", "é", "長", "😀", "👩‍👩‍👧");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 15_990, max: 16_005 }), fc.integer({ min: 0, max: 40_000 }), character, character, async (least, more, one, other) => {
        const text = one.repeat(least / one.length) + "x".repeat(least % one.length) + other.repeat(more / other.length);
        await store.commit({ id, expect: "live", set: { text } });
        expect((await encrypted(inner, [key], { names }).load(id))?.fields["text"]).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test("no two seals of one text are alike", async () => {
    const { inner, store } = pair();
    const ids = [await made(store, { set: { a: "1", b: "1" } }), await made(store, { set: { a: "1" } })];
    const texts = ids.flatMap((id) => Object.values(inner.load(id)?.fields ?? {}));
    await store.commit({ id: ids[0] as SessionId, expect: "live", set: { a: "1" } });
    texts.push(inner.load(ids[0] as SessionId)?.fields["a"] ?? "");
    expect(new Set(texts).size).toBe(4);
  });
});

describe("a text that was moved or changed is one unreadable field", () => {
  test("moved to another field, to another record, cut, extended, spliced, in the clear, or of another store", async () => {
    const { inner, store } = pair();
    const long = JSON.stringify("é".repeat(50_000));
    const one = await made(store, { set: { a: '"1"', b: '"2"', long, longer: `${long} ` } });
    const two = await made(store, { set: { a: '"3"', long } });
    const raw = (id: SessionId): Readonly<Record<string, string>> => inner.load(id)?.fields ?? {};
    const { a = "", b = "", long: pieces = "", longer = "" } = raw(one);
    const [first = "", second = "", ...rest] = pieces.split(".");
    const flipped = (text: string, at: number): string => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    const wrong: Readonly<Record<string, readonly string[]>> = {
      a: [
        b,
        raw(two)["a"] ?? "",
        a.slice(0, -1),
        `${a}A`,
        flipped(a, 0),
        flipped(a, 30),
        flipped(a, a.length - 2),
        '"1"',
        "",
        ".",
        `${a}.`,
        `${a}.${a}`,
        " ",
        "\u0000",
      ],
      long: [
        raw(two)["long"] ?? "",
        longer,
        first,
        [second, first, ...rest].join("."),
        [first, first, ...rest].join("."),
        pieces.slice(0, pieces.lastIndexOf(".")),
        [first, second, ...longer.split(".").slice(2)].join("."),
        `.${pieces}`,
        long,
      ],
    };
    const good = (await store.load(one))?.fields;
    for (const [name, texts] of Object.entries(wrong)) {
      for (const text of texts) {
        plant(inner, one, { set: { [name]: text } });
        const fields = (await store.load(one))?.fields;
        expect({ ...fields }, `${name} as ${text.slice(0, 60)}`).toEqual({ ...good, [name]: unreadable });
        expect((await store.find({ kind: "main:web" }, { only: [name] })).records.find(({ id }) => id === one)?.fields[name]).toBe(unreadable);
      }
      plant(inner, one, { set: { a, long: pieces } });
      expect({ ...(await store.load(one))?.fields }).toEqual({ ...good });
    }
    expect((await store.load(two))?.fields["a"]).toBe('"3"');
  });

  test("random changes of sealed texts never open as anything, and throw nothing", async () => {
    const { inner, store } = pair();
    const id = await made(store, { set: { a: '"1"' } });
    const sealed = inner.load(id)?.fields["a"] ?? "";
    const changed = fc
      .oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.tuple(fc.nat(sealed.length), fc.nat(8), fc.string({ unit: "binary", maxLength: 12 })))
      .map((edit) => (typeof edit === "string" ? edit : sealed.slice(0, edit[0]) + edit[2] + sealed.slice(edit[0] + edit[1])));
    await fc.assert(
      fc.asyncProperty(changed, async (text) => {
        plant(inner, id, { set: { a: text } });
        expect((await store.load(id))?.fields["a"]).toBe(text === sealed ? '"1"' : unreadable);
      }),
      { numRuns: 500 },
    );
  });

  test("a subject or an alias that was exchanged makes the session unreadable, and nobody else's", async () => {
    const { inner, store } = pair();
    const ana = await made(store, { subject: "main:ana", set: { a: "1" }, claim: ["one"] });
    const ben = await made(store, { subject: "main:ben", set: { a: "1" }, claim: ["two"] });
    const [raw, other] = [inner.load(ana) as SessionRecord, inner.load(ben) as SessionRecord];
    const faults: readonly Partial<Change>[] = [
      { subject: other.subject as string },
      { set: { "$sealed.subject": other.fields["$sealed.subject"] as string } },
      { unset: ["$sealed.subject"] },
      { subject: "main:ana" },
      { release: [raw.aliases[0] as string], claim: ["one"] },
      { unset: [`$sealed.alias.${raw.aliases[0]}`] },
    ];
    for (const fault of faults) {
      plant(inner, ana, fault);
      const record = (await store.load(ana)) as SessionRecord;
      expect({ ...record.fields }, JSON.stringify(fault)).toEqual({ a: unreadable });
      expect(record.subject).not.toBe("main:ben");
      expect(record.subject === "main:ana" && record.aliases.includes("one"), JSON.stringify(fault)).toBe(false);
      inner.commit({ id: ana, expect: "live", subject: raw.subject as string, release: record.aliases, set: raw.fields });
      inner.commit({ id: ana, expect: "live", release: inner.load(ana)?.aliases ?? [], claim: raw.aliases });
      expect(await store.load(ana)).toMatchObject({ subject: "main:ana", aliases: ["one"], fields: { a: "1" } });
    }
    expect(await store.load(ben)).toMatchObject({ subject: "main:ben", aliases: ["two"], fields: { a: "1" } });
  });

  test("an end stays an end, and a session's end is none of another's", async () => {
    const { inner, store } = pair();
    const [one, two] = [await made(store), await made(store)];
    await store.commit({ id: one, expect: "live", ended: ending });
    plant(inner, two, { ended: inner.load(one)?.ended as string });
    expect([(await store.load(one))?.ended, (await store.load(two))?.ended]).toEqual([ending, '{"at":0,"reason":"unreadable"}']);
  });

  test("an unreadable text is never written: copied to another record it is left out", async () => {
    const { store } = pair();
    const id = await made(store, { set: { a: '"1"', b: '"2"' } });
    expect(await store.commit({ id, expect: "live", set: { a: unreadable, b: '"3"' } })).toMatchObject({ ok: true, version: 2 });
    expect({ ...(await store.load(id))?.fields }).toEqual({ a: '"1"', b: '"3"' });
  });

  test("the store's own names cannot be set or taken away", async () => {
    const { store } = pair();
    const id = await made(store, { subject: "s" });
    const refused = { code: "invalid_field", message: expect.stringContaining('"$sealed.') as string };
    for (const change of [{ set: { "$sealed.subject": "x" } }, { unset: ["$sealed.subject"] }]) {
      expect(() => store.commit({ id, expect: "live", ...change })).toThrow(expect.objectContaining(refused) as Error);
    }
    expect(await store.load(id)).toMatchObject({ version: 1, subject: "s" });
  });
});

describe("keys", () => {
  test("are replaced while it runs: the first seals, others open, one that was taken out opens nothing from that moment", async () => {
    const [old, next] = [newKey(), newKey()];
    const inner = memoryStore();
    const ring = keyring([old]);
    const store = encrypted(inner, ring, { names });
    const id = await made(store, { subject: "s", claim: ["a"], set: { x: "1", y: "1" } });
    ring.replace([next, old]);
    expect(await store.load(id)).toMatchObject({ subject: "s", aliases: ["a"], fields: { x: "1", y: "1" } });
    await store.commit({ id, expect: "live", set: { y: "2" }, subject: "s", claim: ["a"] });
    const fresh = await made(store, { subject: "s", set: { x: "3" } });
    // The names stay the same, whichever key seals.
    expect((await store.find({ subject: "s" })).records.map((record) => record.id).toSorted()).toEqual([id, fresh].toSorted());
    expect(await store.commit({ id: newId(), expect: "absent", kind: "k", claim: ["a"] })).toEqual({ ok: false, why: "taken", alias: "a" });
    expect(await store.commit({ id: newId(), expect: "absent", kind: "k", subject: "s", subjectLimit: 2 })).toMatchObject({ why: "full" });
    const kids = (await ring.ids).map((kid) => kid.slice(0, 20));
    const kidOf = (name: string): number =>
      kids.findIndex((kid) =>
        Buffer.from(inner.load(id)?.fields[name] ?? "", "base64url")
          .subarray(1, 17)
          .toString("base64url")
          .startsWith(kid),
      );
    expect(["x", "y", "$sealed.subject"].map(kidOf)).toEqual([1, 0, 0]);
    ring.replace([next]);
    expect(await store.load(id)).toMatchObject({ subject: "s", aliases: ["a"], fields: { x: unreadable, y: "2" } });
    expect(await store.load(fresh)).toMatchObject({ fields: { x: "3" } });
    ring.replace([next, old]);
    expect(await store.load(id)).toMatchObject({ fields: { x: "1", y: "2" } });
  });

  test("of which none opens a record: a session by its subject or alias is found all the same, and is unreadable", async () => {
    const { inner, store } = pair();
    const id = await made(store, { subject: "s", claim: ["a"], set: { x: "1" }, wake: 5 });
    const stranger = encrypted(inner, [newKey()], { names });
    for (const query of [{ subject: "s" }, { alias: "a" }, { kind: "main:web" }, { wakeBefore: 5 }]) {
      const [found] = (await stranger.find(query)).records;
      expect(found, JSON.stringify(query)).toMatchObject({ id, version: 1, wake: 5, fields: { x: unreadable } });
      if ("subject" in query || "alias" in query) expect(found).toMatchObject("subject" in query ? query : { aliases: ["a"] });
    }
    expect(await store.load(id)).toMatchObject({ subject: "s" });
  });

  test("of names, exchanged: what has a subject is unreadable and not somebody else's; what has none is read", async () => {
    const { inner, store } = pair();
    const ids = [await made(store, { subject: "s", set: { x: "1" } }), await made(store, { set: { x: "1" } })] as const;
    const other = encrypted(inner, [key], { names: newKey() });
    expect((await other.find({ subject: "s" })).records).toEqual([]);
    expect([(await other.load(ids[0]))?.fields["x"], (await other.load(ids[1]))?.fields["x"]]).toEqual([unreadable, "1"]);
  });

  test("and settings that cannot be right are refused before anything is written, without a word of the key", () => {
    const inner = memoryStore();
    const faults: readonly (readonly [() => unknown, string])[] = [
      [() => encrypted(inner, [], { names }), "keys has no key"],
      [() => encrypted(inner, [key, key], { names }), "keys[1] is the same key as keys[0]"],
      [() => encrypted(inner, [key], { names: "correct horse battery staple" }), "names is a text that is not 43 characters"],
      [() => encrypted(inner, [key], { names: new Uint8Array(32) }), "names was not drawn at random"],
      [() => encrypted(inner, [key], undefined as never), "names is neither a text nor bytes"],
      [() => encrypted(inner, [key], { names, live: 0 }), "live is 0"],
      [() => encrypted(inner, key as never, { names }), "keys is no keyring"],
    ];
    for (const [act, text] of faults) {
      let thrown: unknown;
      try {
        act();
      } catch (error) {
        thrown = error;
      }
      expect(thrown, text).toBeInstanceOf(SojournError);
      expect(thrown).toMatchObject({ code: "invalid_option", message: expect.stringContaining(text) as string });
      for (const secret of [key, names, "correct horse"]) expect(String(thrown)).not.toContain(secret);
    }
  });
});

describe("a manager on it", () => {
  test("log-ins, limits, mass endings, checkpoints, aliases, wakes and the feed are what they are without it", async () => {
    const clock = fakeClock();
    const { store } = pair();
    const sessions = createSessions<{ cart?: string[] }>({
      store,
      clock,
      idle: "30m",
      absolute: "12h",
      sweep: 1,
      limit: { perSubject: 2, whenFull: "end-oldest" },
    });
    const heard: string[] = [];
    sessions.on("ended", ({ reason, subject }) => heard.push(`${reason} ${subject}`));
    sessions.on("failed", ({ error }) => heard.push(String(error)));
    const first = await sessions.create({ subject: "ana", data: { cart: ["tea"] }, aliases: ["pair"] });
    clock.advance("1m");
    const second = await sessions.create({ subject: "ana" });
    expect((await sessions.reach({ alias: "pair" }))?.get("cart")).toEqual(["tea"]);
    await first.checkpoint("before");
    await first.update("cart", (cart = []) => [...cart, "milk"]);
    expect(first.get("cart")).toEqual(["tea", "milk"]);
    await first.restore("before");
    expect((await sessions.resume(first.token as string))?.get("cart")).toEqual(["tea"]);
    clock.advance("1m");
    await sessions.create({ subject: "ana" });
    expect(await sessions.resume(first.token as string)).toBeUndefined();
    await sessions.endAll({ subject: "ana", except: second.id as string });
    const listed: string[] = [];
    for await (const { id, subject } of sessions.list({ subject: "ana" })) listed.push(`${id} ${subject}`);
    expect(listed).toEqual([`${second.id} ana`]);
    clock.advance("1h");
    await sessions.run();
    await expect.poll(async () => (await sessions.info({ id: second.id as string }))?.ended?.reason).toBe("idle");
    await sessions.close();
    expect(heard).toEqual(["limit ana", "revoked ana", "idle ana"]);
  });

  test("sessions whose key is gone are missing, told of as unreadable, and hold up nobody: not the sweep, not a mass ending, not a log-in", async () => {
    const clock = fakeClock();
    const inner = memoryStore();
    const settings = { clock, idle: "30m", absolute: "12h", sweep: 1, limit: { perSubject: 3, whenFull: "end-oldest" } } as const;
    const old = createSessions<{ a?: number }>({ ...settings, store: encrypted(inner, [newKey()], { names }) });
    const lost: string[] = [];
    for (let i = 0; i < 300; i++) lost.push((await old.create({ subject: `ana${i}`, data: { a: 1 } })).token as string);
    const sessions = createSessions<{ a?: number }>({ ...settings, store: encrypted(inner, [key], { names }) });
    const heard: string[] = [];
    sessions.on("failed", ({ error }) => heard.push(String(error)));
    sessions.on("unreadable", ({ field }) => heard.push(field));
    expect(await sessions.resume(lost[0] as string)).toBeUndefined();
    const mine = await sessions.create({ subject: "ana0", data: { a: 2 } });
    expect((await sessions.resume(mine.token as string))?.get("a")).toBe(2);
    await sessions.endAll({ subject: "ana1" });
    clock.advance("1h");
    await sessions.run();
    await expect.poll(async () => (await sessions.info({ id: mine.id as string }))?.ended?.reason).toBe("idle");
    await sessions.close();
    expect(heard).toEqual(["$secret"]);
    // The floor of the mass ending was raised under a key that knows nothing of theirs, and counts for them.
    expect(await old.resume(lost[1] as string)).toBeUndefined();
    await old.close();
  });

  test("a floor holds though the key is gone that sealed when it was raised", async () => {
    const clock = fakeClock();
    const ring = keyring([key]);
    const store = encrypted(memoryStore(), ring, { names });
    const { token = "" } = await createSessions({ store, clock, kind: "api" }).create({ subject: "ana" });
    clock.advance("1m");
    ring.replace([newKey(), key]);
    // Of everyone it ends the sessions of its own kind itself; those of others lie below the floor.
    await createSessions({ store, clock, kind: "web" }).endAll({ everyone: true });
    ring.replace([key]);
    clock.advance("1m");
    const sessions = createSessions({ store, clock, kind: "api" });
    expect(await sessions.resume(token)).toBeUndefined();
    expect((await sessions.create({ subject: "ana" })).exists).toBe(true);
  });

  test("a checkpoint that cannot be read is an error, and takes nothing away", async () => {
    const inner = memoryStore();
    const ring = keyring([key]);
    const sessions = createSessions<{ a?: number }>({ store: encrypted(inner, ring, { names }) });
    const session = await sessions.create({ subject: "ana", data: { a: 1 } });
    await session.checkpoint("one");
    const other = newKey();
    ring.replace([other, key]);
    const later = await sessions.create({ subject: "ana", data: { a: 2 } });
    ring.replace([other]);
    await expect(later.restore("one")).rejects.toMatchObject({ code: "record_unreadable" });
    expect((await sessions.resume(later.token as string))?.get("a")).toBe(2);
    await sessions.close();
  });
});

test("load gives the same object until the record changes; what it remembers is forgotten with an erased record", async () => {
  const { inner, store } = pair();
  const id = await made(store, { set: { a: "1" } });
  const record = await store.load(id);
  expect(await store.load(id)).toBe(record);
  await store.commit({ id, expect: "live", set: { b: "1" } });
  expect(await store.load(id)).not.toBe(record);
  expect((await store.find({ kind: "main:web" })).records[0]).toEqual(await store.load(id));
  // A change past this wrapper, as by another process.
  await encrypted(inner, [key], { names }).commit({ id, expect: "live", set: { a: "2" }, unset: ["b"] });
  expect({ ...(await store.load(id))?.fields }).toEqual({ a: "2" });
  await store.commit({ id, expect: "live", erase: true });
  expect(await store.load(id)).toBeUndefined();
});

test("powers are those of the inner store", async () => {
  const { store } = pair();
  expect(["watch", "count", "now", "scrub"].filter((power) => power in store)).toEqual(["watch", "count"]);
  await made(store);
  expect(store.count({ kind: "main:web" })).toBe(1);
  const clocked = encrypted({ ...memoryStore(), now: () => 7, scrub: () => Promise.reject(new Error("not now")) }, [key], { names });
  expect([clocked.now(), "scrub" in clocked]).toEqual([7, true]);
});
