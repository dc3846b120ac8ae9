import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionId } from "sojourn";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { developmentKey } from "./development-key.ts";
import { environmentKey } from "./environment-key.ts";
import { keysOf, newKey, type Keys } from "./keys.ts";
import { openStore } from "./open-store.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

afterEach(cleanUp);

function keysIn(data: string): Keys {
  const store = openStore(data);
  later(() => store.close());
  return keysOf(store);
}

test("a key is good from when it is added until it is revoked, and others are not touched", async () => {
  const keys = keysIn(tempFolder());
  const [one, two] = [newKey(), newKey()];
  const added = await keys.add(one, { name: "shop" });
  await keys.add(two, { name: "till" });
  expect(await keys.check(one)).toEqual(added);
  expect((await keys.list()).map(({ name }) => name).toSorted()).toEqual(["shop", "till"]);
  expect(await keys.revoke(added.id)).toBe(true);
  expect(await keys.revoke(added.id)).toBe(false);
  expect([await keys.check(one), (await keys.check(two))?.name]).toEqual([undefined, "till"]);
});

test("what is not a key, or one character off, is refused", async () => {
  const keys = keysIn(tempFolder());
  const key = newKey();
  await keys.add(key, { name: "shop" });
  const off = key.slice(0, -1) + (key.endsWith("A") ? "E" : "A");
  for (const wrong of ["", "sjk_", key.slice(4), `${key} `, off, key.toLowerCase(), "x".repeat(10_000)]) expect(await keys.check(wrong)).toBeUndefined();
});

test("a record in a key's place proves nothing: the whole hash must be the key's", async () => {
  const store = openStore(tempFolder());
  later(() => store.close());
  const keys = keysOf(store);
  const key = newKey();
  const { id } = await keys.add(key, { name: "shop" });
  const hash = createHash("sha256").update(newKey()).digest("base64url");
  expect(await store.commit({ id: id as SessionId, expect: "live", set: { hash } })).toMatchObject({ ok: true });
  expect(await keys.check(key)).toBeUndefined();
});

test("of before there were roles it is the application's of the first tenant; of a role from the future it may do the least", async () => {
  const store = openStore(tempFolder());
  later(() => store.close());
  const keys = keysOf(store);
  const key = newKey();
  const { id } = await keys.add(key, { name: "shop", role: "admin", tenant: "two" });
  await store.commit({ id: id as SessionId, expect: "live", unset: ["role", "tenant"] });
  expect(await keys.check(key)).toMatchObject({ role: "app", tenant: "main" });
  await store.commit({ id: id as SessionId, expect: "live", set: { role: "emperor", tenant: "two" } });
  expect(await keys.check(key)).toMatchObject({ role: "gateway", tenant: "two" });
  expect([(await keys.list("main")).length, (await keys.list("two")).length, await keys.revoke(id, "main"), await keys.revoke(id, "two")]).toEqual([
    0,
    1,
    false,
    true,
  ]);
});

test("a key is nowhere in the data folder, in any form", async () => {
  const data = tempFolder();
  const keys = keysIn(data);
  const key = newKey();
  await keys.add(key, { name: "shop" });
  const files = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(data, name)).isFile());
  const secret = Buffer.from(key.slice(4), "base64url");
  for (const name of files) {
    const bytes = readFileSync(join(data, name));
    for (const form of [Buffer.from(key), secret, Buffer.from(secret.toString("hex"))]) expect(bytes.includes(form), name).toBe(false);
  }
  expect(files.length).toBeGreaterThan(0);
});

test("the development key is made once, kept for its owner, and read again", async () => {
  const data = tempFolder();
  const keys = keysIn(data);
  const first = await developmentKey(data, keys, undefined);
  expect(await keys.check(first.fresh ?? "")).toMatchObject({ name: "development" });
  expect(statSync(first.file).mode & 0o777).toBe(0o600);
  expect(await developmentKey(data, keys, undefined)).toEqual({ file: first.file, fresh: undefined });
  expect(await keys.list()).toHaveLength(1);
});

test("a given development key takes the old one's place", async () => {
  const data = tempFolder();
  const keys = keysIn(data);
  const { file, fresh = "" } = await developmentKey(data, keys, undefined);
  await developmentKey(data, keys, "sjk_mine");
  expect([await keys.check(fresh), (await keys.check("sjk_mine"))?.name]).toEqual([undefined, "development"]);
  expect(readFileSync(file, "utf8")).toBe("sjk_mine\n");
});

test("a key file that holds something else is named", async () => {
  const data = tempFolder();
  const keys = keysIn(data);
  writeFileSync(join(data, "application-key"), "hello\n");
  await expect(developmentKey(data, keys, undefined)).rejects.toThrow(/application-key holds no application key.*delete the file/);
  await expect(developmentKey(data, keys, "hello")).rejects.toThrow(/SOJOURN_KEY is no application key/);
});

test("a key from the environment is good beside the stored ones, and kept nowhere", async () => {
  const stored = keysIn(tempFolder());
  const [given, other] = [newKey(), newKey()];
  await stored.add(other, { name: "shop" });
  const keys = environmentKey(stored, given);
  expect([(await keys.check(given))?.name, (await keys.check(other))?.name, await keys.check(newKey())]).toEqual(["SOJOURN_KEY", "shop", undefined]);
  expect(await stored.check(given)).toBeUndefined();
  for (const weak of ["sjk_short", "secret", newKey().slice(4)])
    expect(() => environmentKey(stored, weak)).toThrow(/SOJOURN_KEY is no application key.*sojournd keys new/);
});
