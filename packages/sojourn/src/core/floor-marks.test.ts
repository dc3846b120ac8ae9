import { describe, expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { fakeClock, type FakeClock } from "../testing/fake-clock.ts";
import type { Store } from "./seam.ts";
import { createSessions } from "./sessions.ts";

/** A store that counts loads, and lists nothing: what a mass ending does not find it can only end by its floor. */
function blind(store: Store): Store & { readonly loads: { sessions: number; floors: number; marks: number } } {
  const loads = { sessions: 0, floors: 0, marks: 0 };
  return {
    ...store,
    loads,
    load(id, options) {
      loads[id.startsWith("floor:") ? "floors" : id.startsWith("marks:") ? "marks" : "sessions"]++;
      return store.load(id, options);
    },
    find: () => ({ records: [] }),
  };
}

interface House {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly seen: ReturnType<typeof blind>;
  readonly here: ReturnType<typeof createSessions>;
  readonly there: ReturnType<typeof createSessions>;
}

function house(wrap: (store: Store) => Store = (store) => store): House {
  const clock = fakeClock();
  const store = wrap(memoryStore());
  const seen = blind(store);
  return { clock, store, seen, here: createSessions({ store: seen, clock }), there: createSessions({ store: blind(store), clock }) };
}

describe("what a visit asks about floors", () => {
  test("is one load for everybody, as often as floorLag says, while none was raised", async () => {
    const { clock, seen, here, there } = house();
    const tokens = await Promise.all(Array.from({ length: 40 }, async (_, i) => (await there.create({ subject: `u${i}` })).token));
    for (let second = 0; second < 5; second++) {
      for (const token of tokens) await here.visit({ token });
      clock.advance("1s");
    }
    expect(seen.loads).toEqual({ sessions: 40 * 5, floors: 0, marks: 5 });
  });

  test("is one load for all who come together", async () => {
    const { seen, here, there } = house(delayed);
    const tokens = await Promise.all(Array.from({ length: 40 }, async (_, i) => (await there.create({ subject: `u${i}` })).token));
    await Promise.all(tokens.map((token) => here.visit({ token })));
    expect(seen.loads).toMatchObject({ floors: 0, marks: 1 });
  });

  test("is the floor itself, once, after one of its slot was raised; a log-in of much later need not look", async () => {
    const { clock, seen, here, there } = house();
    const { token } = await there.create({ subject: "ada" });
    clock.advance("1s");
    // So many subjects that every slot has one.
    for (let i = 0; i < 1_000; i++) await there.endAll({ subject: `u${i}` });
    for (let second = 0; second < 5; second++) {
      clock.advance("2s");
      expect((await here.visit({ token })).subject).toBe("ada");
    }
    // The tenant's and the subject's.
    expect(seen.loads.floors).toBe(2);
    clock.advance("2h");
    const late = (await there.create({ subject: "ada" })).token;
    clock.advance("2s");
    expect((await here.visit({ token: late })).subject).toBe("ada");
    expect(seen.loads.floors).toBe(2);
  });
});

describe.each([
  ["at once", (store: Store) => store],
  ["later", delayed<Store>],
])("a store that answers %s", (_, wrap) => {
  test("a subject's floor raised again and again by several processes is seen by another after each time", async () => {
    const { clock, store, here, there } = house(wrap);
    const third = createSessions({ store: blind(store), clock });
    for (let round = 0; round < 5; round++) {
      const { token } = await there.create({ subject: "ada" });
      clock.advance("2s");
      expect((await here.visit({ token })).subject).toBe("ada");
      clock.advance(1);
      await Promise.all([there.endAll({ subject: "ada" }), third.endAll({ subject: "ada" })]);
      clock.advance("1s");
      expect((await here.visit({ token })).refusal).toBe("ended");
    }
  });

  test("the floors of many subjects, raised at once by two processes, are all seen", async () => {
    const { clock, store, here, there } = house(wrap);
    const third = createSessions({ store: blind(store), clock });
    const subjects = Array.from({ length: 200 }, (__, i) => `u${i}`);
    const tokens = await Promise.all(subjects.map(async (subject) => (await there.create({ subject })).token));
    await Promise.all(tokens.map((token) => here.visit({ token })));
    clock.advance(1);
    await Promise.all(subjects.map((subject, i) => (i % 2 === 0 ? there : third).endAll({ subject })));
    clock.advance("1s");
    const refusals = await Promise.all(tokens.map(async (token) => (await here.visit({ token })).refusal));
    expect(refusals).toEqual(subjects.map(() => "ended"));
  });

  test("who ends everyone is seen by another, and by the one who did it at once", async () => {
    const { clock, here, there } = house(wrap);
    const { token } = await there.create({});
    expect((await here.visit({ token })).exists).toBe(true);
    clock.advance(1);
    await here.endAll({ everyone: true });
    expect((await here.visit({ token })).refusal).toBe("ended");
    clock.advance("1s");
    expect((await there.visit({ token })).refusal).toBe("ended");
  });

  test("marks of before a floor's end stay: the sweep takes the floor and leaves the marks", async () => {
    const { clock, store, there } = house(wrap);
    await there.endAll({ subject: "ada" });
    const sweeper = createSessions({ store, clock });
    clock.advance("401d");
    const ids = async (): Promise<string[]> => (await store.find({ kind: "main:$floor" })).records.map(({ id }) => id.replace(/:.*/, ""));
    expect((await ids()).toSorted()).toEqual(["floor", "marks"]);
    await sweeper.run();
    await expect.poll(ids).toEqual(["marks"]);
    await sweeper.close();
  });
});
