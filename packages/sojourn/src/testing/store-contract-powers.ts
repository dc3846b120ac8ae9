import { deepEqual, equal, ok } from "node:assert/strict";
import type { CountableStore, Cursor, SessionId, Store, StoreEvent, WatchableStore } from "../core/seam.ts";
import { scene, until, type Scene, type StoreCheck } from "./store-harness.ts";

const ended = '{"at":1,"reason":"closed"}';

/** Powers beyond the four verbs, tested where the store has them. */
export const powerPromises: Readonly<Record<string, StoreCheck>> = {
  "watch: tells of every commit, per session in order, with its version and whether it ended": scene(async (s) => {
    const { a, b, create } = s;
    if (!watchable(b)) return "this store cannot be watched";
    const heard: (StoreEvent | "gap")[] = [];
    const stop = await b.watch((event) => heard.push(event));
    const ids = [await create(), await create()] as const;
    for (const id of ids) {
      await a.commit({ id, expect: "live", set: { x: "1" } });
      await b.commit({ id, expect: 99, set: { x: "2" } });
      await a.commit({ id, expect: "live", ended });
      await b.commit({ id, expect: 3, wake: 9e12 });
      await a.commit({ id, expect: 4, erase: true });
    }
    const of = (id: SessionId): (string | number | boolean)[][] =>
      heard.flatMap((event) => (event !== "gap" && event.id === id ? [[event.version, event.ended]] : []));
    const told = [
      [1, false],
      [2, false],
      [3, true],
      [4, true],
      [4, true],
    ];
    await until("five events of each session", () => ids.every((id) => of(id).length >= 5));
    for (const id of ids) deepEqual(of(id), told);
    await stop();
    const silent = heard.length;
    await a.commit({ id: await create(), expect: "live", set: { x: "1" } });
    await settled(s);
    equal(heard.length, silent, "it went on after it was stopped");
  }),

  "watch: replays after a cursor what came since, and goes on from there": scene(async (s) => {
    const { a, b, create } = s;
    if (!watchable(a) || !watchable(b)) return "this store cannot be watched";
    const first: StoreEvent[] = [];
    const stop = await a.watch((event) => event !== "gap" && first.push(event));
    const id = await create();
    for (let i = 0; i < 5; i++) await a.commit({ id, expect: "live", set: { x: String(i) } });
    const mine = (events: (StoreEvent | "gap")[]): number[] => events.flatMap((event) => (event !== "gap" && event.id === id ? [event.version] : []));
    await until("six events", () => mine(first).length >= 6);
    await stop();
    const third = first.find((event) => event.id === id && event.version === 3)!;
    const replayed: (StoreEvent | "gap")[] = [];
    const stopReplay = await b.watch((event) => replayed.push(event), { after: third.cursor });
    await a.commit({ id, expect: "live", set: { x: "last" } });
    await until("four events", () => mine(replayed).length >= 4);
    await stopReplay();
    deepEqual(mine(replayed), [4, 5, 6, 7]);
    ok(!replayed.includes("gap"), "nothing was missed");
  }),

  "watch: begins with gap after a cursor that the store does not know": scene(async (s) => {
    const { a, b, create } = s;
    if (!watchable(b)) return "this store cannot be watched";
    const heard: (StoreEvent | "gap")[] = [];
    const stop = await b.watch((event) => heard.push(event), { after: "of-no-store" as Cursor });
    const id = await create();
    await a.commit({ id, expect: "live", set: { x: "1" } });
    await until("an event after the gap", () => heard.some((event) => event !== "gap" && event.id === id && event.version === 2));
    await stop();
    equal(heard[0], "gap");
  }),

  "count: is the number of a kind's records that have not ended": scene(async ({ a, b, kind, name, create }) => {
    if (!countable(b)) return "this store cannot count";
    const counts = async (n: number): Promise<void> => until(`a count of ${n}`, async () => (await b.count({ kind })) === n);
    equal(await b.count({ kind: name("never") }), 0);
    const [one, two] = [await create(), await create(), await create(), await create({ kind: name("other") })];
    await counts(3);
    await a.commit({ id: one, expect: "live", ended });
    await counts(2);
    await a.commit({ id: one, expect: 2, erase: true });
    await a.commit({ id: two, expect: "live", erase: true });
    await counts(1);
  }),
};

function watchable(store: Store): store is Store & WatchableStore {
  return "watch" in store;
}

function countable(store: Store): store is Store & CountableStore {
  return "count" in store;
}

/** A second watcher that hears of a later commit shows that the first one would have, too. */
async function settled({ a, b, create }: Scene): Promise<void> {
  if (!watchable(b)) return;
  let heard = false;
  const id = await create();
  const stop = await b.watch((event) => {
    if (event !== "gap" && event.id === id) heard = true;
  });
  await a.commit({ id, expect: "live", set: { y: "1" } });
  await until("a later event", () => heard);
  await stop();
}
