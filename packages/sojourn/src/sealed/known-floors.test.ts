import { beforeEach, expect, test } from "vitest";
import { callsOf } from "../core/calls.ts";
import { floorsOf } from "../core/floors.ts";
import { namesOf } from "../core/names.ts";
import type { SessionRecord } from "../core/seam.ts";
import { settingsOf } from "../core/settings.ts";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { knownFloors, type KnownFloors } from "./known-floors.ts";

let floors: KnownFloors;
beforeEach(() => void (floors = knownFloors("main")));

/** A floor as core writes it, in each state that the record had. */
async function raised(subject: string | undefined, ...at: readonly number[]): Promise<SessionRecord[]> {
  const store = memoryStore();
  const clock = fakeClock();
  const calls = callsOf(store, { deadline: 1_000, breaker: undefined }, () => undefined);
  const core = floorsOf(calls, namesOf("main"), settingsOf({ store, clock }, clock));
  const states: SessionRecord[] = [];
  for (const one of at) {
    await core.raise(subject, one, [`spared-${one}`] as never);
    states.push(...store.find({ kind: "main:$floor" }).records.filter(({ id }) => id.startsWith("floor:")));
  }
  return states;
}

test("a record that was read before a newer one, and comes after it, takes nothing back", async () => {
  const [older, newer] = (await raised("main:u", 10, 20)) as [SessionRecord, SessionRecord];
  floors.note(newer);
  floors.note(older);
  const standing = { id: "x", subject: "main:u", since: 15 };
  expect(floors.below(standing, 30)).toBe(true);
  expect(floors.below({ ...standing, id: "spared-10" }, 30)).toBe(true);
  expect(floors.below({ ...standing, id: "spared-20" }, 30)).toBe(false);
  expect(floors.size).toBe(1);
});

test("a floor is forgotten at its wake, when nothing that lay below it can be alive", async () => {
  const [floor] = (await raised(undefined, 10)) as [SessionRecord];
  const wake = floor.wake ?? 0;
  floors.note(floor);
  const standing = { id: "x", subject: undefined, since: 5 };
  expect(floors.belowNow(standing, wake)).toBe(true);
  expect(floors.belowNow(standing, wake + 1)).toBe(false);
  floors.forget(wake, 10);
  expect(floors.size).toBe(1);
  floors.forget(wake + 1, 10);
  expect(floors.size).toBe(0);
});

test.each(["[", "{}", "null", "1", '"x"', undefined])("whom it spares cannot be read: nobody (%s)", async (text) => {
  const [floor] = (await raised("main:u", 10)) as [SessionRecord];
  floors.note({ ...floor, fields: { $at: "10", ...(text === undefined ? undefined : { $except: text }) } });
  expect(floors.below({ id: "spared-10", subject: "main:u", since: 5 }, 30)).toBe(true);
});
