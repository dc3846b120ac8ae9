import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterEach, describe, expect, test } from "vitest";
import { SojournError } from "../core/errors.ts";
import type { Change, SessionId, Store } from "../core/seam.ts";
import { keepsTheContract } from "../stores/contract.fixture.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { nearCache } from "../stores/near-cache/near-cache.ts";
import { delayed } from "../testing/delayed.ts";
import { newId } from "../testing/new-id.ts";
import { instruments } from "./instruments.ts";
import { observedStore } from "./observed-store.ts";
import { activeSpans, telemetry } from "./otel.fixture.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

describe("the store contract", () => {
  const { meter, tracer } = telemetry();
  const memory = memoryStore();
  const views: Readonly<Record<string, readonly Store[]>> = {
    "memory, as given": [observedStore(memoryStore(), { meter, tracer, system: "memory" })],
    "memory, delayed": [observedStore(delayed(memoryStore()), { meter, tracer, system: "memory" })],
    "memory, delayed on the outside": [delayed(observedStore(memoryStore(), { meter, tracer, system: "memory" }))],
    "memory, two wrappers, one without traces": [
      observedStore(memory, { meter, tracer, system: "memory" }),
      observedStore(memory, { meter, system: "memory" }),
    ],
    "a near cache": [observedStore(nearCache(delayed(memoryStore())), { meter, system: "memory" })],
  };
  describe.each(Object.entries(views))("%s", (_, stores) => {
    let next = 0;
    keepsTheContract({ open: () => stores[next++ % stores.length] as Store });
  });
});

const creation = (id: SessionId): Change => ({ id, expect: "absent", kind: "main:web", subject: "main:canary-subject", set: { cart: "canary-value" } });

test("each verb is counted once, by what it is called and how it failed", async () => {
  const { meter, tracer, series, spans } = telemetry();
  const store = observedStore(memoryStore(), { meter, tracer, system: "memory" });
  const id = newId();
  await store.commit(creation(id));
  // A refusal is a value.
  expect(await store.commit(creation(id))).toMatchObject({ ok: false, why: "exists" });
  await store.load(id);
  await store.find({ subject: "main:canary-subject" });
  await store.close();
  expect(() => store.load(id)).toThrow(SojournError);
  const late = observedStore(delayed(failing(() => new TypeError("canary-message"))), { meter, tracer, system: "memory" });
  await expect(late.load(id)).rejects.toThrow("canary-message");

  const { name, unit } = instruments.storeDuration;
  const of = (operation: string, type?: string): object => ({
    "db.system.name": "memory",
    "db.operation.name": operation,
    ...(type !== undefined && { "error.type": type }),
  });
  expect(await series()).toEqual([
    { name, unit, attributes: of("commit"), value: 2 },
    { name, unit, attributes: of("load"), value: 1 },
    { name, unit, attributes: of("find"), value: 1 },
    { name, unit, attributes: of("load", "store_unavailable"), value: 1 },
    { name, unit, attributes: of("load", "_OTHER"), value: 1 },
  ]);
  const [ok, error] = [{ code: SpanStatusCode.UNSET }, { code: SpanStatusCode.ERROR }];
  expect(spans().map(({ name: verb, kind, attributes, status, events }) => ({ verb, kind, attributes, status, events }))).toEqual(
    [
      { verb: "commit", attributes: of("commit"), status: ok },
      { verb: "commit", attributes: of("commit"), status: ok },
      { verb: "load", attributes: of("load"), status: ok },
      { verb: "find", attributes: of("find"), status: ok },
      { verb: "load", attributes: of("load", "store_unavailable"), status: error },
      { verb: "load", attributes: of("load", "_OTHER"), status: error },
    ].map((span) => ({ ...span, kind: SpanKind.CLIENT, events: [] })),
  );
  const told = JSON.stringify([await series(), spans().map(({ name: verb, attributes, events, status }) => [verb, attributes, events, status])]);
  expect(told).not.toMatch(/canary/);
  expect(told).not.toContain(id);
});

test("an answer that is no promise stays none, with and without traces", () => {
  const { meter, tracer } = telemetry();
  for (const options of [{ meter }, { meter, tracer }]) {
    const store = observedStore(memoryStore(), { ...options, system: "memory" });
    const id = newId();
    for (const answer of [store.commit(creation(id)), store.load(id), store.find({ kind: "main:web" }), store.count({ kind: "main:web" })]) {
      expect(answer).not.toHaveProperty("then");
    }
    // The same object, by which a manager knows that nothing changed.
    expect(store.load(id)).toBe(store.load(id));
  }
});

test("it has the powers that the store has, and no others", async () => {
  const { meter } = telemetry();
  const powers = ["watch", "now", "lag", "count", "scrub"];
  const has = (store: Store): readonly string[] => powers.filter((power) => power in store);
  const { load, commit, find, close } = memoryStore();
  const bare: Store = { load, commit, find, close };
  expect(has(observedStore(bare, { meter, system: "memory" }))).toEqual([]);
  const report = { records: 1, missing: 0, dead: 0, miscounted: 0, repaired: 0, conflicts: [], unreadable: [] };
  const all = { ...bare, watch: () => () => undefined, now: () => 7, lag: 5, count: (_: { readonly kind: string }) => 3, scrub: () => Promise.resolve(report) };
  const store = observedStore(all, { meter, system: "memory" });
  expect(has(store)).toEqual(powers);
  expect([store.now(), store.lag, store.count({ kind: "main:web" }), await store.scrub()]).toEqual([7, 5, 3, report]);
});

test("what an instrumented driver does meanwhile is a child of the call's span", async () => {
  undo.push(activeSpans());
  const { meter, tracer, spans } = telemetry();
  const { commit, find, close } = memoryStore();
  const load = async (): Promise<undefined> => {
    await Promise.resolve();
    tracer.startSpan("GET").end();
    return undefined;
  };
  await observedStore({ load, commit, find, close }, { meter, tracer, system: "redis" }).load(newId());
  const [inner, outer] = spans();
  expect([inner?.name, outer?.name]).toEqual(["GET", "load"]);
  expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
});

function failing(error: () => Error): Store {
  const fail = (): never => {
    throw error();
  };
  return { load: fail, commit: fail, find: fail, close: () => undefined };
}
