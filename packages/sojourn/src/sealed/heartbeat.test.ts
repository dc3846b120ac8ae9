import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { callsOf } from "../core/calls.ts";
import { namesOf } from "../core/names.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { failingStore, type Fault } from "../testing/failing-store.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { heartbeat, type Heartbeat } from "./heartbeat.ts";
import { revocationRecords } from "./revocation-records.ts";

// Time is made here, so that no load on the machine changes what comes first.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Beats, and waits until the beat has landed or was given up. */
async function beatAndWait({ heart }: Scene): Promise<void> {
  const done = heart.beat();
  await vi.advanceTimersByTimeAsync(21);
  await done;
}

interface Scene {
  readonly heart: Heartbeat;
  readonly inner: ReturnType<typeof memoryStore>;
  /** ms, monotonic. */
  at: number;
  fault: Fault | undefined;
}

function scene(): Scene {
  const inner = memoryStore();
  const store = failingStore(inner, ({ verb }) => {
    // A look at the record takes its time.
    if (verb === "load") self.at += 300;
    return verb === "commit" ? self.fault : undefined;
  });
  const calls = callsOf(store, { deadline: 20, breaker: undefined }, () => undefined);
  const heart = heartbeat(calls, revocationRecords(namesOf("main")), fakeClock(), 100, () => self.at);
  const self: Scene = { heart, inner, at: 1_000, fault: undefined };
  return self;
}

/** What the feed would tell of the record as it is. */
const versionOf = ({ inner, heart }: Scene): number => inner.load(heart.id)?.version ?? 0;

test("what is proven is the moment at which the beat was sent, not at which it was heard", async () => {
  const self = scene();
  expect(self.heart.age).toBe(Infinity);
  await self.heart.beat();
  self.at = 5_000;
  self.heart.heard(versionOf(self));
  expect(self.heart.age).toBe(4_000);
  // Told again, or late: nothing new.
  self.heart.heard(versionOf(self));
  self.heart.proven(500);
  expect(self.heart.age).toBe(4_000);
});

test("beats that are heard late, all at once, prove the newest of them", async () => {
  const self = scene();
  for (let i = 0; i < 10; i++) {
    self.at += 100;
    await self.heart.beat();
  }
  self.heart.heard(3);
  expect(self.heart.age).toBe(700);
  self.heart.heard(10);
  expect(self.heart.age).toBe(0);
  self.heart.heard(5);
  self.heart.heard(77);
  expect(self.heart.age).toBe(0);
});

test("a beat that lands long after it was given up proves no more than what came before the last look at the record", async () => {
  const self = scene();
  await beatAndWait(self);
  self.at = 2_000;
  self.fault = { fault: "hang-then-land", ms: 60 };
  await beatAndWait(self);
  self.fault = { fault: "hang" };
  self.at = 3_000;
  // Looks at the record, of which the late one has made nothing yet, and hangs as well.
  await beatAndWait(self);
  expect(versionOf(self)).toBe(1);
  await vi.advanceTimersByTimeAsync(60);
  expect(versionOf(self)).toBe(2);
  self.at = 4_000;
  self.heart.heard(2);
  expect(self.heart.age).toBe(1_000);
  self.fault = undefined;
  await beatAndWait(self);
  self.heart.heard(versionOf(self));
  // The look that it began with took as long.
  expect(self.heart.age).toBe(300);
});

test("it is deaf when beats land that nobody hears, and not when none lands", async () => {
  const self = scene();
  self.heart.proven(1_000);
  self.fault = { fault: "before" };
  self.at = 9_000;
  await self.heart.beat();
  expect(self.heart.deaf).toBe(false);
  self.fault = undefined;
  await self.heart.beat();
  expect(self.heart.deaf).toBe(true);
  self.heart.heard(versionOf(self));
  expect(self.heart.deaf).toBe(false);
});

test("a record that was erased is written anew under another name, and what is told of the old one says nothing", async () => {
  const self = scene();
  const { id } = self.heart;
  for (let i = 0; i < 3; i++) await self.heart.beat();
  self.inner.commit({ id, expect: 3, erase: true });
  self.at = 2_000;
  await self.heart.beat();
  await self.heart.beat();
  expect(self.heart.id).not.toBe(id);
  expect(versionOf(self)).toBe(1);
  self.at = 2_500;
  self.heart.heard(1);
  expect(self.heart.age).toBe(500);
});

test("one beat is on its way at a time, and none is left behind", async () => {
  const self = scene();
  self.fault = { fault: "slow", ms: 5 };
  await Promise.all(Array.from({ length: 10 }, () => beatAndWait(self)));
  expect(versionOf(self)).toBe(1);
  self.fault = undefined;
  await self.heart.stop();
  expect(self.inner.usage().records).toBe(0);
  expect(self.heart.age).toBe(Infinity);
});
