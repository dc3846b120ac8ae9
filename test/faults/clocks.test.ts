import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { clocksMissing, lying, mostSkew, setClock } from "./clocks.mjs";
import type { ClockClaim, ClockSetting } from "./types.ts";

const lacks = clocksMissing();
const folder = mkdtempSync(join(tmpdir(), "sojourn-clocks-"));
const started: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => new Promise((resolve) => void (child.once("exit", resolve), child.kill("SIGKILL")))));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(lacks !== undefined)(`a process whose clock lies${lacks === undefined ? "" : `: ${lacks}`}`, () => {
  const check = fileURLToPath(new URL("check-clock.mjs", import.meta.url));
  const program = `import { setTimeout as sleep } from "node:timers/promises"; import { checkClock } from ${JSON.stringify(check)}; await sleep(200); await checkClock(JSON.parse(process.argv[1]));`;
  const told = (env: NodeJS.ProcessEnv, clock: ClockClaim): string =>
    spawnSync(process.execPath, ["--input-type=module", "-e", program, JSON.stringify(clock)], { env, encoding: "utf8" }).stderr;

  test.each<[string, ClockSetting]>([
    ["ahead", { by: 600 }],
    ["behind", { by: -600 }],
    ["too fast", { by: -120, pace: 1.5 }],
    ["too slow", { by: 120, pace: 0.75 }],
  ])("is found to lie as it was told to: %s", (_, setting) => {
    const { env, clock } = lying(setting);
    expect(told(env, clock)).toBe("");
  });

  test("is found out when it tells the truth, lies otherwise, or when the clock of the log lies too", () => {
    const { env, clock } = lying({ by: 600 });
    expect(told(process.env, clock)).toContain("Date.now() is off by");
    expect(told(env, { ...clock, by: 599 })).toContain("Date.now() is off by");
    expect(told(lying({ by: 0, pace: 1.5 }).env, { ...clock, by: 0 })).toContain("Date.now() is off by");
    expect(told({ ...env, FAKETIME_DONT_FAKE_MONOTONIC: "0" }, clock)).toContain("the monotonic clock is off by");
  });

  test("can be set while it works", () => {
    const file = join(folder, "clock");
    setClock(file, 300);
    const { env, clock } = lying({ file });
    setClock(file, -300);
    expect(told(env, clock)).toBe("");
    expect(told(process.env, clock)).toContain("should be by -300000 ms");
  });
});

/** A process with a session manager. */
interface Manager {
  ask(run: "create" | "visit" | "end" | "now", what?: string): Promise<unknown>;
}

async function manager(path: string, idle: string, by: number): Promise<Manager> {
  const { env, clock } = by === 0 ? { env: process.env } : lying({ by });
  const program = fileURLToPath(new URL("skew-worker.mjs", import.meta.url));
  const child = fork(program, [JSON.stringify({ path, idle, clock })], { execArgv: [], env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  started.push(child);
  const answer = (n: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.on("message", (reply: { n: number; result?: unknown }) => reply.n === n && resolve(reply.result));
      child.once("exit", () => reject(new Error("the process is gone")));
    });
  await answer(0);
  let asked = 0;
  return {
    ask(run, what) {
      child.send({ n: (asked += 1), run, what });
      return answer(asked);
    },
  };
}

describe.skipIf(lacks !== undefined)(`managers whose clocks differ by 6 minutes, all of which sweep${lacks === undefined ? "" : `: ${lacks}`}`, () => {
  const managers = (idle: string): Promise<Manager[]> => {
    const path = join(mkdtempSync(join(folder, "house-")), "store");
    return Promise.all([0, 180, -180].map((by) => manager(path, idle, by)));
  };

  test("with more idle time than that nobody is logged out, and who is ended is ended for all", { timeout: 30_000 }, async () => {
    const all = await managers("10m");
    const tokens = (await Promise.all(all.map((one, i) => one.ask("create", `s${i}`)))) as string[];
    // Many sweeps.
    await sleep(300);
    for (const one of all) expect(await Promise.all(tokens.map((token) => one.ask("visit", token)))).toEqual(["s0", "s1", "s2"]);
    for (const [i, one] of all.entries()) await one.ask("end", tokens[i]);
    for (const one of all) expect(await Promise.all(tokens.map((token) => one.ask("visit", token)))).toEqual([undefined, undefined, undefined]);
  });

  test("a session is over as much too early as they differ: with less idle time than that at once, for all and for good", { timeout: 30_000 }, async () => {
    const all = await managers("5m");
    const [right, ahead, behind] = all as [Manager, Manager, Manager];
    const times = (await Promise.all(all.map((one) => one.ask("now")))) as number[];
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(300_000);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(mostSkew);
    const mine = (await ahead.ask("create", "a")) as string;
    const late = (await behind.ask("create", "b")) as string;
    await expect.poll(() => ahead.ask("visit", late)).toBe(undefined);
    await expect.poll(() => right.ask("visit", late)).toBe(undefined);
    await expect.poll(() => behind.ask("visit", late)).toBe(undefined);
    for (const one of all) expect(await one.ask("visit", mine)).toBe("a");
  });
});
