import { expect, test } from "vitest";
import { fakeClock } from "../testing/fake-clock.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import type { Store } from "./seam.ts";
import { createSessions } from "./sessions.ts";

const handset = "+4915112345678>+4930123";

overEveryStore((open) => {
  function manager(store: Store, clock = fakeClock(), tenant = "main") {
    return { clock, sessions: createSessions<{ step: number }>({ store, clock, tenant, kind: "sms", idle: "1h", absolute: "1d" }) };
  }

  test("a session is reached by its alias, and by nothing else that looks like it", async () => {
    const store = open();
    const { sessions } = manager(store);
    const begun = await sessions.create({ data: { step: 1 }, aliases: [handset, "second"] });
    for (const alias of [handset, "second"]) {
      const reached = await sessions.reach({ alias });
      expect([reached?.id, reached?.get("step")]).toEqual([begun.id, 1]);
    }
    expect(await sessions.reach({ alias: `${handset} ` })).toBeUndefined();
    expect(await manager(store, undefined, "other").sessions.reach({ alias: handset })).toBeUndefined();
    await expect(sessions.reach({ alias: "" })).rejects.toMatchObject({ code: "invalid_field" });
  });

  test("the store learns no alias", async () => {
    const store = open();
    const { sessions } = manager(store);
    const begun = await sessions.create({ aliases: [handset] });
    const record = await store.load(begun.id!);
    expect(record?.aliases).toHaveLength(1);
    expect(JSON.stringify(record)).not.toContain("4915112345678");
  });

  test("of two sessions one gets the alias; the other hears it, keeps what it had, and the error does not tell the alias", async () => {
    const { sessions } = manager(open());
    const one = await sessions.create({});
    const two = await sessions.create({ aliases: ["kept"] });
    const claims = await Promise.allSettled([one.claim(handset), two.claim(handset)]);
    expect(claims.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const reason: unknown = claims.find((claim) => claim.status === "rejected")?.reason;
    expect(reason).toMatchObject({ code: "alias_taken", status: 409 });
    expect(String(reason)).not.toContain("4915112345678");
    const holder = await sessions.reach({ alias: handset });
    expect([one.id, two.id]).toContain(holder?.id);
    expect((await sessions.reach({ alias: "kept" }))?.id).toBe(two.id);
  });

  test("several at once: all of them or none", async () => {
    const { sessions } = manager(open());
    await sessions.create({ aliases: ["b"] });
    const session = await sessions.create({});
    await expect(session.claim("a", "b", "c")).rejects.toMatchObject({ code: "alias_taken" });
    for (const alias of ["a", "c"]) expect(await sessions.reach({ alias })).toBeUndefined();
    await expect(sessions.create({ aliases: ["a", "b"] })).rejects.toMatchObject({ code: "alias_taken" });
    expect(await sessions.reach({ alias: "a" })).toBeUndefined();
  });

  test("released, ended and erased sessions free their aliases at once", async () => {
    const { sessions } = manager(open());
    const one = await sessions.create({ subject: "ana", aliases: ["a", "b"] });
    await one.release("a", "never held");
    const two = await sessions.create({ aliases: ["a"] });
    await one.end();
    await two.claim("b");
    expect((await sessions.reach({ alias: "b" }))?.id).toBe(two.id);
    await two.authenticate("ana");
    expect(await sessions.erase({ subject: "ana" })).toEqual({ sessions: 2, checkpoints: 0 });
    expect((await sessions.create({ aliases: ["a", "b"] })).exists).toBe(true);
  });

  test("a holder whose time is over gives way, though no sweep has met it", async () => {
    const { sessions, clock } = manager(open());
    const old = await sessions.create({ aliases: [handset] });
    clock.advance("1h");
    expect(await sessions.reach({ alias: handset })).toBeUndefined();
    const next = await sessions.create({ aliases: [handset] });
    expect((await sessions.reach({ alias: handset }))?.id).toBe(next.id);
    expect((await sessions.info({ id: old.id! }))?.ended?.reason).toBe("idle");
  });

  test("reaching counts as activity, unless it is told not to", async () => {
    const { sessions, clock } = manager(open());
    const one = await sessions.create({ aliases: [handset] });
    clock.advance("50m");
    await sessions.reach({ id: one.id! }, { touch: false });
    clock.advance("9m");
    const met = await sessions.reach({ alias: handset });
    expect(met?.id).toBe(one.id);
    // No request waits for a touch, but for one that commits.
    await met?.commit();
    clock.advance("50m");
    expect((await sessions.reach({ alias: handset }, { touch: false }))?.id).toBe(one.id);
    clock.advance("10m");
    expect(await sessions.reach({ id: one.id! })).toBeUndefined();
  });

  test("the first claim begins a session; a 33rd alias is refused by its number", async () => {
    const { sessions } = manager(open());
    const session = await sessions.visit({});
    await session.claim("first");
    expect((await sessions.reach({ alias: "first" }))?.id).toBe(session.id);
    await session.claim(...Array.from({ length: 31 }, (_, i) => `a${i}`));
    await expect(session.claim("one too many")).rejects.toMatchObject({ code: "too_large", message: expect.stringContaining("33 aliases") as string });
    await session.claim("first");
    await session.release("first");
    await session.claim("another");
  });

  test("below a floor nobody holds an alias", async () => {
    const store = open();
    const { sessions, clock } = manager(store);
    const { sessions: web } = { sessions: createSessions({ store, clock, kind: "web" }) };
    await sessions.create({ aliases: [handset] });
    clock.advance("1s");
    // It lists the sessions of its own kind only: the other one dies by the floor.
    await web.endAll({ everyone: true });
    expect((await sessions.create({ aliases: [handset] })).exists).toBe(true);
  });

  test("100 parallel claims of one alias: one holder", async () => {
    const { sessions } = manager(open());
    const begun = await Promise.all(Array.from({ length: 100 }, () => sessions.create({})));
    const claims = await Promise.allSettled(begun.map((session) => session.claim(handset)));
    expect(claims.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await sessions.reach({ alias: handset }))?.id).toBe(begun[claims.findIndex(({ status }) => status === "fulfilled")]?.id);
  });
});
