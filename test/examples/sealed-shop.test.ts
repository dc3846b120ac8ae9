import type { ChildProcess } from "node:child_process";
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newKey } from "sojourn/sealed";
import { describe, expect, test } from "vitest";
import { example, until } from "./running.ts";

describe("examples/sealed-shop, as its page has it", () => {
  const shop = example("sealed-shop", "express");
  const login = '{"user":"ada","password":"correct horse battery staple"}';

  async function start(keys: string, program = "app.js"): Promise<{ at: string; child: ChildProcess }> {
    const { child, out } = shop.started(process.execPath, [program], { SOJOURN_KEYS: keys });
    return { at: (await until(out, /^http:.*(?=\n)/m))[0], child };
  }

  async function curl(jar: string, ...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await shop.curl(jar, "-H", "content-type: application/json", ...args));
  }

  /** Names of the cookies in a jar, and how long their values are. */
  function cookiesIn(jar: string): Record<string, number> {
    const lines = readFileSync(join(shop.scratch(), jar), "utf8").split("\n");
    return Object.fromEntries(
      lines.flatMap((line) => (line.split("\t").length === 7 ? [[line.split("\t")[5], line.split("\t")[6]?.length]] : [])) as [string, number][],
    );
  }

  test("a cart, a log-in, a restart with the same key, and the session is still there; then a log-out", async ({ skip }) => {
    skip(shop.lacks !== false, String(shop.lacks));
    const key = newKey();
    let { at, child } = await start(key);
    expect(await curl("jar", `${at}/`)).toEqual({ user: null, cart: [], theme: "light" });
    expect(cookiesIn("jar")).toEqual({});
    expect(await curl("jar", "-d", '{"sku":"apple"}', `${at}/cart`)).toEqual({ cart: ["apple"] });
    expect(await curl("jar", "-d", '{"user":"ada","password":"wrong"}', `${at}/login`)).toEqual({ error: "wrong password" });
    expect(await curl("jar", "-d", login, `${at}/login`)).toEqual({ user: "ada" });
    expect(await curl("jar", "-X", "PUT", "-d", '{"theme":"dark"}', `${at}/theme`)).toEqual({ theme: "dark" });
    expect(readFileSync(join(shop.scratch(), "jar"), "utf8")).not.toMatch(/ada|apple|dark/);
    await shop.kill(child);

    ({ at, child } = await start(key));
    expect(await curl("jar", `${at}/`)).toEqual({ user: "ada", cart: ["apple"], theme: "dark" });
    await shop.kill(child);

    ({ at, child } = await start(newKey()));
    expect(await curl("jar", `${at}/`)).toEqual({ user: null, cart: [], theme: "light" });
    await shop.kill(child);

    // A new key in front of the old one: rotated.
    ({ at } = await start(`${newKey()},${key}`));
    expect(await curl("jar", `${at}/`)).toMatchObject({ user: "ada" });
    copyFileSync(join(shop.scratch(), "jar"), join(shop.scratch(), "copy"));
    expect(await curl("jar", "-X", "POST", `${at}/logout`)).toEqual({ user: null });
    expect(cookiesIn("jar")).toEqual({});
    expect(await curl("jar", `${at}/`)).toMatchObject({ user: null, cart: [] });
    // What the page says of it: nothing but the cookie was taken away.
    expect(await curl("copy", `${at}/`)).toMatchObject({ user: "ada", cart: ["apple"] });
  });

  test("a cart of 6 kB goes over two cookies and back into one; one that fits into no three is refused, and nothing is lost", async ({ skip }) => {
    skip(shop.lacks !== false, String(shop.lacks));
    const { at } = await start(newKey());
    const jar = new Map<string, string>();
    const skus = (count: number): string[] => Array.from({ length: count }, (_, i) => `sku-${String(i).padStart(93, "0")}`);
    const ask = (method: string, path: string, body?: object): Promise<unknown> => browse(jar, method, at + path, body);
    const names = (): string[] => [...jar.keys()].toSorted();

    expect(await ask("PUT", "/cart", { skus: skus(60) })).toEqual({ items: 60 });
    expect(names()).toEqual(["__Host-Http-session", "__Host-Http-session.1"]);
    for (const [name, value] of jar) expect(name.length + value.length).toBeLessThanOrEqual(4096);
    expect(await ask("POST", "/login", JSON.parse(login) as object)).toEqual({ user: "ada" });
    expect(await ask("GET", "/")).toEqual({ user: "ada", cart: skus(60), theme: "light" });
    expect(await ask("PUT", "/cart", { skus: skus(100) })).toMatchObject({ status: 413, code: "too_large" });
    expect(await ask("GET", "/")).toMatchObject({ user: "ada", cart: skus(60) });
    expect(await ask("PUT", "/cart", { skus: skus(1) })).toEqual({ items: 1 });
    expect(names()).toEqual(["__Host-Http-session"]);
    expect(await ask("GET", "/")).toMatchObject({ user: "ada", cart: skus(1) });
  });

  test("app.js is none the wiser on a store", async ({ skip }) => {
    skip(shop.lacks !== false, String(shop.lacks));
    const line = "sealedSessions({\n  keys: keyList(process.env.SOJOURN_KEYS),";
    const sealed = readFileSync(join(shop.folder, "sessions.js"), "utf8").replace(/ \/\/ with a store.*/, "");
    expect(sealed).toContain(line);
    const stored = sealed
      .replace(/^import .*$/m, 'import { createSessions } from "sojourn";\nimport { memoryStore } from "sojourn/stores/memory";')
      .replace(line, "createSessions({\n  store: memoryStore(),");
    const folder = shop.scratch();
    symlinkSync(join(shop.folder, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "sessions.js"), stored);
    copyFileSync(join(shop.folder, "app.js"), join(folder, "app.js"));
    const { at } = await start("", join(folder, "app.js"));
    expect(await curl("jar", "-d", '{"sku":"apple"}', `${at}/cart`)).toEqual({ cart: ["apple"] });
    expect(await curl("jar", "-d", login, `${at}/login`)).toEqual({ user: "ada" });
    expect(cookiesIn("jar")).toEqual({ "__Host-Http-session": 59 });
    expect(await curl("jar", `${at}/`)).toEqual({ user: "ada", cart: ["apple"], theme: "light" });
    expect(await curl("jar", "-X", "POST", `${at}/logout`)).toEqual({ user: null });
    expect(await curl("jar", `${at}/`)).toMatchObject({ user: null });
  });

  test("without keys, or with a password, it does not start, and says what to do", async ({ skip }) => {
    skip(shop.lacks !== false, String(shop.lacks));
    for (const [keys, says] of [
      ["", /The list of keys is empty\. Set SOJOURN_KEYS/],
      ["correct-horse-battery-staple", /keys\[0\] is a text that is not 43 characters long/],
    ] as const) {
      const { child, err } = failing(keys);
      await until(err, says);
      expect(err()).not.toContain("correct-horse");
      await shop.kill(child);
    }
  });

  /** As a browser does it. curl would send no more than 8,190 octets of cookies, and leave out one of two that are full. */
  async function browse(jar: Map<string, string>, method: string, url: string, body?: object): Promise<unknown> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(url, { method, headers: { cookie, "content-type": "application/json" }, ...sent });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return answer.json();
  }

  function failing(keys: string): { child: ChildProcess; err: () => string } {
    // Its complaint goes to standard error, which a started example shares with this test.
    const { child, out } = shop.started("sh", ["-c", `exec "${process.execPath}" app.js 2>&1`], { SOJOURN_KEYS: keys });
    return { child, err: out };
  }
});
