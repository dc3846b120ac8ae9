import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { delayed } from "../testing/delayed.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { newId } from "../testing/new-id.ts";
import { entryOf, nodeOn } from "./revocations.fixture.ts";

// What it is to be on Workers, as far as that can be had here: timers end with the request, and digests are promises.
vi.mock("#platform", () => import("../core/platform/web.ts"));

const start = fakeClock().now();
const later = { reason: "closed", until: start + 3_600_000 };
let now = 0;
beforeEach(() => void (now = 1_000));
afterEach(() => void vi.restoreAllMocks());

test("no timer is set and nothing is watched: each visit that finds it too old reads all again", async () => {
  const timers = [vi.spyOn(globalThis, "setInterval"), vi.spyOn(globalThis, "setTimeout")];
  const store = memoryStore();
  const watch = vi.spyOn(store, "watch");
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const [a, b] = [nodeOn(store), nodeOn(store)];
  await b.follow();
  expect(b.heard).toBe(true);
  const [id, second] = [newId(), newId()];
  await a.end(id, later);
  now += 1_000;
  await b.follow();
  // What is less old than a third of the silence is good enough.
  expect(b.refused(id, 1, undefined, start, start)).toBeUndefined();
  now += 1_000;
  await b.follow();
  expect(b.refused(id, 1, undefined, start, start)).toBe("ended");
  await a.end(second, later);
  now += 5_001;
  expect(b.heard).toBe(false);
  await b.follow();
  expect(b.heard).toBe(true);
  expect(b.refused(second, 1, undefined, start, start)).toBe("ended");
  expect(watch).not.toHaveBeenCalled();
  for (const timer of timers) expect(timer).not.toHaveBeenCalled();
});

test("a reading of all that fails is an error, and nothing counts as heard", async () => {
  const store = memoryStore();
  const b = nodeOn(store);
  store.close();
  await expect(b.follow()).rejects.toMatchObject({ code: "store_unavailable" });
  expect(b.heard).toBe(false);
});

test("ends for one subject, and floors, with digests that are promises", async () => {
  const store = delayed(memoryStore());
  const [a, b] = [nodeOn(store), nodeOn(store)];
  const [id, other] = [newId(), newId()];
  expect(await a.end(id, { ...later, subject: "main:u" })).toBe(true);
  await a.floors.raise("main:v", start + 1, []);
  await b.follow();
  expect(b.refused(id, 1, "main:u", start, start)).toBe("ended");
  expect(await b.floors.below(entryOf(other, "main:v", start), start)).toBe(true);
  expect(await b.floors.below(entryOf(other, "main:u", start), start)).toBe(false);
  // Once its digest has been made, it can be said at once.
  expect(b.refused(other, 1, "main:v", start, start)).toBe("ended");
  expect(b.floors.belowKnown(entryOf(other, "main:v", start))).toBe(true);
});
