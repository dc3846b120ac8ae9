import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "./tree.ts";

const run = promisify(execFile);
const example = join(root, "examples/express");

describe("examples/express, as its page has it", () => {
  let folder = "";
  let app: ChildProcess | undefined;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sojourn-example-"))));
  afterEach(() => {
    app?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the example and gives its address. */
  function start(): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ["app.js"], {
        cwd: example,
        env: { ...process.env, PORT: "0", DATA: join(folder, "sessions") },
        stdio: ["ignore", "pipe", "inherit"],
      });
      child.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
      child.once("exit", (code) => reject(new Error(`the example stopped with ${code}`)));
      app = child;
    });
  }

  /** curl with a cookie jar, as a browser has one. */
  async function curl(...args: readonly string[]): Promise<unknown> {
    const jar = join(folder, "jar");
    const { stdout } = await run("curl", ["-sS", "-b", jar, "-c", jar, "-H", "content-type: application/json", ...args]);
    return JSON.parse(stdout);
  }

  test("a cart, a log-in, a devices page, kill -9, and the session is still there; then a log-out", async ({ skip }) => {
    skip(!existsSync(join(example, "node_modules/express")), "needs its packages (npm ci in examples/express)");
    let at = await start();
    expect(await curl(`${at}/`)).toEqual({ user: null, cart: [], theme: "light" });
    expect(existsSync(join(folder, "jar")) ? await run("grep", ["-c", "session", join(folder, "jar")]).catch(() => "none") : "none").toBe("none");
    expect(await curl("-d", '{"sku":"apple"}', `${at}/cart`)).toEqual({ cart: ["apple"] });
    expect(await curl("-d", '{"user":"ada","password":"wrong"}', `${at}/login`)).toEqual({ error: "wrong password" });
    expect(await curl("-d", '{"user":"ada","password":"correct horse battery staple"}', `${at}/login`)).toEqual({ user: "ada" });
    expect(await curl("-X", "PUT", "-d", '{"theme":"dark"}', `${at}/theme`)).toEqual({ theme: "dark" });
    app?.kill("SIGKILL");
    at = await start();
    expect(await curl(`${at}/`)).toEqual({ user: "ada", cart: ["apple"], theme: "dark" });
    expect(await curl(`${at}/devices`)).toMatchObject({ devices: [{ this: true, address: "127.0.0.1", agent: expect.stringContaining("curl/") as string }] });
    expect(await curl("-X", "DELETE", `${at}/devices/01kb0000000000000000000000`)).toEqual({ ended: false });
    expect(await curl("-X", "POST", `${at}/logout`)).toEqual({ user: null });
    expect(await curl(`${at}/devices`)).toEqual({ error: "log in first" });
  });
});
