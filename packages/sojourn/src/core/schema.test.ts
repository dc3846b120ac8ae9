import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { memoryStore } from "../stores/memory/memory.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { overEveryStore } from "./every-store.fixture.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { StandardSchema } from "./schema.ts";

interface Data {
  cart: { sku: string; qty: number }[];
  theme: "light" | "dark";
}

/** The same two fields by three libraries. */
const schemas = {
  zod: { cart: z.array(z.object({ sku: z.string(), qty: z.number().int() })), theme: z.enum(["light", "dark"]) },
  valibot: { cart: v.array(v.object({ sku: v.string(), qty: v.pipe(v.number(), v.integer()) })), theme: v.picklist(["light", "dark"]) },
  arktype: { cart: type({ sku: "string", qty: "number.integer" }).array(), theme: type("'light' | 'dark'") },
};

describe.each(Object.entries(schemas))("a schema of %s", (_, schema) => {
  const open = (): Sessions<Data> => createSessions<Data>({ store: memoryStore(), schema });

  test("lets pass what it allows", async () => {
    const session = await open().create({ data: { cart: [{ sku: "a", qty: 1 }] } });
    session.set("theme", "dark");
    await session.update("cart", (cart = []) => [...cart, { sku: "b", qty: 2 }]);
    await session.commit();
    expect(session.data).toEqual({
      cart: [
        { sku: "a", qty: 1 },
        { sku: "b", qty: 2 },
      ],
      theme: "dark",
    });
    expect(Object.isFrozen(session.get("cart")?.[0])).toBe(true);
  });

  test("refuses the rest by its path, without quoting it, and nothing is set", async () => {
    const sessions = open();
    const session = await sessions.create({});
    const secret = "4111 1111 1111 1111";
    const bad = { code: "invalid_field", message: expect.stringMatching(/^The field cart\[1\]\.qty is not/) as string };
    expect(() =>
      session.set("cart", [
        { sku: "a", qty: 1 },
        { sku: "b", qty: secret as unknown as number },
      ]),
    ).toThrow(expect.objectContaining(bad) as Error);
    await expect(
      session.update("cart", () => [
        { sku: "a", qty: 1 },
        { sku: "b", qty: 0.5 },
      ]),
    ).rejects.toMatchObject(bad);
    await expect(sessions.create({ data: { theme: secret as "dark" } })).rejects.toMatchObject({ code: "invalid_field" });
    try {
      session.set("theme", secret as "dark");
    } catch (error) {
      expect(String(error)).not.toContain(secret);
      expect((error as Error).cause).toBeUndefined();
    }
    expect(session.data).toEqual({});
  });

  test("a kept value that it no longer allows reads as absent and is told once; the session lives, and the field can be set again", async () => {
    const store = memoryStore();
    const before = createSessions({ store });
    const { token } = await before.create({ subject: "ana", data: { theme: "sepia", cart: [] } });
    const sessions = createSessions<Data>({ store, schema });
    const told: string[] = [];
    sessions.on("unreadable", ({ field }) => told.push(field));
    const session = (await sessions.resume(token!))!;
    expect([session.get("theme"), session.get("theme"), session.data, session.subject]).toEqual([undefined, undefined, { cart: [] }, "ana"]);
    expect(told).toEqual(["theme"]);
    expect((await before.resume(token!))?.get("theme")).toBe("sepia");
    session.set("theme", "dark");
    await session.commit();
    expect((await sessions.resume(token!))?.get("theme")).toBe("dark");
  });
});

test("types come from the schemas", () => {
  const sessions = createSessions({ store: memoryStore(), schema: schemas.zod });
  expectTypeOf(sessions).toEqualTypeOf<Sessions<Data>>();
  expectTypeOf(createSessions({ store: memoryStore(), schema: schemas.valibot })).toEqualTypeOf<Sessions<Data>>();
  expectTypeOf(createSessions({ store: memoryStore(), schema: schemas.arktype })).toEqualTypeOf<Sessions<Data>>();
});

test("a default is read where nothing is kept, begins no session and is not written", async () => {
  const store = memoryStore();
  const sessions = createSessions({ store, schema: { theme: z.string().default("light"), cart: z.array(z.string()).default(() => []) } });
  const nobody = await sessions.visit({});
  expect([nobody.get("theme"), nobody.data, nobody.exists]).toEqual(["light", { theme: "light", cart: [] }, false]);
  expect(await sessions.settle(nobody)).toBeUndefined();
  const somebody = await sessions.visit({});
  expect(await somebody.update("cart", (cart) => [...(cart ?? []), "a"])).toEqual(["a"]);
  expect(Object.keys((await store.load(somebody.id!))?.fields ?? {}).filter((name) => !name.startsWith("$"))).toEqual(["cart"]);
  somebody.delete("cart");
  expect(somebody.get("cart")).toEqual([]);
});

test("a schema that cannot be asked at once, that refuses what it makes, that is no schema, or one for all fields together, is a wrong option", async () => {
  const store = memoryStore();
  const late: StandardSchema<string> = { "~standard": { version: 1, vendor: "test", validate: (value) => Promise.resolve({ value: String(value) }) } };
  expect(() => createSessions({ store, schema: { a: late } })).toThrow(/schema of a answers with a promise/);
  const session = await createSessions<{ n: number }>({
    store,
    schema: { n: z.string().transform(Number) },
  }).create({});
  expect(() => session.set("n", "5" as unknown as number)).toThrow(/does not accept the value that it gives back/);
  expect(() => createSessions<{ a: string }>({ store, schema: { a: {} as StandardSchema<string> } })).toThrow(/schema\.a is no schema/);
  expect(() => createSessions({ store, schema: z.object({ a: z.string() }) as unknown as { a: StandardSchema<string> } })).toThrow(/a schema for each field/);
  expect(() => createSessions({ store, version: 1.5 })).toThrow(/version is 1.5/);
  expect(() => createSessions({ store, migrate: () => ({}) })).toThrow(/without a version/);
});

/** Three versions of one application: the cart was a list of texts, then of objects; then it was renamed. */
interface V1 {
  cart: string[];
  theme: string;
}
interface V2 {
  cart: { sku: string; qty: number }[];
  theme: string;
}
interface V3 {
  basket: { sku: string; qty: number }[];
  theme: string;
}
const lines = z.array(z.object({ sku: z.string(), qty: z.number() }));

overEveryStore((open) => {
  function deploy() {
    const store = open();
    const clock = fakeClock();
    const told: string[] = [];
    const one = createSessions<V1>({ store, clock, version: 1, schema: { cart: z.array(z.string()), theme: z.string() } });
    const two = createSessions<V2>({
      store,
      clock,
      version: 2,
      schema: { cart: lines, theme: z.string() },
      migrate: (older, from) => (from < 2 ? { ...older, cart: (older["cart"] as string[] | undefined)?.map((sku) => ({ sku, qty: 1 })) } : {}),
    });
    const three = createSessions<V3>({
      store,
      clock,
      version: 3,
      schema: { basket: lines, theme: z.string() },
      migrate: ({ cart, theme }, from) => ({
        ...(theme === undefined ? undefined : { theme: theme as string }),
        ...(cart === undefined ? undefined : { basket: from < 2 ? (cart as string[]).map((sku) => ({ sku, qty: 1 })) : (cart as V3["basket"]) }),
      }),
    });
    for (const sessions of [one, two, three]) sessions.on("unreadable", ({ field }) => told.push(field));
    return { store, one, two, three, told };
  }

  test("a newer version reads what an older one wrote, and writes in its own form only what it sets", async () => {
    const { store, one, two, three, told } = deploy();
    const { token, id } = await one.create({ data: { cart: ["a"], theme: "dark" } });
    const migrated = (await two.resume(token!))!;
    expect(migrated.data).toEqual({ cart: [{ sku: "a", qty: 1 }], theme: "dark" });
    expect((await three.resume(token!))?.data).toEqual({ basket: [{ sku: "a", qty: 1 }], theme: "dark" });
    expect((await store.load(id!))?.version).toBe(1);
    await migrated.update("cart", (cart = []) => [...cart, { sku: "b", qty: 2 }]);
    const { fields } = (await store.load(id!))!;
    expect([fields["cart"], fields["theme"]]).toEqual(['@2 [{"sku":"a","qty":1},{"sku":"b","qty":2}]', '@1 "dark"']);
    expect((await three.resume(token!))?.data).toEqual({
      basket: [
        { sku: "a", qty: 1 },
        { sku: "b", qty: 2 },
      ],
      theme: "dark",
    });
    expect(told).toEqual([]);
  });

  test("a rolling deploy: two versions serve one session in turn, and neither breaks it for the other", async () => {
    const { one, two, told } = deploy();
    const { token } = await one.create({ subject: "ana", data: { cart: ["a"] } });
    const at = async <T extends object>(sessions: Sessions<T>) => (await sessions.resume(token!))!;
    // The new version writes a field that the old one cannot read: to it the field is absent, and it may write its own.
    await (await at(two)).update("cart", (cart = []) => [...cart, { sku: "b", qty: 2 }]);
    const old = await at(one);
    expect([old.get("cart"), old.subject]).toEqual([undefined, "ana"]);
    expect(told).toEqual(["cart"]);
    old.set("theme", "dark");
    await old.commit();
    const now = await at(two);
    expect(now.data).toEqual({
      cart: [
        { sku: "a", qty: 1 },
        { sku: "b", qty: 2 },
      ],
      theme: "dark",
    });
    await (await at(one)).update("cart", (cart = []) => [...cart, "c"]);
    expect((await at(two)).get("cart")).toEqual([{ sku: "c", qty: 1 }]);
  });

  test("a rolling deploy that renames: the old version goes on with its field, the new one's own comes first, and what it deleted stays deleted", async () => {
    const { one, three } = deploy();
    const { token } = await one.create({ data: { cart: ["a"], theme: "dark" } });
    const at = async <T extends object>(sessions: Sessions<T>) => (await sessions.resume(token!))!;
    const session = await at(three);
    session.set("basket", [{ sku: "x", qty: 9 }]);
    await session.commit();
    expect((await at(one)).get("cart")).toEqual(["a"]);
    await (await at(one)).update("cart", (cart = []) => [...cart, "b"]);
    const later = await at(three);
    expect(later.data).toEqual({ basket: [{ sku: "x", qty: 9 }], theme: "dark" });
    later.delete("basket");
    await later.commit();
    expect([later.get("basket"), (await at(three)).data, (await at(one)).get("cart")]).toEqual([undefined, { theme: "dark" }, ["a", "b"]]);
  });

  test("keep, flash, checkpoints and restore go through versions too", async () => {
    const { one, three } = deploy();
    const begun = await one.create({ data: { cart: ["a"], theme: "dark" } });
    begun.flash("notice", "saved");
    await begun.commit();
    const session = (await three.resume(begun.token!))!;
    expect(session.flash("notice")).toBe("saved");
    await session.authenticate("ana", { keep: ["basket"] });
    expect(session.data).toEqual({ basket: [{ sku: "a", qty: 1 }] });
    const old = (await one.resume(session.token!))!;
    old.set("cart", ["old"]);
    await old.commit();
    await old.checkpoint("by the old one");
    session.set("basket", []);
    await session.commit();
    const other = await three.create({ subject: "ana" });
    await other.restore("by the old one");
    // Its own basket is older than none: the checkpoint has one by the new version.
    expect(other.get("basket")).toEqual([{ sku: "a", qty: 1 }]);
  });

  test("a migration that throws harms its fields, not the session", async () => {
    const { one, store, told } = deploy();
    const { token } = await one.create({ subject: "ana", data: { cart: ["a"], theme: "dark" } });
    const broken = createSessions<V1>({
      store,
      clock: fakeClock(),
      version: 2,
      migrate: () => {
        throw new Error("no");
      },
    });
    broken.on("unreadable", ({ field }) => told.push(field));
    const session = (await broken.resume(token!))!;
    expect([session.data, session.subject]).toEqual([{}, "ana"]);
    expect(told.toSorted()).toEqual(["cart", "theme"]);
    session.set("theme", "light");
    await session.commit();
    expect(session.data).toEqual({ theme: "light" });
    expect((await one.resume(token!))?.get("cart")).toEqual(["a"]);
  });
});
