import { expect, test } from "vitest";
import { fakeClock } from "../testing/fake-clock.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import type { Store } from "./seam.ts";
import { createSessions, type Sessions } from "./sessions.ts";

overEveryStore((open) => {
  interface Data {
    n: number;
  }
  /** Two managers stand for two processes. */
  function processes(store: Store = open()) {
    const clock = fakeClock();
    const manager = (): Sessions<Data> => createSessions<Data>({ store, clock, kind: "sms", idle: "10d", absolute: "20d", sweep: 5 });
    return { clock, one: manager(), two: manager(), store };
  }

  /** Has a manager sweep until it holds. */
  async function sweptUntil(manager: Sessions<Data>, holds: () => unknown): Promise<void> {
    await manager.run();
    try {
      for (let i = 0; i < 2000 && !(await holds()); i++) await new Promise((resolve) => setTimeout(resolve, 2));
      expect(await holds()).toBeTruthy();
    } finally {
      await manager.close();
    }
  }

  /** Has it sweep a few times. */
  async function swept(manager: Sessions<Data>): Promise<void> {
    await manager.run();
    await new Promise((resolve) => setTimeout(resolve, 40));
    await manager.close();
  }

  test("the handler is called when the time has come, once, and it is no activity", async () => {
    const { clock, one } = processes();
    const woken: unknown[] = [];
    one.onWake("sms", async (session) => {
      woken.push([session.id, session.get("n"), session.wakesAt]);
    });
    const session = await one.create({ data: { n: 7 } });
    const at = clock.now() + 3_600_000;
    session.wakeAt(at);
    expect(session.wakesAt).toBe(at);
    await session.commit();
    await swept(one);
    expect(woken).toEqual([]);
    clock.advance("1h");
    await sweptUntil(one, () => woken.length > 0);
    await swept(one);
    expect(woken).toEqual([[session.id, 7, at]]);
    const after = (await one.reach({ id: session.id! }, { touch: false }))!;
    expect([after.wakesAt, after.expiresAt]).toEqual([undefined, at - 3_600_000 + 10 * 86_400_000]);
  });

  test("a handler may ask for another moment, near or far, and a session may take its back", async () => {
    const { clock, one } = processes();
    const woken: number[] = [];
    const steps = [1_000, 5 * 86_400_000];
    one.onWake("sms", async (session) => {
      woken.push(clock.now());
      const next = steps.shift();
      if (next === undefined) return;
      session.wakeAt(clock.now() + next);
      await session.commit();
    });
    const session = await one.create();
    session.wakeAt(clock.now());
    await session.commit();
    const start = clock.now();
    await sweptUntil(one, () => woken.length === 1);
    clock.advance(1_000);
    await sweptUntil(one, () => woken.length === 2);
    clock.advance(5 * 86_400_000 - 1);
    await swept(one);
    expect(woken).toHaveLength(2);
    clock.advance(1);
    await sweptUntil(one, () => woken.length === 3);
    expect(woken.map((at) => at - start)).toEqual([0, 1_000, 1_000 + 5 * 86_400_000]);

    const other = await one.create();
    other.wakeAt(clock.now() + 10);
    await other.commit();
    other.wakeAt(undefined);
    await other.commit();
    clock.advance(20);
    await swept(one);
    expect(woken).toHaveLength(3);
  });

  test("of several processes one calls its handler for each session", async () => {
    const { clock, one, two } = processes();
    const woken: string[] = [];
    for (const manager of [one, two]) manager.onWake("sms", async (session) => void woken.push(session.id!));
    const ids = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const session = await one.create();
        session.wakeAt(clock.now() + 100);
        await session.commit();
        return session.id!;
      }),
    );
    clock.advance(100);
    await Promise.all([sweptUntil(one, () => woken.length >= 40), sweptUntil(two, () => woken.length >= 40)]);
    expect(woken.toSorted()).toEqual(ids.toSorted());
  });

  test("a handler that fails is told, and called again after 30 seconds", async () => {
    const { clock, one } = processes();
    let calls = 0;
    const failures: unknown[] = [];
    one.on("failed", ({ doing, error }) => failures.push([doing, error.message]));
    one.onWake("sms", async () => {
      if (++calls === 1) throw new Error("the network is down");
    });
    const session = await one.create();
    session.wakeAt(clock.now());
    await session.commit();
    await sweptUntil(one, () => calls === 1);
    await swept(one);
    expect([calls, failures]).toEqual([1, [["wake a session", "the network is down"]]]);
    clock.advance(29_999);
    await swept(one);
    expect(calls).toBe(1);
    clock.advance(1);
    await sweptUntil(one, () => calls === 2);
    clock.advance("1h");
    await swept(one);
    expect(calls).toBe(2);
  });

  test("a process that dies at work is followed by another after 30 seconds", async () => {
    const { clock, one, two } = processes();
    let begun = 0;
    // It never comes back from there.
    one.onWake("sms", () => new Promise(() => void begun++));
    const session = await one.create();
    session.wakeAt(clock.now());
    await session.commit();
    await one.run();
    while (begun === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    let done = 0;
    two.onWake("sms", async () => void done++);
    await swept(two);
    expect(done).toBe(0);
    // It claims nothing more, and its handler is still at work.
    void one.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance("30s");
    await sweptUntil(two, () => done === 1);
  });

  test("a process without a handler leaves what is due to others, and is not kept from its own work by it", { timeout: 30_000 }, async () => {
    const { clock, one, two } = processes();
    for (let i = 0; i < 600; i++) {
      const session = await one.create();
      session.wakeAt(clock.now());
      await session.commit();
    }
    clock.advance(1);
    const short = await two.create({ idle: "1s" });
    await swept(two);
    clock.advance("5s");
    const over = async (): Promise<boolean> => (await two.info({ id: short.id! }))?.ended !== undefined;
    let told = 0;
    two.on("ended", () => void told++);
    await sweptUntil(two, () => told === 1);
    expect(await over()).toBe(true);
    let woken = 0;
    one.onWake("sms", async () => void woken++);
    clock.advance("10s");
    await sweptUntil(one, () => woken === 600);
  });

  test("a session that is over, or has ended, is not woken", async () => {
    const { clock, one } = processes();
    let calls = 0;
    one.onWake("sms", async () => void calls++);
    for (const idle of ["1h", "10d"] as const) {
      const session = await one.create({ idle });
      session.wakeAt(clock.now() + 7_200_000);
      await session.commit();
      if (idle === "10d") await session.end();
    }
    clock.advance("3h");
    await swept(one);
    expect(calls).toBe(0);
  });

  test("it is written with whatever is written: at creation, with a log-in, with an elevation, by compare-and-set", async () => {
    const { clock, one, store } = processes();
    const wakeOf = async (id: string): Promise<number | undefined> => (await store.load(id as never))?.wake;
    const soon = clock.now() + 60_000;
    const born = (await one.resume((await one.create({ subject: "ana" })).token!))!;
    born.wakeAt(soon);
    await born.elevate("sudo");
    expect(await wakeOf(born.id!)).toBe(soon);
    await born.authenticate("ana");
    expect([await wakeOf(born.id!), born.wakesAt]).toEqual([soon, soon]);
    born.wakeAt(soon - 1);
    await born.commit({ ifVersion: born.version });
    expect(await wakeOf(born.id!)).toBe(soon - 1);

    // What was planted before a log-in does not survive it.
    const stranger = (await one.resume((await one.create()).token!))!;
    stranger.wakeAt(soon);
    await stranger.commit();
    await stranger.authenticate("eve");
    expect([stranger.wakesAt, await wakeOf(stranger.id!)]).toEqual([undefined, stranger.expiresAt]);
  });

  test("only a whole number of milliseconds is a moment", async () => {
    const { clock, one, store } = processes();
    const born = await one.create({ wakeAt: clock.now() + 5 });
    expect([born.wakesAt, (await store.load(born.id!))?.wake]).toEqual([clock.now() + 5, clock.now() + 5]);
    const session = await one.create();
    for (const wrong of [NaN, Infinity, 1.5, "1h" as never]) {
      expect(() => session.wakeAt(wrong)).toThrow(
        expect.objectContaining({ code: "invalid_field", message: expect.stringContaining("epoch milliseconds") as string }) as Error,
      );
    }
  });
});
