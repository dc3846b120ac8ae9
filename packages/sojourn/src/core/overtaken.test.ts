import { describe, expect, test } from "vitest";
import { fakeClock } from "../testing/fake-clock.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import type { Session } from "./session.ts";
import { createSessions, type Sessions } from "./sessions.ts";

interface Data {
  cart: string[];
  secret: string;
}

/** Two requests come with the token of one anonymous session, perhaps an attacker's who planted it; one of them logs in while the other is under way. */
overEveryStore((open) => {
  async function overtaken(): Promise<{ sessions: Sessions<Data>; late: Session<Data>; ana: Session<Data>; clock: ReturnType<typeof fakeClock> }> {
    const clock = fakeClock();
    const sessions = createSessions<Data>({ store: open(), clock, idle: "30m", absolute: "12h" });
    const { token } = await sessions.create({ data: { cart: ["planted"] } });
    const late = await sessions.visit({ token });
    const ana = await sessions.visit({ token });
    await ana.authenticate("ana", { keep: ["cart"] });
    ana.set("secret", "hers");
    await ana.commit();
    return { sessions, late, ana, clock };
  }

  const refused = { code: "session_ended", status: 401 };

  describe("a request that a log-in has overtaken", () => {
    const acts: Readonly<Record<string, (late: Session<Data>) => Promise<unknown>>> = {
      "logs in as another": (late) => late.authenticate("mallory", { keep: ["secret", "cart"] }),
      "logs in as the same": (late) => late.authenticate("ana"),
      writes: async (late) => {
        late.set("cart", ["smuggled"]);
        await late.commit();
      },
      updates: (late) => late.update("cart", () => ["smuggled"]),
      "takes a name": (late) => late.claim("smuggled"),
      "takes a lease": (late) => late.lease({ takeOver: true }),
      "keeps a checkpoint": (late) => late.checkpoint("smuggled"),
      rotates: (late) => late.rotate(),
      ends: (late) => late.end(),
    };
    test.each(Object.entries(acts))("that %s is refused or comes to nothing, sees nothing of the subject's, and changes nothing", async (name, act) => {
      const { sessions, late, ana } = await overtaken();
      if (name === "rotates") await act(late);
      else await expect(act(late)).rejects.toMatchObject(refused);
      expect([late.subject, late.get("secret"), late.token]).toEqual([undefined, undefined, undefined]);
      // What was pending is refused again; nothing is handed back either way.
      const handed = (async () => sessions.settle(late))();
      if (name === "writes") await expect(handed).rejects.toMatchObject(refused);
      else expect(await handed).toBeUndefined();
      const now = await sessions.resume(ana.token!);
      expect([now?.subject, now?.data]).toEqual(["ana", { cart: ["planted"], secret: "hers" }]);
      expect(await sessions.reach({ alias: "smuggled" })).toBeUndefined();
      expect(await sessions.checkpoints({ subject: "ana" })).toEqual([]);
    });
  });

  test("an elevation by a request whose secret was replaced meanwhile hands it no new one", async () => {
    const { sessions, ana } = await overtaken();
    const [one, two] = [await sessions.visit({ token: ana.token }), await sessions.visit({ token: ana.token })];
    await one.elevate("pay");
    await expect(two.elevate("pay")).rejects.toMatchObject({ code: "session_ended" });
    expect([two.token, await sessions.settle(two)]).toEqual([undefined, undefined]);
    expect((await sessions.resume(one.token!))?.levels).toEqual(["pay"]);
  });

  test("a write that was refused begins no session when its answer is settled", async () => {
    const { sessions, ana } = await overtaken();
    const slow = await sessions.visit({ token: ana.token });
    slow.set("cart", ["late"]);
    await sessions.end({ id: ana.id! });
    await expect(slow.commit()).rejects.toMatchObject({ code: "session_ended" });
    await expect((async () => sessions.settle(slow))()).rejects.toMatchObject({ code: "session_ended" });
    expect((await sessions.page({ kind: "web" })).sessions.map(({ id }) => id)).toEqual([ana.id]);
  });

  test("a claim with the token of a session that ended a moment ago is refused like any other write, and begins no session", async () => {
    const { sessions, ana } = await overtaken();
    await sessions.end({ id: ana.id! });
    const slow = await sessions.visit({ token: ana.token });
    await expect(slow.claim("late")).rejects.toMatchObject({ code: "session_ended" });
    expect([slow.exists, await sessions.reach({ alias: "late" })]).toEqual([false, undefined]);
  });

  test("a message planted before a log-in does not reach whoever logs in, unless it is kept by its name", async () => {
    const clock = fakeClock();
    const sessions = createSessions<Data>({ store: open(), clock });
    const planted = await sessions.visit({});
    planted.flash("notice", "call this number");
    await planted.commit();
    const session = (await sessions.resume(planted.token!))!;
    await session.authenticate("ana");
    expect(session.flash("notice")).toBeUndefined();
  });

  test("an expired session is not revived by a slow log-in or elevation with a longer life", async () => {
    const { sessions, ana, clock } = await overtaken();
    const slow = (await sessions.resume(ana.token!))!;
    clock.advance("30m");
    await expect(slow.authenticate("ana", { idle: "10h" })).rejects.toMatchObject({ code: "session_ended" });
    await expect(slow.elevate("pay")).rejects.toMatchObject({ code: expect.stringMatching(/session_ended|not_authenticated/) as string });
    expect(await sessions.resume(ana.token!)).toBeUndefined();
  });

  test("a long request elevates, and logs in anew, while others keep the session alive", async () => {
    const { sessions, ana, clock } = await overtaken();
    const [one, two] = [(await sessions.resume(ana.token!))!, (await sessions.resume(ana.token!))!];
    for (let n = 0; n < 3; n++) {
      clock.advance("20m");
      await (await sessions.resume(ana.token!))!.commit();
    }
    await one.elevate("pay");
    expect(one.levels).toEqual(["pay"]);
    // But not with a secret that was replaced meanwhile.
    await expect(two.authenticate("ana")).rejects.toMatchObject(refused);
  });

  test("what a long request begins lives from when it was written, not from when the request began", async () => {
    const clock = fakeClock();
    const sessions = createSessions<Data>({ store: open(), clock, idle: "30m" });
    const slow = await sessions.visit({ began: clock.now() });
    clock.advance("31m");
    slow.set("cart", ["a"]);
    await sessions.settle(slow);
    expect((await sessions.resume(slow.token!))?.get("cart")).toEqual(["a"]);
    const login = await sessions.visit({ token: slow.token, began: clock.now() });
    clock.advance("29m");
    await login.authenticate("ana");
    clock.advance("29m");
    expect((await sessions.resume(login.token!))?.subject).toBe("ana");
  });

  test("a lease taken of a session without a subject keeps nobody else from writing, and a log-in takes it away", async () => {
    const clock = fakeClock();
    const sessions = createSessions<Data>({ store: open(), clock });
    const { token } = await sessions.create({ data: { cart: [] } });
    const [holder, other] = [(await sessions.resume(token!))!, (await sessions.resume(token!))!];
    const lease = (await holder.lease({ for: "1h" }))!;
    other.set("cart", ["a"]);
    await other.commit();
    expect((await sessions.resume(token!))?.get("cart")).toEqual(["a"]);
    await other.authenticate("ana", { keep: ["cart"] });
    expect(await lease.renew()).toBe(false);
    holder.set("secret", "x");
    await expect(holder.commit()).rejects.toMatchObject({ code: "lease_lost" });
    expect((await (await sessions.resume(other.token!))!.lease())?.epoch).toBe(3);
  });
});
