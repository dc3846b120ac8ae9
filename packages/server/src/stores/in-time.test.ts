import { SojournError, type SessionId, type Store } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { expect, test } from "vitest";
import { storeInTime } from "./in-time.ts";

const id = "0".repeat(26) as SessionId;
const never = new Promise<never>(() => undefined);
const silent: Store = { load: () => never, commit: () => never, find: () => never, close: () => undefined };

test("a store that does not answer is given up: a read is unavailable, of a write nobody knows", async () => {
  const store = storeInTime(silent, 20);
  await expect(store.load(id)).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(store.find({ kind: "x" })).rejects.toMatchObject({ code: "store_unavailable" });
  await expect(store.commit({ id, expect: "live" })).rejects.toMatchObject({ code: "outcome_unknown" });
});

test("an answer comes as it is, at once or later, and so does an error; a deadline goes along", async () => {
  const memory = memoryStore();
  expect(storeInTime(memory, 20).load(id)).toBeUndefined();
  const deadlines: (number | undefined)[] = [];
  const later: Store = {
    ...memory,
    load: async (of, options) => (deadlines.push(options?.deadline), memory.load(of)),
    commit: () => Promise.reject(new SojournError("store_unavailable", "no")),
  };
  const store = storeInTime(later, 60_000);
  expect(await store.load(id)).toBeUndefined();
  expect(deadlines[0]).toBeGreaterThan(Date.now());
  await expect(store.commit({ id, expect: "live" })).rejects.toMatchObject({ message: "no" });
});
