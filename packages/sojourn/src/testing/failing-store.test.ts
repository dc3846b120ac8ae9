import { describe, expect, test } from "vitest";
import type { Store } from "../core/seam.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "./delayed.ts";
import { failingStore, type Fault, type StoreCall } from "./failing-store.ts";
import { newId } from "./new-id.ts";
import { storeContract } from "./store-contract.ts";

describe("without a fault it is the store", () => {
  const stores = { "as given": failingStore(memoryStore(), () => undefined), delayed: failingStore(delayed(memoryStore()), () => undefined) };
  for (const [as, store] of Object.entries(stores)) {
    test.each(Object.entries(storeContract))(`${as}: %s`, async (_, check) => {
      expect(await check({ open: () => store })).toBeUndefined();
    });
  }
  test("an answer that comes at once comes at once", () => {
    expect(failingStore(memoryStore(), () => undefined).load(newId())).toBeUndefined();
  });
});

/** What became of a creation, and whether it is there. */
async function creation(fault: Fault): Promise<[outcome: unknown, landed: boolean, later: boolean]> {
  const truth = memoryStore();
  const store: Store = failingStore(truth, () => fault);
  const id = newId();
  const waited = new Promise((resolve) => setTimeout(resolve, 20, "no answer"));
  const outcome = await Promise.race([(async () => store.commit({ id, expect: "absent", kind: "k" }))(), waited]).then(
    (value) => (typeof value === "object" ? "ok" : value),
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
  const landed = truth.load(id) !== undefined;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return [outcome, landed, truth.load(id) !== undefined];
}

test.each<[Fault, unknown, boolean, boolean]>([
  [{ fault: "before" }, "store_unavailable", false, false],
  [{ fault: "after" }, "Error: The connection broke before the answer came.", true, true],
  [{ fault: "hang" }, "no answer", false, false],
  [{ fault: "hang-then-land", ms: 60 }, "no answer", false, true],
  [{ fault: "slow", ms: 1 }, "ok", true, true],
  [{ fault: "throw", error: new RangeError("of a driver") }, "RangeError: of a driver", false, false],
])("%j", async (fault, ...expected) => {
  expect(await creation(fault)).toEqual(expected);
});

test("the plan sees each call in its order, and a lost creation that is tried again exists", async () => {
  const calls: StoreCall[] = [];
  const store = failingStore(memoryStore(), (call) => (calls.push(call), call.n === 0 ? { fault: "after" } : undefined));
  const change = { id: newId(), expect: "absent", kind: "k" } as const;
  await expect((async () => store.commit(change))()).rejects.toThrow("before the answer came");
  expect(store.commit(change)).toEqual({ ok: false, why: "exists" });
  store.load(change.id);
  store.find({ kind: "k" });
  store.count({ kind: "k" });
  store.watch(() => undefined)();
  store.close();
  expect(calls.map(({ n, verb }) => [n, verb])).toEqual(["commit", "commit", "load", "find", "count", "watch", "close"].map((verb, n) => [n, verb]));
  expect(calls.slice(1, 4)).toMatchObject([{ id: change.id, change }, { id: change.id }, { query: { kind: "k" } }]);
});
