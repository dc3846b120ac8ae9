import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSessions } from "../core/sessions.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { failingStore, type Fault } from "../testing/failing-store.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { newId } from "../testing/new-id.ts";
import { nodeOn, withFeedFault, type NodeOptions } from "./revocations.fixture.ts";
import type { Revocations } from "./revocations.ts";

// Time is made here: what is silent for 5 s is silent for exactly that.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"] }));
const nodes: Revocations[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(nodes.splice(0).map((one) => one.stop()));
});

function node(...args: Parameters<typeof nodeOn>): Revocations {
  const made = nodeOn(...args);
  nodes.push(made);
  return made;
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const start = fakeClock().now();
const later = { reason: "closed", until: start + 3_600_000 };
const ended = (of: Revocations, id: ReturnType<typeof newId>): boolean => of.refused(id, 1, undefined, start, start) === "ended";

/** A node whose store and feed can be made to go wrong, on a store on which others go right. */
async function scene(options?: NodeOptions): Promise<{
  a: Revocations;
  b: Revocations;
  store: ReturnType<typeof withFeedFault<ReturnType<typeof memoryStore>>>;
  wrong: { load?: Fault; commit?: Fault; find?: Fault; watch?: Fault };
}> {
  const inner = memoryStore();
  const wrong: Awaited<ReturnType<typeof scene>>["wrong"] = {};
  const store = withFeedFault(inner);
  const b = node(
    failingStore(store, ({ verb }) => (verb === "count" || verb === "close" ? undefined : wrong[verb])),
    options,
  );
  await b.follow();
  return { a: nodeOn(inner), b, store, wrong };
}

test("a node that hears its own beats is heard, hour after hour, whatever clock its tokens are judged by", async () => {
  const clock = fakeClock();
  const { b } = await scene({ clock });
  for (let minute = 0; minute < 60; minute++) {
    clock.advance("1d");
    await pass(60_000);
    expect(b.heard).toBe(true);
  }
});

test("nothing is heard before it follows, nor after it stopped", async () => {
  const b = node(memoryStore());
  expect(b.heard).toBe(false);
  await b.follow();
  expect(b.heard).toBe(true);
  await b.stop();
  expect(b.heard).toBe(false);
});

describe("not heard within the silence, and heard again by itself:", () => {
  test("a feed that hangs. What came meanwhile is known before it counts", async () => {
    const { a, b, store, wrong } = await scene();
    await pass(10_000);
    store.feed.how = "hold";
    const id = newId();
    await a.end(id, later);
    await pass(3_000);
    // It cannot know yet that it has missed something; that is what the bound is for.
    expect([b.heard, ended(b, id)]).toEqual([true, false]);
    await pass(2_001);
    expect([b.heard, b.usable, ended(b, id)]).toEqual([false, false, false]);
    wrong.load = { fault: "slow", ms: 1_000 };
    store.feed.over();
    await pass(500);
    expect([b.heard, ended(b, id)]).toEqual([false, false]);
    await pass(501);
    expect([b.heard, b.usable, ended(b, id)]).toEqual([true, true, true]);
  });

  test("a feed that died without a word: another one is begun, and all is read", async () => {
    const { a, b, store } = await scene();
    await pass(10_000);
    store.feed.how = "drop";
    const id = newId();
    await a.end(id, later);
    await pass(5_001);
    expect([b.heard, ended(b, id)]).toEqual([false, false]);
    await pass(10_000);
    expect(store.feed.watches).toBeGreaterThan(1);
    expect(ended(b, id)).toBe(true);
    store.feed.how = "pass";
    await pass(5_000);
    expect(b.heard).toBe(true);
    const { watches } = store.feed;
    await pass(600_000);
    expect(b.heard).toBe(true);
    expect(store.feed.watches).toBe(watches);
  });

  test("a feed with a gap: all is read before it counts", async () => {
    const { a, b, store, wrong } = await scene();
    await pass(10_000);
    store.feed.how = "gap";
    const id = newId();
    await a.end(id, later);
    await pass(6_000);
    expect(b.heard).toBe(false);
    wrong.find = { fault: "before" };
    store.feed.over();
    await pass(20_000);
    expect([b.heard, ended(b, id)]).toEqual([false, false]);
    wrong.find = undefined as never;
    await pass(2_000);
    expect([b.heard, ended(b, id)]).toEqual([true, true]);
  });

  test.each<[string, Fault]>([
    ["refuses writes", { fault: "before" }],
    ["breaks with an error of its own", { fault: "throw", error: new Error("ECONNRESET") }],
    ["does not answer writes", { fault: "hang" }],
    ["loses the answers of writes that land", { fault: "after" }],
  ])("a store that %s", async (_, fault) => {
    const { a, b, wrong } = await scene();
    await pass(10_000);
    wrong.commit = fault;
    await pass(5_001);
    // What lands is heard, answered or not.
    expect(b.heard).toBe(fault.fault === "after");
    const id = newId();
    await a.end(id, later);
    wrong.commit = undefined as never;
    await pass(4_000);
    expect([b.heard, ended(b, id)]).toEqual([true, true]);
  });

  test.each<[string, Fault]>([
    ["refuses reads", { fault: "before" }],
    ["does not answer reads", { fault: "hang" }],
    ["answers reads with an error of its own", { fault: "throw", error: new Error("ECONNRESET") }],
  ])("a store that %s, though its feed tells", async (_, fault) => {
    const { a, b, wrong } = await scene();
    await pass(10_000);
    wrong.load = wrong.find = fault;
    const [id, second] = [newId(), newId()];
    await a.end(id, later);
    await pass(7_001);
    expect([b.heard, ended(b, id)]).toEqual([false, false]);
    await a.end(second, later);
    await pass(20_000);
    expect(b.heard).toBe(false);
    wrong.load = wrong.find = undefined as never;
    await pass(4_000);
    expect([b.heard, ended(b, id), ended(b, second)]).toEqual([true, true, true]);
  });

  test.each<[string, "watch" | "find", Fault]>([
    ["cannot be watched yet", "watch", { fault: "before" }],
    ["answers a watch with an error of its own", "watch", { fault: "throw", error: new Error("ECONNRESET") }],
    ["lets a watch wait", "watch", { fault: "hang" }],
    ["cannot be read yet", "find", { fault: "before" }],
  ])("a store that %s: follow says so, and the node goes on trying", async (_, verb, fault) => {
    const inner = memoryStore();
    let wrong: Fault | undefined = fault;
    const b = node(failingStore(inner, (call) => (call.verb === verb ? wrong : undefined)));
    const id = newId();
    await nodeOn(inner).end(id, later);
    const failed = expect(b.follow()).rejects.toMatchObject({ code: "store_unavailable" });
    await pass(5_001);
    await failed;
    expect([b.heard, b.usable]).toEqual([false, false]);
    wrong = undefined;
    const good = b.follow();
    await pass(7_000);
    await good;
    expect([b.heard, ended(b, id)]).toEqual([true, true]);
  });
});

test("a watch that begins too late is ended, and nothing that it tells is counted", async () => {
  const inner = memoryStore();
  const begun: ((off: () => void) => void)[] = [];
  const off = vi.fn<() => void>();
  const b = node({ ...inner, watch: () => new Promise((resolve) => begun.push(resolve)) });
  const failed = expect(b.follow()).rejects.toMatchObject({ code: "store_unavailable" });
  await pass(5_001);
  await failed;
  begun[0]?.(off);
  await pass(0);
  expect(off).toHaveBeenCalledTimes(1);
});

test("the policy says whether a node that hears nothing may serve", async () => {
  for (const unheard of ["refuse", "serve"] as const) {
    const { b, store } = await scene({ unheard });
    store.feed.how = "hold";
    await pass(5_001);
    expect([b.heard, b.usable]).toEqual([false, unheard === "serve"]);
  }
});

test("what is written between the watch and the end of the first reading is not lost", async () => {
  const inner = memoryStore();
  const a = nodeOn(inner);
  const ids = Array.from({ length: 1_500 }, newId);
  for (const id of ids) await a.end(id, later);
  const more: ReturnType<typeof newId>[] = [];
  // With each page that is read, and right behind the watch, another session ends.
  const b = node(
    failingStore(inner, ({ verb }) => {
      if (verb !== "find" && verb !== "watch") return undefined;
      more.push(newId());
      const id = more.at(-1) as ReturnType<typeof newId>;
      queueMicrotask(() => void a.end(id, later));
      return undefined;
    }),
  );
  const follows = b.follow();
  await pass(100);
  await follows;
  expect(more.length).toBeGreaterThan(3);
  for (const id of [...ids, ...more]) expect(ended(b, id)).toBe(true);
});

test("a beat before which something came that could not be read does not count", async () => {
  const { a, b, wrong } = await scene();
  await pass(10_000);
  // Each load fails, and so does each reading of all; beats alone would go through.
  wrong.find = { fault: "before" };
  wrong.load = { fault: "before" };
  await a.end(newId(), later);
  await pass(600_000);
  expect(b.heard).toBe(false);
});

test("more events than are kept waiting are as good as a gap", async () => {
  const { a, b, wrong } = await scene();
  await pass(10_000);
  wrong.load = { fault: "slow", ms: 1_000 };
  const ids = Array.from({ length: 12_000 }, newId);
  for (const id of ids) await a.end(id, later);
  await pass(15_000);
  for (const id of ids) expect(ended(b, id)).toBe(true);
  expect(b.heard).toBe(true);
});

test("a beat that is erased by a sweep whose clock is ahead is written anew", async () => {
  const clock = fakeClock();
  const { b, store } = await scene({ clock });
  const ahead = createSessions({ store, clock: { now: () => clock.now() + 86_400_000 }, sweep: "1s" });
  await ahead.run();
  for (let i = 0; i < 60; i++) {
    await pass(1_000);
    expect(b.heard).toBe(true);
  }
  await ahead.close();
});

test("beats of a node that is gone go with the next sweep after ten minutes, and a node that stops takes its own away", async () => {
  const clock = fakeClock();
  const store = memoryStore();
  const [dead, polite] = [node(store, { clock }), node(store, { clock })];
  await dead.follow();
  await polite.follow();
  await pass(2_000);
  const beats = (): number => store.find({ kind: "main:$beat" }).records.length;
  expect(beats()).toBe(2);
  await polite.stop();
  expect(beats()).toBe(1);
  const sweeper = createSessions({ store, clock, sweep: "1s" });
  await sweeper.run();
  // The node is there still, but its clock, and the sweep's, have gone on without a beat.
  clock.advance("11m");
  await pass(1_500);
  expect(beats()).toBe(0);
  await sweeper.close();
});

test("a node that nobody visits and nobody writes to forgets all the same", async () => {
  const clock = fakeClock();
  const { a, b } = await scene({ clock });
  for (let i = 0; i < 3_000; i++) await a.end(newId(), later);
  await pass(1_000);
  expect(b.size).toBe(3_000);
  clock.advance("2h");
  await pass(10_000);
  expect(b.size).toBe(0);
});
