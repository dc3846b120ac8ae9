import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { own } from "./entry.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import { createSessions } from "./sessions.ts";

const texts = fc.oneof(
  fc.string(),
  fc.json(),
  fc.constantFrom(
    "",
    "null",
    "0",
    "{}",
    "[]",
    '"x"',
    "true",
    "{",
    '{"created":"x"}',
    '{"hashes":[]}',
    '{"hashes":null}',
    '{"hashes":["a"],"seen":9}',
    "NaN",
    "1e999",
    "-1",
  ),
);
const field = fc.constantFrom(own.life, own.seen, own.secret, own.auth, own.client, own.lease, `${own.flash}notice`, "$future", "cart");

test("whatever stands in the manager's own fields, nothing throws: the session resumes or it does not, and its neighbours live", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(field, texts, { minKeys: 1 }),
      fc.option(fc.constantFrom("", "null", "{", '{"at":"x"}', "[]"), { nil: undefined }),
      async (set, ended) => {
        const store = memoryStore();
        const clock = fakeClock();
        const failed: unknown[] = [];
        const sessions = createSessions({ store, clock, idle: "30m", absolute: "12h", sweep: 1 });
        sessions.on("failed", (event) => failed.push(event));
        const good = await sessions.create({ subject: "ana", data: { cart: ["a"] } });
        const bad = await sessions.create({ subject: "ana", data: { cart: ["a"] }, aliases: ["pair"] });
        await store.commit({ id: bad.id!, expect: "live", set });
        if (ended !== undefined) await store.commit({ id: bad.id!, expect: "live", ended });
        const session = await sessions.visit({ token: bad.token });
        if (session.exists) {
          session.get("cart");
          session.flash("notice");
          expect([session.data, session.subject, session.levels, session.methods, session.isFresh("1m"), Number.isFinite(session.expiresAt)]).toBeDefined();
          session.set("theme", "dark");
          await sessions.settle(session);
          await (await sessions.reach({ id: bad.id! }))?.lease();
        }
        await sessions.info({ id: bad.id! });
        const listed: string[] = [];
        for await (const { id } of sessions.list({ subject: "ana" })) listed.push(id);
        for await (const { id } of sessions.list({ kind: "web" })) listed.push(id);
        expect(listed.filter((id) => id === good.id)).toHaveLength(2);
        await sessions.reach({ alias: "pair" });
        expect((await sessions.resume(good.token!))?.get("cart")).toEqual(["a"]);
        await sessions.end({ id: bad.id! });
        await sessions.endAll({ subject: "ana", except: good.id });
        expect((await sessions.resume(good.token!))?.exists).toBe(true);
        clock.advance("1h");
        await sessions.run();
        await sessions.close();
        expect([failed, (await sessions.info({ id: good.id! }))?.ended?.reason]).toEqual([[], "idle"]);
      },
    ),
    { numRuns: 200 },
  );
});

overEveryStore((open) => {
  test("10,000 fields: kept, read, changed one by one and taken away", async () => {
    const sessions = createSessions<Record<string, number>>({ store: open(), bounds: { record: 2_000_000 } });
    const session = await sessions.create({ data: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, i])) });
    const again = (await sessions.resume(session.token!))!;
    expect([Object.keys(again.data).length, again.get("f9999")]).toEqual([10_000, 9_999]);
    again.set("f0", -1);
    again.delete("f1");
    await again.commit();
    await again.checkpoint("many");
    await again.update("f2", (value = 0) => value + 1);
    await again.restore("many");
    const last = (await sessions.resume(session.token!))!;
    expect([Object.keys(last.data).length, last.get("f0"), last.get("f1"), last.get("f2")]).toEqual([9_999, -1, undefined, 2]);
  });

  test("a field of 64 kB is kept, one byte more is refused by its name, and nothing is lost", async () => {
    const store = open();
    const sessions = createSessions<Record<string, string>>({ store });
    const most = "x".repeat(65_534);
    const session = await sessions.create({ data: { big: most } });
    const refused = { code: "too_large", message: expect.stringContaining('"bigger" takes 65537 bytes; the bound is 65536') as string };
    expect(() => session.set("bigger", `${most}x`)).toThrow(expect.objectContaining(refused) as Error);
    await expect(session.update("bigger", () => `${most}x`)).rejects.toMatchObject(refused);
    await expect(sessions.create({ data: { bigger: `${most}x` } })).rejects.toMatchObject(refused);
    expect((await sessions.resume(session.token!))?.data).toEqual({ big: most });
  });

  test("two managers with other settings on one store: each session keeps the policy that it was given", async () => {
    const store = open();
    const clock = fakeClock();
    const strict = createSessions({ store, clock, idle: "5m", absolute: "1h", touch: "1s", limit: { perSubject: 1, whenFull: "end-oldest" } });
    const lax = createSessions({ store, clock, idle: "1d", absolute: "30d", touch: "1h", rotation: false });
    const brief = (await strict.create({ subject: "ana" })).token!;
    const long = (await lax.create({ subject: "ben" })).token!;
    clock.advance("4m");
    // Seen by the one that touches seldom: what it does not write down does not count.
    expect(await lax.resume(brief)).toBeDefined();
    clock.advance("1m");
    expect(await strict.resume(brief)).toBeUndefined();
    expect(await strict.resume(long)).toBeDefined();
    clock.advance("20h");
    expect((await strict.resume(long))?.expiresAt).toBeGreaterThan(clock.now());
    await lax.create({ subject: "ben" });
    // Whoever has a limit keeps it, counting what others began.
    await strict.create({ subject: "ben" });
    const live: string[] = [];
    for await (const { id } of lax.list({ subject: "ben" })) live.push(id);
    expect(live).toHaveLength(1);
  });
});
