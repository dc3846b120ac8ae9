import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isRunning, ownProcess } from "./process-name.ts";

describe("a process's name", () => {
  it("counts as long as the process runs", () => {
    expect(isRunning(ownProcess())).toBe(true);
    expect(isRunning(`${ownProcess()}-anything`)).toBe(true);
    const { pid } = spawnSync("true");
    expect(isRunning(`${pid}-0`)).toBe(false);
  });

  it.runIf(existsSync("/proc/self/stat"))("does not count for another process that got its number", () => {
    expect(isRunning(`${process.pid}-1`)).toBe(false);
    expect(isRunning(`${process.ppid}-1`)).toBe(false);
  });

  it.each(["", "-", "0-0", "-1-0", "x-1", "1", "1.5-0", "99999999999999-0"])("is not %j", (name) => expect(isRunning(name)).toBe(false));
});
