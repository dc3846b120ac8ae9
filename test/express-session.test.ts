import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { root } from "./tree.ts";

const run = promisify(execFile);
const example = join(root, "examples/express-session");
const missing = existsSync(join(example, "node_modules/passport")) ? undefined : "needs its packages (npm ci in examples/express-session)";

test("examples/express-session: the three races, on express-session and on ours, as its page shows them", { timeout: 30_000 }, async ({ skip }) => {
  skip(missing !== undefined, missing);
  const { stdout } = await run(process.execPath, ["races.mjs"], { cwd: example });
  const cells = stdout
    .trim()
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells[0]?.slice(2, 5)).toEqual(["express-session", "sojourn, the same store", "sojourn, a Sojourn store"]);
  expect(cells.slice(2).map((row) => row.slice(2, 5))).toEqual([
    ["one is lost", "both are there", "both are there"],
    ["logged in again", "logged out", "logged out"],
    ["the page does not see it", "the page sees it", "the page sees it"],
  ]);
  expect(readFileSync(join(example, "README.md"), "utf8")).toContain(stdout.trim());
});

describe("examples/express-session: the tutorial with passport", () => {
  let app: ChildProcess | undefined;
  afterEach(() => void app?.kill("SIGKILL"));

  function start(SESSION: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ["app.cjs"], { cwd: example, env: { ...process.env, SESSION, PORT: "0" }, stdio: ["ignore", "pipe", "ignore"] });
      child.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
      child.once("exit", (code) => reject(new Error(`the example stopped with ${code}`)));
      app = child;
    });
  }

  /** A browser's way: log-in in vain, log-in, a visit, log-out. */
  async function way(at: string): Promise<unknown[]> {
    let cookie = "";
    const ask = async (path: string, form?: string): Promise<unknown> => {
      const answer = await fetch(at + path, {
        redirect: "manual",
        headers: { cookie, ...(form === undefined ? undefined : { "content-type": "application/x-www-form-urlencoded" }) },
        ...(form === undefined ? undefined : { method: "POST", body: form }),
      });
      const [set] = answer.headers.getSetCookie();
      if (set !== undefined) cookie = set.split(";")[0] ?? "";
      return answer.status === 302 ? ask(answer.headers.get("location") ?? "") : answer.json();
    };
    const seen = [await ask("/"), await ask("/login", "username=ada&password=wrong"), await ask("/login", "username=ada&password=lovelace")];
    const loggedIn = cookie;
    seen.push(await ask("/"), await ask("/logout", "x=1"));
    cookie = loggedIn;
    seen.push(await ask("/"));
    return seen;
  }

  test("goes the same way on ours, by require, as on express-session", { timeout: 30_000 }, async ({ skip }) => {
    skip(missing !== undefined, missing);
    const ours = await way(await start("sojourn/express-session"));
    expect(ours).toEqual([
      { user: null, visits: 1, messages: [] },
      { user: null, visits: 2, messages: ["Incorrect name or password."] },
      { user: "ada", visits: 1, messages: ["Welcome, ada."] },
      { user: "ada", visits: 2, messages: [] },
      { user: null, visits: 1, messages: ["Goodbye."] },
      { user: null, visits: 1, messages: [] },
    ]);
    app?.kill("SIGKILL");
    expect(await way(await start("express-session"))).toEqual(ours);
  });
});
