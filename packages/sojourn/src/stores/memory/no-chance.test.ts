import type * as Crypto from "node:crypto";
import { expect, test, vi } from "vitest";
import { newId } from "../../testing/new-id.ts";
import { memoryStore } from "./memory.ts";

const platform = vi.hoisted(() => ({ loading: false }));
vi.mock("node:crypto", async (original) => {
  const real: typeof Crypto = await original();
  const refuse = (): void => {
    if (platform.loading) throw new Error("Disallowed operation called within global scope.");
  };
  return {
    ...real,
    getRandomValues: (array: Uint8Array<ArrayBuffer>) => (refuse(), real.getRandomValues(array)),
    randomUUID: () => (refuse(), real.randomUUID()),
  };
});

test("a store is made without asking for random bytes, which modules of Workers do not get while they load", () => {
  platform.loading = true;
  const store = memoryStore();
  platform.loading = false;
  const heard: unknown[] = [];
  store.watch((event) => heard.push(event));
  const id = newId();
  expect(store.load(id)).toBeUndefined();
  expect(store.commit({ id, expect: "absent", kind: "k", subject: "s", claim: ["a"] })).toMatchObject({ ok: true });
  expect([store.find({ alias: "a" }), store.find({ subject: "s" })].map(({ records }) => records.length)).toEqual([1, 1]);
  expect(heard).toEqual([{ cursor: expect.stringMatching(/^[\da-f-]{36}\.0$/) as string, id, version: 1, ended: false }]);
});
