import { describe, expect, test } from "vitest";
import { example, run } from "./running.ts";

describe("examples/store-level, a store by a third party", () => {
  const level = example("store-level", "classic-level");

  test("keeps the contract, by Node's own test runner", { timeout: 120_000 }, async ({ skip }) => {
    skip(level.lacks !== false, String(level.lacks));
    const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap"], { cwd: level.folder, env: { ...process.env, NODE_OPTIONS: "" } });
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(52);
    expect(/^# skipped (\d+)$/m.exec(stdout)?.[1]).toBe("4");
  });
});
