import { expect, test } from "vitest";
import { SojournError } from "../core/errors.ts";
import { emitter, type SessionEvent } from "../core/events.ts";
import type { SessionId } from "../core/seam.ts";
import { createSessions } from "../core/sessions.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { failingStore } from "../testing/failing-store.ts";
import { instruments } from "./instruments.ts";
import { observe } from "./observe.ts";
import { telemetry, type Series, type Telemetry } from "./otel.fixture.ts";

const web = { "sojourn.kind": "web" };
/** Without those that stand at 0 from the beginning. */
const grown = async ({ series }: Telemetry): Promise<readonly Series[]> => (await series()).filter(({ value }) => value > 0);
const valuesOf = async (told: Telemetry): Promise<readonly unknown[]> => (await grown(told)).map(({ name, attributes, value }) => [name, attributes, value]);

test("what happens to sessions is counted until it is stopped", async () => {
  const told = telemetry();
  const clock = fakeClock();
  const sessions = createSessions<{ cart: string }>({ store: memoryStore(), kind: "web", clock, limit: { perSubject: 1, whenFull: "end-oldest" } });
  const stop = observe(sessions, told);
  const session = await sessions.create({ data: { cart: "canary" } });
  await session.authenticate("canary-subject", { methods: ["pwd"] });
  await session.commit();
  await sessions.create({ subject: "canary-subject" });
  await sessions.endAll({ subject: "canary-subject" }, "moved");
  const counted = await valuesOf(told);
  expect(counted).toEqual(
    expect.arrayContaining([
      ["sojourn.sessions.created", web, 2],
      ["sojourn.sessions.authenticated", web, 1],
      ["sojourn.sessions.ended", { ...web, "sojourn.end_reason": "limit" }, 1],
      ["sojourn.sessions.ended", { ...web, "sojourn.end_reason": "moved" }, 1],
    ]),
  );
  expect(JSON.stringify(counted)).not.toContain("canary");
  stop();
  await sessions.create();
  expect(await valuesOf(told)).toEqual(counted);
});

test("every event has its counter, with the unit and the attributes that the table says", async () => {
  const told = telemetry();
  const events = emitter();
  observe(events, told);
  const event: SessionEvent = { id: "canary" as SessionId, kind: "web", subject: "canary", at: 1 };
  events.emit("created", event);
  events.emit("ended", { ...event, reason: "idle", by: "canary" });
  events.emit("authenticated", { ...event, methods: ["pwd"] });
  events.emit("rotated", event);
  events.emit("reuse", event);
  events.emit("unreadable", { ...event, field: "canary" });
  const error = new SojournError("store_unavailable", "canary");
  events.emit("outage", { of: "writes", state: "down", error });
  events.emit("outage", { of: "writes", state: "up" });
  events.emit("failed", { doing: "touch a session", error });
  const found = await grown(told);
  const { storeDuration: _, ...counters } = instruments;
  expect(found.map(({ name, unit, attributes, value }) => ({ name, unit, attributes: Object.keys(attributes), value }))).toEqual(
    Object.values(counters).map(({ name, unit, attributes }) => ({ name, unit, attributes, value: 1 })),
  );
  expect(JSON.stringify(found)).not.toContain("canary");
  expect(found.find(({ name }) => name === "sojourn.background.failures")?.attributes).toEqual({
    "sojourn.task": "touch a session",
    "error.type": "store_unavailable",
  });
});

test("an outage is counted once, though many calls meet it", async () => {
  const told = telemetry();
  const store = failingStore(memoryStore(), () => ({ fault: "before" }));
  const sessions = createSessions({ store });
  observe(sessions, told);
  for (let i = 0; i < 50; i++) await sessions.info({ id: "0".repeat(26) }).catch(() => undefined);
  const outages = (await grown(told)).filter(({ name }) => name === instruments.outages.name);
  expect(outages).toMatchObject([{ attributes: { "sojourn.calls": "reads" }, value: 1 }]);
});

test("what is rare stands at 0 before it happens, for the kinds that were named", async () => {
  const told = telemetry();
  observe(emitter(), { ...told, kinds: ["web", "sms"] });
  const at0 = (name: string): readonly unknown[] => [
    [name, web, 0],
    [name, { "sojourn.kind": "sms" }, 0],
  ];
  const found = (await told.series()).map(({ name, attributes, value }) => [name, attributes, value]);
  expect(found).toEqual([
    ...["created", "authenticated", "rotated", "reuse"].flatMap((what) => at0(`sojourn.sessions.${what}`)),
    ...at0("sojourn.fields.unreadable"),
    ["sojourn.store.outages", { "sojourn.calls": "reads" }, 0],
    ["sojourn.store.outages", { "sojourn.calls": "writes" }, 0],
  ]);
});

test("50 kinds and 50 reasons have series of their own, over all managers of a meter", async () => {
  const told = telemetry();
  const [one, two] = [emitter(), emitter()];
  observe(one, told);
  observe(two, told);
  for (let i = 0; i < 120; i++) {
    const event = { id: "x" as SessionId, at: 1 };
    (i % 2 === 0 ? one : two).emit("created", { ...event, kind: `kind-${i}` });
    one.emit("ended", { ...event, kind: "kind-0", reason: `reason-${i}` });
  }
  const found = await told.series();
  const of = (name: string, attribute: string): readonly Series[] =>
    found.filter((series) => series.name === name).toSorted((a, b) => String(a.attributes[attribute]).localeCompare(String(b.attributes[attribute])));
  const created = of("sojourn.sessions.created", "sojourn.kind");
  expect(created).toHaveLength(51);
  expect(created.filter(({ attributes }) => attributes["sojourn.kind"] === "other")).toMatchObject([{ value: 70 }]);
  const ended = of("sojourn.sessions.ended", "sojourn.end_reason");
  expect(ended).toHaveLength(51);
  expect(ended.filter(({ attributes }) => attributes["sojourn.end_reason"] === "other")).toMatchObject([{ value: 70 }]);
});
