import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Figure } from "../../lib/suite.ts";
import { misrouted } from "./routing.mjs";

const program = fileURLToPath(new URL("../../run.mjs", import.meta.url));

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sojourn-bench-test-"))));
afterEach(() => rmSync(folder, { recursive: true }));

async function bench(...args: readonly string[]): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, [program, "sms", ...args], { env: { ...process.env, TMPDIR: folder }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (data: string) => (output += data));
  child.stderr.on("data", (data: string) => (output += data));
  const [code] = (await once(child, "close")) as [unknown];
  return { code, output };
}

test("a quick run measures every part, writes its figures, and leaves nothing behind", { timeout: 120_000 }, async () => {
  const results = fileURLToPath(new URL("../../RESULTS.md", import.meta.url));
  const before = readFileSync(results, "utf8");
  const file = join(folder, "rows.json");
  const { code, output } = await bench("--quick", "--json", file);
  expect(code, output).toBe(0);
  const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Figure[];
  const figures = rows.map(({ design, figure }) => `${design} ${figure}`);
  expect(figures).toEqual(
    expect.arrayContaining(["plain steps", "lmdb steps", "memory steps", "lmdb resume p99", "lmdb replay p50", "gateway misrouted, 4 each"]),
  );
  for (const { design, figure, median, low, high } of rows) {
    expect([design, figure, design === "gateway" ? low === 0 && high === 0 : low > 0, low <= median, median <= high]).toEqual([
      design,
      figure,
      true,
      true,
      true,
    ]);
  }
  expect(output).toContain("A smoke test: the figures mean nothing.");
  expect(output).toContain("RESULTS.md is left as it was");
  expect(readFileSync(results, "utf8")).toBe(before);
  expect(readdirSync(folder)).toEqual(["rows.json"]);
});

test("no reply is misrouted; by who asked last as many are as reckoning says", async () => {
  for (const atOnce of [2, 3, 5]) {
    const { replies, gateway, mostRecent } = await misrouted({ atOnce, questions: 1, replies: 1_500 });
    // With k open, one in k is the last that was asked; k goes from all of them down to one.
    const right = Array.from({ length: atOnce }, (_, index) => 1 / (index + 1)).reduce((sum, share) => sum + share) / atOnce;
    console.log(`${atOnce} at once: ${gateway} of ${replies} misrouted, by who asked last ${((100 * mostRecent) / replies).toFixed(1)} %`);
    expect(gateway).toBe(0);
    expect(Math.abs(mostRecent / replies - (1 - right))).toBeLessThan(0.04);
  }
  const { replies, gateway } = await misrouted({ atOnce: 5, questions: 4, replies: 1_000 });
  expect([replies, gateway]).toEqual([1_000, 0]);
});

test("what it is asked wrongly it says in one line", async () => {
  expect((await bench("--only", "speed")).output.trim()).toBe('--only is "speed". Give one of steps, resume, routing.');
  expect((await bench("--profile", "node-lmdb-W")).output.trim()).toBe('--profile is "node-lmdb-W". Give one of plain, lmdb, memory, resume.');
});
