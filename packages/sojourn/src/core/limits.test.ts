import { expect, test } from "vitest";
import { fakeClock } from "../testing/fake-clock.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import type { Limit } from "./settings.ts";
import type { Store } from "./seam.ts";
import { createSessions } from "./sessions.ts";

overEveryStore((open) => {
  const limits: readonly Limit[] = [{ perSubject: 2 }, { total: 2 }, { perSubject: 2, whenFull: "end-oldest" }, { total: 2, whenFull: "end-oldest" }];

  test.each(limits)("room that others make between the refusal and the look at what is there is room: %o", async (limit) => {
    const clock = fakeClock();
    const store = open();
    let meanwhile: (() => Promise<unknown>) | undefined;
    // Another process does its work at that very moment.
    const late: Store = {
      ...store,
      async find(query, page) {
        const work = meanwhile;
        meanwhile = undefined;
        await work?.();
        return store.find(query, page);
      },
    };
    const other = createSessions({ store, clock });
    const sessions = createSessions({ store: late, clock, limit });
    const one = await sessions.create({ subject: "ana" });
    const two = await sessions.create({ subject: "ana" });
    meanwhile = () => other.end({ id: one.id! });
    expect((await sessions.create({ subject: "ana" })).exists).toBe(true);
    expect((await sessions.info({ id: two.id! }))?.ended).toBeUndefined();
    expect((await sessions.info({ id: one.id! }))?.ended?.reason).toBe("revoked");
  });

  test("a store that says full for ever is believed in the end", async () => {
    const store = open();
    const sessions = createSessions({ store: { ...store, commit: () => ({ ok: false, why: "full", of: "kind" }) }, limit: { total: 2 } });
    await expect(sessions.create()).rejects.toMatchObject({ code: "limit_reached" });
  });
});
