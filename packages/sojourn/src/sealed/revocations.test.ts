import { afterEach, describe, expect, test } from "vitest";
import { callsOf } from "../core/calls.ts";
import { floorsOf } from "../core/floors.ts";
import { namesOf } from "../core/names.ts";
import type { Change, SessionId, Store, WatchableStore } from "../core/seam.ts";
import { createSessions } from "../core/sessions.ts";
import { settingsOf } from "../core/settings.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { failingStore } from "../testing/failing-store.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { newId } from "../testing/new-id.ts";
import { entryOf, nodeOn, until } from "./revocations.fixture.ts";
import type { Revocations } from "./revocations.ts";

const nodes: Revocations[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

async function following(...args: Parameters<typeof nodeOn>): Promise<Revocations> {
  const node = nodeOn(...args);
  nodes.push(node);
  await node.follow();
  return node;
}

const start = fakeClock().now();
const hour = 3_600_000;
const later = { reason: "closed", until: start + hour };

const stores: Readonly<Record<string, () => Store & WatchableStore>> = {
  "memory store": () => memoryStore(),
  "memory store with delayed answers": () => delayed(memoryStore()),
};

for (const [name, open] of Object.entries(stores)) {
  describe(`on a ${name}`, () => {
    test("what is ended on one node is refused there at once, and on others when they have heard of it", async () => {
      const store = open();
      const [a, b] = [await following(store), await following(store)];
      const [id, other] = [newId(), newId()];
      expect(a.refused(id, 1, undefined, start, start)).toBeUndefined();
      expect(await a.end(id, later)).toBe(true);
      expect(a.refused(id, 1, undefined, start, start)).toBe("ended");
      await until("the end is heard", () => b.refused(id, 1, "main:u", start, start) === "ended");
      expect(b.refused(other, 1, undefined, start, start)).toBeUndefined();
      for (const node of [a, b]) expect(await node.end(id, later)).toBe(false);
    });

    test("what was written before a node began is known when follow resolves", async () => {
      const store = open();
      const before = nodeOn(store);
      const ids = Array.from({ length: 1_200 }, newId);
      for (const id of ids) await before.end(id, later);
      const [replaced, scoped, floored] = [newId(), newId(), newId()];
      await before.replace(replaced, 2, start, start + hour);
      await before.end(scoped, { ...later, subject: "main:u" });
      await before.floors.raise("main:x", start + 1, []);
      const node = await following(store);
      expect(node.heard).toBe(true);
      expect(node.usable).toBe(true);
      for (const id of ids) expect(node.refused(id, 1, undefined, start, start)).toBe("ended");
      expect(node.refused(replaced, 1, undefined, start, start)).toBe("replaced");
      expect(node.refused(scoped, 1, "main:u", start, start)).toBe("ended");
      expect(node.refused(floored, 1, "main:x", start, start)).toBe("ended");
    });

    test("an end for one subject counts for nobody else, and is in nobody's way", async () => {
      const store = open();
      const [a, b] = [await following(store), await following(store)];
      const id = newId();
      // The session is alice's; mallory knows its id, which is no secret.
      expect(await a.end(id, { ...later, subject: "main:mallory" })).toBe(true);
      expect(await b.end(id, { ...later, subject: "main:mallory" })).toBe(false);
      await until("it is heard", () => b.refused(id, 1, "main:mallory", start, start) === "ended");
      for (const node of [a, b]) {
        expect(node.refused(id, 1, "main:alice", start, start)).toBeUndefined();
        expect(node.refused(id, 1, undefined, start, start)).toBeUndefined();
      }
      expect(await b.replace(id, 2, start, start + hour)).toBe(true);
      expect(await b.end(id, { ...later, subject: "main:alice" })).toBe(true);
      expect(b.refused(id, 2, "main:alice", start, start)).toBe("ended");
      expect(b.refused(id, 2, "main:bob", start, start)).toBeUndefined();
      expect(await a.end(id, later)).toBe(true);
      await until("it is heard", () => b.refused(id, 2, "main:bob", start, start) === "ended");
      expect(await a.end(id, { ...later, subject: "main:alice" })).toBe(false);
    });

    test("of 100 log-ins at the same moment one wins, on whatever node", async () => {
      const store = open();
      const all = [await following(store), await following(store), nodeOn(store)];
      const id = newId();
      for (let generation = 2; generation < 5; generation++) {
        const won = await Promise.all(Array.from({ length: 100 }, (_, i) => all[i % 3]?.replace(id, generation, start, start + hour)));
        expect(won.filter(Boolean)).toHaveLength(1);
        await until("it is heard", () => all.slice(0, 2).every((node) => node.refused(id, generation - 1, undefined, start, start) === "replaced"));
        expect(all[0]?.refused(id, generation, undefined, start, start)).toBeUndefined();
      }
    });

    test("of several generations at the same moment each has one winner at most, and the highest stands", async () => {
      const store = open();
      const all = [await following(store), await following(store)];
      const id = newId();
      const given = Array.from({ length: 100 }, (_, i) => 2 + ((i * 7) % 10));
      const won = await Promise.all(given.map(async (generation, i) => ((await all[i % 2]?.replace(id, generation, start, start + hour)) ? generation : 0)));
      const winners = won.filter(Boolean);
      expect(new Set(winners).size).toBe(winners.length);
      expect(winners).toContain(11);
      await until("it is heard", () => all.every((node) => node.refused(id, 10, undefined, start, start) === "replaced"));
      expect(all[1]?.refused(id, 11, undefined, start, start)).toBeUndefined();
    });

    test("a session that has ended is not replaced, and one that is replaced at the same moment ends all the same", async () => {
      const store = open();
      const [a, b] = [await following(store), await following(store)];
      for (let i = 0; i < 30; i++) {
        const id = newId();
        const [ended] = await Promise.all([a.end(id, later), b.replace(id, 2, start, start + hour)]);
        expect(ended).toBe(true);
        await until("it is heard", () => b.refused(id, 2, undefined, start, start) === "ended");
        expect(await b.replace(id, 3, start, start + hour)).toBe(false);
        expect(await nodeOn(store).replace(id, 3, start, start + hour)).toBe(false);
      }
    });

    test("a floor raised on one node is seen by the others without a store call", async () => {
      const store = open();
      let calls = 0;
      const counted = failingStore(store, ({ verb }) => void (calls += verb === "load" || verb === "find" ? 1 : 0));
      const [a, b] = [await following(store), await following(counted)];
      const [id, spared] = [newId(), newId()];
      const entry = entryOf(id, "main:u", start);
      expect(await b.floors.below(entry, start)).toBe(false);
      await a.floors.raise("main:u", start + 10, [spared]);
      expect(await a.floors.below(entry, start)).toBe(true);
      await until("it is heard", () => b.floors.belowKnown(entry));
      calls = 0;
      expect(await b.floors.below(entry, start)).toBe(true);
      expect(await b.floors.below(entryOf(spared, "main:u", start), start)).toBe(false);
      expect(await b.floors.below(entryOf(id, "main:u", start + 10), start)).toBe(false);
      expect(await b.floors.below(entryOf(id, "main:v", start), start)).toBe(false);
      expect(await b.floors.below(entryOf(id, undefined, start), start)).toBe(false);
      expect(b.refused(id, 1, "main:u", start, start)).toBe("ended");
      expect(b.refused(id, 1, "main:u", start + 10, start)).toBeUndefined();
      expect(b.refused(spared, 1, "main:u", start, start)).toBeUndefined();
      expect(calls).toBe(0);
      await a.floors.raise(undefined, start + 20, []);
      await until("it is heard", () => b.refused(id, 1, undefined, start + 19, start) === "ended");
      expect(b.refused(id, 1, undefined, start + 20, start)).toBeUndefined();
    });

    test("a log-in asks the store for floors, and so sees one that no feed has told of yet", async () => {
      const store = open();
      const [a, b] = [nodeOn(store), nodeOn(store)];
      const entry = entryOf(newId(), "main:u", start);
      await a.floors.raise("main:u", start + 1, []);
      expect(await b.floors.below(entry, start)).toBe(false);
      expect(await b.floors.below(entry, start, true)).toBe(true);
      // What was read once is known.
      expect(await b.floors.below(entry, start)).toBe(true);
    });
  });
}

describe("floors are core's", () => {
  const setUp = (): { store: ReturnType<typeof memoryStore>; core: ReturnType<typeof floorsOf> } => {
    const store = memoryStore();
    const clock = fakeClock();
    const calls = callsOf(store, { deadline: 1_000, breaker: undefined }, () => undefined);
    return { store, core: floorsOf(calls, namesOf("main"), settingsOf({ store, clock }, clock)) };
  };

  test("what a manager with server-side sessions raised is seen here", async () => {
    const { store } = setUp();
    const node = await following(store);
    const clock = fakeClock(start + 500);
    const sessions = createSessions({ store, clock });
    const spared = newId();
    await sessions.endAll({ subject: "u", except: spared });
    await until("it is heard", () => node.refused(newId(), 1, "main:u", start, start) === "ended");
    expect(node.refused(spared, 1, "main:u", start, start)).toBeUndefined();
    expect(node.refused(newId(), 1, "main:u", start + 500, start)).toBeUndefined();
    expect(node.refused(newId(), 1, "main:v", start, start)).toBeUndefined();
    await sessions.endAll({ everyone: true });
    await until("it is heard", () => node.refused(newId(), 1, "main:v", start, start) === "ended");
  });

  test("and the other way round", async () => {
    const { store, core } = setUp();
    await nodeOn(store).floors.raise("main:u", start + 1, []);
    expect(await core.below(entryOf(newId(), "main:u", start), start)).toBe(true);
    expect(await core.below(entryOf(newId(), "main:v", start), start)).toBe(false);
  });

  test("an older floor that comes late takes nothing back", async () => {
    const { store } = setUp();
    const node = await following(store);
    const id = newId();
    await node.floors.raise("main:u", start + 10, []);
    await node.floors.raise("main:u", start + 5, [id]);
    expect(node.refused(newId(), 1, "main:u", start + 7, start)).toBe("ended");
  });
});

describe("a moment", () => {
  test("from which tokens are replaced may lie ahead, and 0 is at once whatever the clock says", async () => {
    const node = await following(memoryStore());
    const [id, other] = [newId(), newId()];
    await node.replace(id, 2, start + 30_000, start + hour);
    expect(node.refused(id, 1, undefined, start, start + 29_999)).toBeUndefined();
    expect(node.refused(id, 1, undefined, start, start + 30_000)).toBe("replaced");
    expect(node.refused(id, 2, undefined, start, start + 30_000)).toBeUndefined();
    await node.replace(other, 2, 0, start + hour);
    expect(node.refused(other, 1, undefined, start, start - 300_000)).toBe("replaced");
  });

  test("until which a session is refused is the latest that anybody named, on every node", async () => {
    const store = memoryStore();
    const [a, b] = [await following(store), await following(store)];
    const [id, replaced, scoped] = [newId(), newId(), newId()];
    expect(await a.end(id, { reason: "closed", until: start + 10 })).toBe(true);
    expect(await b.end(id, { reason: "closed", until: start + 50 })).toBe(false);
    expect(await b.replace(replaced, 2, start, start + 50)).toBe(true);
    expect(await a.end(replaced, { reason: "closed", until: start + 10 })).toBe(true);
    expect(await a.end(scoped, { reason: "closed", subject: "main:u", until: start + 10 })).toBe(true);
    expect(await b.end(scoped, { reason: "closed", subject: "main:u", until: start + 50 })).toBe(false);
    const late = await following(store);
    await until("it is heard", () => a.refused(id, 1, undefined, start, start + 50) === "ended");
    for (const [at, why] of [
      [start + 50, "ended"],
      [start + 51, undefined],
    ] as const) {
      for (const node of [a, b, late]) for (const one of [id, replaced, scoped]) expect(node.refused(one, 1, "main:u", start, at)).toBe(why);
    }
  });
});

describe("tenants", () => {
  test("of one store hear nothing of each other, and are not in each other's way", async () => {
    const store = memoryStore();
    const [ours, theirs] = [await following(store), await following(store, { tenant: "other" })];
    const id = newId();
    expect(await theirs.end(id, later)).toBe(true);
    expect(await theirs.replace(newId(), 9, 0, start + hour)).toBe(true);
    await theirs.floors.raise(undefined, start + hour, []);
    const late = await following(store);
    for (const node of [ours, late]) expect(node.refused(id, 1, undefined, start, start)).toBeUndefined();
    expect(await ours.replace(id, 2, start, start + hour)).toBe(true);
    expect(await ours.end(id, later)).toBe(true);
    expect(ours.refused(id, 2, undefined, start, start)).toBe("ended");
  });
});

describe("what is no id", () => {
  test.each(["", "x", `${newId()}:`, `${newId()}:abc`, `${newId().slice(1)}:`, `../${newId()}`, newId().toUpperCase()])("%s is never written", async (id) => {
    const store = memoryStore();
    expect(await nodeOn(store).end(id as SessionId, later)).toBe(false);
    expect(store.usage().records).toBe(0);
  });
});

describe("a record that cannot be read", () => {
  const ending = '{"at":1,"reason":"closed"}';
  const id = newId();
  const record = (more: Partial<Change>): Change => ({
    id: `revoked:main:${id}` as SessionId,
    expect: "absent",
    kind: "main:$revoked",
    wake: start + hour,
    ...more,
  });
  test.each([
    ["a text that is no list", record({ set: { $cuts: "{" } })],
    ["no field at all", record({})],
    ["generations that fall", record({ set: { $cuts: "[[3,1],[2,1]]" } })],
    ["an end for nobody", record({ id: `revoked:main:${id}:abc` as SessionId, set: { $ended: ending } })],
  ])("ends its session, and disturbs no other: %s", async (_, change) => {
    const store = memoryStore();
    store.commit(change);
    const a = await following(store);
    expect(a.refused(id, 100, undefined, start, start)).toBe("ended");
    expect(a.refused(newId(), 1, undefined, start, start)).toBeUndefined();
    expect(await a.replace(id, 101, start, start + hour)).toBe(false);
    expect(await nodeOn(store).end(id, later)).toBe(true);
  });

  test("is nobody's business when it is of another kind or has another name", async () => {
    const store = memoryStore();
    const told = await following(store);
    store.commit(record({ kind: "main:web", set: { $ended: ending } }));
    store.commit(record({ id: `revoked:other:${id}` as SessionId, set: { $ended: ending } }));
    store.commit({ id: "floor:x" as SessionId, expect: "absent", kind: "main:$floor", set: { $at: "NaN", $except: "[" } });
    const last = newId();
    await nodeOn(store).end(last, later);
    await until("all is told", () => told.refused(last, 1, undefined, start, start) === "ended");
    for (const node of [told, await following(store)]) expect(node.refused(id, 1, "main:u", 0, start)).toBeUndefined();
  });
});

describe("a store", () => {
  test("that cannot be watched is refused, with what to give instead", () => {
    const { watch: _, ...store } = memoryStore();
    expect(() => nodeOn(store as never)).toThrow(expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("lmdbStore") as string }));
  });
  test.each([[{ silence: 0 }], [{ silence: NaN }], [{ silence: Infinity }], [{ unheard: "maybe" }]])("a setting that is wrong is named: %o", (settings) => {
    const [name = ""] = Object.keys(settings);
    expect(() => nodeOn(memoryStore(), settings as never)).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(name) as string }),
    );
  });
  test("that is full says so, and nothing counts as ended", async () => {
    const store = memoryStore({ budget: 1024 * 1024 });
    for (let i = 0; store.commit({ id: newId(), expect: "absent", kind: "main:web", set: { x: "y".repeat(2_000) } }).ok; i++)
      if (i > 10_000) throw new Error("never full");
    const node = nodeOn(store);
    const ids: SessionId[] = [];
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 10_000; i++) {
        ids.push(newId());
        await node.end(ids.at(-1) as SessionId, { ...later, by: "z".repeat(400) });
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: "store_full" });
    expect(node.refused(ids.at(-1) as SessionId, 1, undefined, start, start)).toBeUndefined();
  });
});

test("asking whether a token is refused calls no store", async () => {
  let calls = 0;
  const node = await following(failingStore(memoryStore(), () => void calls++));
  const [id, other] = [newId(), newId()];
  await node.end(id, later);
  await node.replace(other, 2, 0, start + hour);
  await until("all is quiet", () => node.heard);
  calls = 0;
  for (let i = 0; i < 1_000; i++) {
    node.refused(id, 1, "main:u", start, start);
    node.refused(other, 1, "main:u", start, start);
    node.refused(newId(), 1, "main:u", start, start);
  }
  expect(calls).toBe(0);
});

test("a script that follows and ends, ends: no timer holds it", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((what) => what === "Timeout").length;
  const before = timers();
  await following(delayed(memoryStore()));
  expect(timers()).toBeLessThanOrEqual(before);
});

test("follow may be called again and again: it watches once, and stop ends it", async () => {
  const store = memoryStore();
  let watches = 0;
  const node = await following(failingStore(store, ({ verb }) => void (watches += verb === "watch" ? 1 : 0)));
  await Promise.all([node.follow(), node.follow()]);
  expect(watches).toBe(1);
  await node.stop();
  expect(node.heard).toBe(false);
  const id = newId();
  await nodeOn(store).end(id, later);
  expect(node.refused(id, 1, undefined, start, start)).toBeUndefined();
  await node.follow();
  expect(node.heard).toBe(true);
  expect(node.refused(id, 1, undefined, start, start)).toBe("ended");
});
