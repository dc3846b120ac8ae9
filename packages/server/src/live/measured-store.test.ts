import { createSessions, SojournError, type CountableStore, type Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { delayed } from "sojourn/testing";
import { expect, test } from "vitest";
import { measuredStore } from "./measured-store.ts";

test.each([
  ["at once", (store: Store) => store],
  ["later", delayed<Store>],
])("a store that answers %s is as it was, and its calls are counted", async (_, wrap) => {
  const measured = measuredStore(wrap(memoryStore()));
  const sessions = createSessions({ store: measured.store });
  const { id, token } = await sessions.create({ data: { a: 1 } });
  expect((await sessions.resume(token ?? ""))?.get("a")).toBe(1);
  expect((await sessions.page({ kind: "web" })).sessions).toHaveLength(1);
  const { reads, writes } = measured.read();
  expect(reads.count).toBeGreaterThanOrEqual(2);
  expect(writes.count).toBe(1);
  expect(reads.p50).toBeGreaterThan(0);
  expect(writes.p99).toBeGreaterThanOrEqual(writes.p50);
  expect(await sessions.count({ kind: "web" })).toBe(1);
  const told = sessions.feed()[Symbol.asyncIterator]();
  const next = told.next();
  await new Promise((resolve) => setTimeout(resolve, 10));
  await sessions.end({ id: String(id) });
  expect((await next).value).toMatchObject({ type: "ended", id });
  await told.return?.(undefined);
});

test("powers that are not there stay away; those that are come through, values too", async () => {
  const { load, commit, find, close } = memoryStore();
  const plain = measuredStore({ load, commit, find, close }).store;
  for (const power of ["watch", "now", "lag", "count", "scrub"]) expect(power in plain).toBe(false);
  const able = Object.assign(memoryStore(), { lag: 7, now: () => 5, scrub: () => Promise.resolve("scrubbed") });
  const { store } = measuredStore(able);
  for (const power of ["watch", "now", "lag", "count", "scrub"]) expect(power in store).toBe(true);
  expect((store as unknown as typeof able).lag).toBe(7);
  expect(await (store as unknown as CountableStore).count({ kind: "x" })).toBe(0);
});

test("calls that fail are counted too, at once or later", async () => {
  const gone = new SojournError("store_unavailable", "gone");
  const { find, close } = memoryStore();
  const fails = (): never => {
    throw gone;
  };
  const { store, read } = measuredStore({ find, close, load: fails, commit: () => Promise.reject(gone) });
  expect(() => store.load("x" as never)).toThrow(gone);
  await expect(store.commit({ id: "x" as never, expect: "live" })).rejects.toBe(gone);
  await new Promise(setImmediate);
  expect([read().reads.count, read().writes.count]).toEqual([1, 1]);
});
