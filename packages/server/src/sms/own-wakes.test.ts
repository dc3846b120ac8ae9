import { createSessions } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { delayed, fakeClock } from "sojourn/testing";
import { expect, test } from "vitest";
import { ownWakes } from "./own-wakes.ts";

test.each(["at once", "later"])(
  "of what is due only the own kinds are shown, the earliest first, however many there are of others; the store answers %s",
  async (how) => {
    const clock = fakeClock();
    const store = how === "later" ? delayed(memoryStore()) : memoryStore();
    const ours = createSessions({ store, clock, tenant: "ours", kind: "sms" });
    const others = createSessions({ store, clock, kind: "sms" });
    const wakes: number[] = [];
    for (let n = 0; n < 250; n++) {
      const wakeAt = clock.now() + ((n * 7_919) % 1_000);
      wakes.push(wakeAt);
      await ours.create({ wakeAt });
      await others.create({ wakeAt: clock.now() - 1 });
    }
    const seen = ownWakes(store, ["ours:sms"]);
    const all = await seen.find({ wakeBefore: clock.now() + 1_000 }, { limit: 1_000 });
    expect(all.records.map(({ wake }) => wake)).toEqual(wakes.toSorted((a, b) => a - b));
    expect(new Set(all.records.map(({ kind }) => kind))).toEqual(new Set(["ours:sms"]));
    const until = clock.now() + 500;
    const some = await seen.find({ wakeBefore: until }, { limit: 100 });
    expect(some.records.map(({ wake }) => wake)).toEqual(
      wakes
        .filter((wake) => wake <= until)
        .sort((a, b) => a - b)
        .slice(0, 100),
    );
    // All else is as it was.
    expect((await seen.find({ kind: "main:sms" }, { limit: 1_000 })).records).toHaveLength(250);
  },
);
