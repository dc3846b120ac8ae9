import fc from "fast-check";
import { createSessions, SojournError, type Sessions, type Store, type WatchableStore } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { afterEach, expect, test, vi } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import type { Fields } from "../views.ts";
import { channel, type Channel } from "./channel.ts";
import { figures } from "./figures.ts";
import { sink, type Sink } from "./sink.fixture.ts";

afterEach(async () => {
  vi.useRealTimers();
  await cleanUp();
});

type Tell = Parameters<WatchableStore["watch"]>[0];

/** A store whose feed the test has a hand in. */
function watched(): { sessions: Sessions<Fields>; events: Channel; tell: Tell; watches: () => number; breaks: (now: boolean) => void } {
  const inner = memoryStore();
  const tells = new Set<Tell>();
  let broken = false;
  const store = Object.assign(Object.create(inner) as Store, {
    load(...given: Parameters<Store["load"]>) {
      if (broken) throw new SojournError("store_unavailable", "gone");
      return inner.load(given[0]);
    },
    watch(...[tell, options]: Parameters<WatchableStore["watch"]>) {
      const stop = inner.watch(tell, options);
      tells.add(tell);
      return () => (tells.delete(tell), stop());
    },
  });
  const sessions = createSessions<Fields>({ store, kind: "api" });
  const events = channel(sessions, ["api"]);
  later(events.stop);
  return { sessions, events, tell: (event) => tells.forEach((each) => each(event)), watches: () => tells.size, breaks: (now) => void (broken = now) };
}

test("whenever a stream comes, it is sent what happens from then on, or all that came after an event: each once, in order", async () => {
  const act = fc.oneof(
    { weight: 5, arbitrary: fc.constant("create" as const) },
    { weight: 1, arbitrary: fc.constant("live" as const) },
    { weight: 1, arbitrary: fc.constant("pause" as const) },
    { weight: 2, arbitrary: fc.nat(15) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
      const { sessions, events } = watched();
      const all: { id: string; eventId: string }[] = [];
      events.listen(({ id, eventId = "" }) => all.push({ id, eventId }));
      await events.ready();
      const made: string[] = [];
      const streams: { readonly stream: Sink; readonly from: (made: readonly string[]) => number }[] = [];
      const join = (after: string | undefined, from: number): void => {
        const stream = sink();
        events.send(stream, undefined, after);
        streams.push({ stream, from: after === undefined ? () => from : () => all.findIndex(({ eventId }) => eventId === after) + 1 });
      };
      for (const given of acts) {
        if (given === "create") made.push(String((await sessions.create()).id));
        else if (given === "pause") await new Promise((resolve) => setTimeout(resolve, 4));
        else if (given === "live") {
          // What is on its way here is no business of this test.
          await vi.waitFor(() => expect(all).toHaveLength(made.length));
          join(undefined, made.length);
        } else if (all[given] !== undefined) join(all[given].eventId, 0);
      }
      made.push(String((await sessions.create()).id));
      await vi.waitFor(() => expect(streams.every(({ stream }) => stream.ids.at(-1) === made.at(-1))).toBe(true), { timeout: 5_000 });
      for (const { stream, from } of streams) expect(stream.ids).toEqual(made.slice(from(made)));
      events.stop();
    }),
    { numRuns: 25 },
  );
});

test("when the store fails, streams are ended, for who reads them knows where they were; those who count go on", async () => {
  const { sessions, events, breaks } = watched();
  const heard: string[] = [];
  events.listen(({ id }) => heard.push(id));
  await events.ready();
  const stream = sink();
  events.send(stream, undefined, undefined);
  breaks(true);
  await sessions.create().catch(() => undefined);
  await vi.waitFor(() => expect(stream.over.aborted).toBe(true));
  breaks(false);
  await vi.waitFor(
    async () => {
      const { id } = await sessions.create();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(heard).toContain(id);
    },
    { timeout: 10_000, interval: 100 },
  );
});

test("endings that are told again after a gap are sent, and not counted twice", async () => {
  const { sessions, events, tell } = watched();
  const seen = figures({
    sessions,
    channel: events,
    kinds: ["api"],
    latencies: () => ({ reads: { count: 0, p50: 0, p99: 0 }, writes: { count: 0, p50: 0, p99: 0 } }),
    lag: () => undefined,
    listeners: () => 0,
  });
  later(seen.stop);
  await seen.read();
  const stream = sink();
  events.send(stream, undefined, undefined);
  await events.ready();
  const session = await sessions.create();
  const { id } = session;
  await session.end();
  await vi.waitFor(() => expect(stream.ids).toEqual([id, id]));
  tell("gap");
  await vi.waitFor(() => expect(stream.ids).toEqual([id, id, id]));
  await vi.waitFor(async () => expect((await seen.read()).ended.reduce((a, b) => a + b)).toBeGreaterThan(0), { timeout: 5_000 });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect((await seen.read()).ended.reduce((a, b) => a + b)).toBe(1);
});

test("nothing is watched until somebody wants to know, nor when nobody has asked for ten minutes", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const { sessions, events, watches } = watched();
  const latency = { count: 0, p50: 0, p99: 0 };
  const seen = figures({
    sessions,
    channel: events,
    kinds: [],
    latencies: () => ({ reads: latency, writes: latency }),
    lag: () => undefined,
    listeners: () => 0,
  });
  expect(watches()).toBe(0);
  const { since } = await seen.read();
  expect(watches()).toBe(1);
  await vi.advanceTimersByTimeAsync(599_000);
  expect((await seen.read()).since).toBe(since);
  const stream = sink();
  seen.send(stream);
  await vi.advanceTimersByTimeAsync(1_200_000);
  expect(watches()).toBe(1);
  stream.end();
  await vi.advanceTimersByTimeAsync(1_200_000);
  expect(watches()).toBe(0);
});
