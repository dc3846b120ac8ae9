import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { example, run, until } from "./running.ts";

describe("examples/express, as its page has it", () => {
  const express = example("express", "express");

  async function start(): Promise<{ at: string; child: ChildProcess }> {
    const { child, out } = express.started(process.execPath, ["app.js"]);
    return { at: (await until(out, /^http:.*(?=\n)/m))[0], child };
  }

  async function curl(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await express.curl("jar", "-H", "content-type: application/json", ...args));
  }

  test("a cart, a log-in, a devices page, kill -9, and the session is still there; then a log-out", async ({ skip }) => {
    skip(express.lacks !== false, String(express.lacks));
    let { at, child } = await start();
    expect(await curl(`${at}/`)).toEqual({ user: null, cart: [], theme: "light" });
    expect((await run("grep", ["-c", "session", join(express.scratch(), "jar")]).catch(() => ({ stdout: "none" }))).stdout).toBe("none");
    expect(await curl("-d", '{"sku":"apple"}', `${at}/cart`)).toEqual({ cart: ["apple"] });
    expect(await curl("-d", '{"user":"ada","password":"wrong"}', `${at}/login`)).toEqual({ error: "wrong password" });
    expect(await curl("-d", '{"user":"ada","password":"correct horse battery staple"}', `${at}/login`)).toEqual({ user: "ada" });
    expect(await curl("-X", "PUT", "-d", '{"theme":"dark"}', `${at}/theme`)).toEqual({ theme: "dark" });
    await express.kill(child);
    ({ at, child } = await start());
    expect(await curl(`${at}/`)).toEqual({ user: "ada", cart: ["apple"], theme: "dark" });
    expect(await curl(`${at}/devices`)).toMatchObject({ devices: [{ this: true, address: "127.0.0.1", agent: expect.stringContaining("curl/") as string }] });
    expect(await curl("-X", "DELETE", `${at}/devices/01kb0000000000000000000000`)).toEqual({ ended: false });
    expect(await curl("-X", "POST", `${at}/logout`)).toEqual({ user: null });
    expect(await curl(`${at}/devices`)).toEqual({ error: "log in first" });
  });
});
