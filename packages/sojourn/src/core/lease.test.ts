import { expect, test } from "vitest";
import { fakeClock } from "../testing/fake-clock.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import type { Store } from "./seam.ts";
import { createSessions } from "./sessions.ts";

overEveryStore((open) => {
  /** Two managers stand for two processes. */
  function processes(store: Store = open()) {
    const clock = fakeClock();
    const one = createSessions<{ n: number }>({ store, clock, idle: "1d", absolute: "10d" });
    const two = createSessions<{ n: number }>({ store, clock, idle: "1d", absolute: "10d" });
    return { clock, one, two };
  }

  test("one at a time: the other gets it when it is released, or when its time is over", async () => {
    const { clock, one, two } = processes();
    const { id } = await one.create({ data: { n: 0 } });
    const here = (await one.reach({ id: id! }))!;
    const there = (await two.reach({ id: id! }))!;
    const first = (await here.lease({ for: "30s" }))!;
    expect([first.epoch, first.until]).toEqual([1, clock.now() + 30_000]);
    expect(await there.lease()).toBeUndefined();
    clock.advance(29_999);
    expect(await there.lease()).toBeUndefined();
    expect(await first.renew()).toBe(true);
    expect(first.until).toBe(clock.now() + 30_000);
    clock.advance(29_999);
    expect(await there.lease()).toBeUndefined();
    await first.release();
    const second = (await there.lease())!;
    expect(second.epoch).toBe(2);
    clock.advance("30s");
    expect((await here.lease())?.epoch).toBe(3);
  });

  test("a former holder's writes are refused, each kind of them, and change nothing", async () => {
    const { clock, one, two } = processes();
    const { id } = await one.create({ subject: "ana", data: { n: 1 } });
    const here = (await one.reach({ id: id! }))!;
    const lease = (await here.lease())!;
    here.set("n", 2);
    await here.commit();
    clock.advance("30s");
    const there = (await two.reach({ id: id! }))!;
    await there.lease();
    const before = there.version;
    here.set("n", 3);
    const lost = { code: "lease_lost", status: 409 };
    await expect(here.commit()).rejects.toMatchObject(lost);
    await expect(here.commit({ ifVersion: here.version })).rejects.toMatchObject({ code: expect.stringMatching(/lease_lost|stale/) as string });
    const again = (await one.reach({ id: id! }))!;
    expect(again.get("n")).toBe(2);
    for (const act of [
      () => here.update("n", (n = 0) => n + 1),
      () => here.claim("x"),
      () => here.release("x"),
      () => here.checkpoint("c"),
      () => here.elevate("sudo"),
      () => here.authenticate("ana"),
      () => here.end(),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: expect.stringMatching(/lease_lost/) as string });
    }
    expect(await lease.renew()).toBe(false);
    await lease.release();
    const after = (await two.reach({ id: id! }))!;
    expect([after.version, after.get("n")]).toEqual([before, 2]);
    there.set("n", 4);
    await there.commit();
    expect((await one.reach({ id: id! }))?.get("n")).toBe(4);
  });

  test("whoever holds no lease writes on, for it fences off its former holders only", async () => {
    const { one, two } = processes();
    const { id } = await one.create({});
    await (await one.reach({ id: id! }))!.lease();
    const there = (await two.reach({ id: id! }))!;
    there.set("n", 1);
    await there.commit();
    expect(await two.end({ id: id! })).toBe(true);
  });

  test("a client that has come back to another process: it takes the lease over at once", async () => {
    const { one, two } = processes();
    const { id } = await one.create({});
    const here = (await one.reach({ id: id! }))!;
    await here.lease({ for: "1h" });
    const there = (await two.reach({ id: id! }))!;
    expect((await there.lease({ takeOver: true }))?.epoch).toBe(2);
    here.set("n", 1);
    await expect(here.commit()).rejects.toMatchObject({ code: "lease_lost" });
  });

  test("the same owner, started anew, gets it back at once, and the old one is fenced off", async () => {
    const { one, two } = processes();
    const { id } = await one.create({});
    const here = (await one.reach({ id: id! }))!;
    await here.lease({ owner: "worker-7", for: "1h" });
    const there = (await two.reach({ id: id! }))!;
    expect(await there.lease({ owner: "worker-8" })).toBeUndefined();
    expect((await there.lease({ owner: "worker-7" }))?.epoch).toBe(2);
    here.set("n", 1);
    await expect(here.commit()).rejects.toMatchObject({ code: "lease_lost" });
  });

  test("a lease of the session before says nothing about the one that a log-in as another began, though their epochs are the same", async () => {
    const { one, two } = processes();
    const session = await one.create({ subject: "ana" });
    const before = (await session.lease({ owner: "worker-7" }))!;
    await session.authenticate("ben");
    const now = (await session.lease({ owner: "worker-8" }))!;
    expect([before.epoch, now.epoch, await before.renew()]).toEqual([1, 1, false]);
    await before.release();
    expect(await (await two.reach({ id: session.id! }))!.lease()).toBeUndefined();
    expect(await now.renew()).toBe(true);
    await (await two.reach({ id: session.id! }))!.lease({ takeOver: true });
    session.set("n", 1);
    await expect(session.commit()).rejects.toMatchObject({ code: "lease_lost" });
  });

  test("of 20 that try at once one gets it; the epoch grows with each holder", async () => {
    const store = open();
    const { one, clock } = processes(store);
    const { id } = await one.create({});
    for (let epoch = 1; epoch <= 3; epoch++) {
      const tries = await Promise.all(Array.from({ length: 20 }, async (_, i) => (await one.reach({ id: id! }))!.lease({ owner: `p${i}`, for: "10s" })));
      expect(tries.filter((lease) => lease !== undefined).map((lease) => lease.epoch)).toEqual([epoch]);
      clock.advance("10s");
    }
    expect((await store.load(id!))?.epoch).toBe(3);
  });

  test("no session, no lease; an ended one has none either", async () => {
    const { one } = processes();
    await expect((await one.visit({})).lease()).rejects.toMatchObject({ code: "session_missing" });
    const session = await one.create({});
    await one.end({ id: session.id! });
    await expect(session.lease()).rejects.toMatchObject({ code: "session_ended" });
  });
});
