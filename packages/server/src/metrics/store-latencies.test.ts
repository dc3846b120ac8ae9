import { Registry } from "prom-client";
import { createSessions, SojournError, type Store } from "sojourn";
import { observedStore } from "sojourn/otel";
import { memoryStore } from "sojourn/stores/memory";
import { delayed } from "sojourn/testing";
import { expect, test } from "vitest";
import { prometheusMeter } from "./prometheus-meter.ts";
import { storeLatencies } from "./store-latencies.ts";

test.each([
  ["at once", (store: Store) => store],
  ["later", delayed<Store>],
])("of a store that answers %s the last minute is known, and everything is measured as before", async (_, wrap) => {
  const registry = new Registry();
  const { meter, read } = storeLatencies(prometheusMeter(registry));
  const sessions = createSessions({ store: observedStore(wrap(memoryStore()), { meter, system: "memory" }) });
  const { token } = await sessions.create({ data: { a: 1 } });
  expect((await sessions.resume(token ?? ""))?.get("a")).toBe(1);
  expect((await sessions.page({ kind: "web" })).sessions).toHaveLength(1);
  const { reads, writes } = read();
  expect(reads.count).toBeGreaterThanOrEqual(2);
  expect(writes.count).toBe(1);
  expect(reads.p50).toBeGreaterThan(0);
  expect(writes.p99).toBeGreaterThanOrEqual(writes.p50);
  expect(await registry.metrics()).toMatch(/db_client_operation_duration_seconds_count\{[^}]*db_operation_name="commit"[^}]*\} 1\n/);
});

test("calls that fail are counted too, at once or later; other instruments are none of its business", async () => {
  const gone = new SojournError("store_unavailable", "gone");
  const { find, close } = memoryStore();
  const fails = (): never => {
    throw gone;
  };
  const { meter, read } = storeLatencies(prometheusMeter(new Registry()));
  const store = observedStore({ find, close, load: fails, commit: () => Promise.reject(gone) }, { meter, system: "memory" });
  expect(() => store.load("x" as never)).toThrow(gone);
  await expect(store.commit({ id: "x" as never, expect: "live" })).rejects.toBe(gone);
  meter.createHistogram("other", { description: "Another.", unit: "s", attributes: [] }).record(1);
  expect([read().reads.count, read().writes.count]).toEqual([1, 1]);
});
