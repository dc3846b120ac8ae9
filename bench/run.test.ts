import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Figure, Row } from "./lib/suite.ts";
import { cluster } from "./suites/cluster.mjs";
import { http } from "./suites/http.mjs";

const program = fileURLToPath(new URL("run.mjs", import.meta.url));
const installed = existsSync(new URL("node_modules/express-session", import.meta.url));
const missing = [...http.missing(), ...(installed ? [] : ["its packages (npm ci in bench)"])];
const missingOfCluster = [...new Set([...missing, ...cluster.missing()])];

let folder = "";
let child: ChildProcess | undefined;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sojourn-bench-test-"))));
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Runs the bench with a temporary folder of its own, so that what it leaves behind shows. */
async function bench(...args: readonly string[]): Promise<{ code: unknown; output: string }> {
  child = spawn(process.execPath, [program, ...args], { env: { ...process.env, TMPDIR: folder }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout?.on("data", (data: string) => (output += data));
  child.stderr?.on("data", (data: string) => (output += data));
  const [code] = (await once(child, "close")) as [unknown];
  return { code, output };
}

describe("the http suite", () => {
  test("a quick run measures every cell of a framework, writes rows, and leaves nothing behind", { timeout: 60_000 }, async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(" and ")}`);
    const file = join(folder, "rows.json");
    const results = fileURLToPath(new URL("RESULTS.md", import.meta.url));
    const before = existsSync(results) ? readFileSync(results, "utf8") : undefined;
    const { code, output } = await bench("http", "--quick", "--only", "node", "--slot", "150", "--json", file);
    expect(code, output).toBe(0);
    const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Row[];
    expect(rows.map(({ suite, framework, design, workload }) => [suite, framework, design, workload].join(" "))).toEqual(
      ["control R", "control W", "control N", "memory R", "memory W", "memory N", "lmdb R", "lmdb W", "lmdb N"].map((cell) => `http node ${cell}`),
    );
    for (const { ratio, low, high, addedCpuUs } of rows) {
      expect(low).toBeGreaterThan(0);
      expect([low <= ratio, ratio <= high, Number.isFinite(addedCpuUs)]).toEqual([true, true, true]);
    }
    expect(output).toMatch(/about \d+ s/);
    expect(output).toContain("A smoke test: the figures mean nothing.");
    expect(existsSync(results) ? readFileSync(results, "utf8") : undefined).toBe(before);
    expect(readdirSync(folder)).toEqual(["rows.json"]);
  });

  test("interrupted, it ends its servers and removes its folders", { timeout: 30_000 }, async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(" and ")}`);
    const ended = bench("http", "--quick", "--only", "node", "--slot", "20000");
    const servers = await until(() => {
      const pids = child?.pid === undefined ? [] : childrenOf(child.pid);
      return pids.length >= 4 ? pids : undefined;
    });
    child?.kill("SIGTERM");
    expect((await ended).code).toBe(1);
    await until(() => (servers.every((pid) => !existsSync(`/proc/${pid}`)) ? true : undefined));
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("the sealed suite", () => {
  test("a quick run measures its servers, which hand back what they keep", { timeout: 60_000 }, async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(" and ")}`);
    const file = join(folder, "rows.json");
    const { code, output } = await bench("sealed", "--quick", "--only", "node", "--slot", "150", "--json", file);
    expect(code, output).toBe(0);
    const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Row[];
    expect(rows.map(({ suite, framework, design, workload }) => [suite, framework, design, workload].join(" "))).toEqual(
      ["control", "AES-256-GCM", "sealed"].flatMap((design) => ["R", "W", "N"].map((workload) => `sealed node ${design} ${workload}`)),
    );
    expect(output).toMatch(/node sealed R ÷ AES-256-GCM R: \*\*\d+\.\d\d ×/);
    expect(readdirSync(folder)).toEqual(["rows.json"]);
  });

  test("a quick run measures sealing and opening beside the others", { timeout: 60_000 }, async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(" and ")}`);
    await measuresFigures("sealed", "seal", ["seal and open", "open", "seal", "seal and open ÷ AES-256-GCM", "seal and open ÷ sojourn"]);
  });

  test("a record of 300 bytes fits into 480 characters, and the header of one who is logged in into 80 bytes", { timeout: 60_000 }, async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(" and ")}`);
    const file = join(folder, "rows.json");
    const { code, output } = await bench("sealed", "--quick", "--only", "sizes", "--json", file);
    expect(code, output).toBe(0);
    const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Figure[];
    const [characters, ...headers] = rows.map(({ median }) => median);
    expect(characters).toBeLessThanOrEqual(480);
    expect(headers).toHaveLength(2);
    // A subject of 26 characters and an id of 16 bytes are in it.
    for (const header of headers) expect([header > 42, header <= 80]).toEqual([true, true]);
  });
});

describe("the cluster suite", () => {
  test("a quick run measures its servers beside a handler that awaits one command", { timeout: 120_000 }, async ({ skip }) => {
    skip(missingOfCluster.length > 0, `needs ${missingOfCluster.join(" and ")}`);
    const file = join(folder, "rows.json");
    const { code, output } = await bench("cluster", "--quick", "--only", "node", "--slot", "150", "--json", file);
    expect(code, output).toBe(0);
    const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Row[];
    const designs = ["control", "GET and SET, node-redis", "GET and SET, ioredis", "node-redis", "ioredis", "near cache"];
    expect(rows.map(({ suite, framework, design, workload }) => [suite, framework, design, workload].join(" "))).toEqual(
      designs.flatMap((design) => ["R", "W", "N"].map((workload) => `cluster node ${design} ${workload}`)),
    );
    for (const client of ["node-redis", "ioredis"]) {
      expect(output).toMatch(new RegExp(`node ${client} R ÷ GET and SET, ${client} R: \\*\\*\\d+\\.\\d\\d ×.*must reach 0\\.9 ×`));
      expect(output).toMatch(new RegExp(`node ${client} W ÷ GET and SET, ${client} W: \\*\\*\\d+\\.\\d\\d ×.*must reach 0\\.85 ×`));
    }
    expect(readdirSync(folder)).toEqual(["rows.json"]);
  });

  test("a quick run measures a replica's reads beside a Map, and leaves no engine behind", { timeout: 60_000 }, async ({ skip }) => {
    skip(missingOfCluster.length > 0, `needs ${missingOfCluster.join(" and ")}`);
    await measuresFigures("cluster", "replica", ["load ÷ Map, many in one turn", "load ÷ Map, each awaited"]);
  });

  test(
    "a request that does not touch its session asks nothing of an engine, a read once and with a near cache not at all",
    { timeout: 180_000 },
    async ({ skip }) => {
      skip(missingOfCluster.length > 0, `needs ${missingOfCluster.join(" and ")}`);
      const file = join(folder, "rows.json");
      // PostgreSQL and MariaDB do not run as root, and their folders are in this one.
      chmodSync(folder, 0o711);
      const { code, output } = await bench("cluster", "--quick", "--only", "commands", "--json", file);
      expect(code, output).toBe(0);
      const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Figure[];
      const asked = (design: string, request: string): number =>
        rows.find((row) => row.design === design && row.figure === `asked by ${request}`)?.median ?? NaN;
      for (const design of ["Redis, node-redis", "Redis, ioredis", "PostgreSQL", "MariaDB", "NATS, reads fresh"]) {
        expect([design, asked(design, "N"), asked(design, "R")]).toEqual([design, 0, 1]);
      }
      // What it asks by itself now and then, to read its feed, is little beside 64 requests.
      for (const design of ["Redis, near cache", "PostgreSQL, near cache", "NATS, reads replica"]) {
        for (const request of ["N", "R"]) expect([design, request, asked(design, request) < 0.2]).toEqual([design, request, true]);
      }
      expect(asked("Redis, near cache", "W")).toBeGreaterThanOrEqual(1);
      expect(asked("Redis, near cache", "R, changed elsewhere")).toBeGreaterThanOrEqual(1);
      expect(readdirSync(folder)).toEqual(["rows.json"]);
    },
  );

  test("interrupted, it ends its engines and removes their folders", { timeout: 60_000 }, async ({ skip }) => {
    skip(missingOfCluster.length > 0, `needs ${missingOfCluster.join(" and ")}`);
    const ended = bench("cluster", "--quick", "--only", "node", "--slot", "20000");
    const running = await until(() => {
      const pids = child?.pid === undefined ? [] : childrenOf(child.pid);
      return pids.length >= 4 ? pids : undefined;
    });
    expect(running.some((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("redis-server"))).toBe(true);
    child?.kill("SIGTERM");
    expect((await ended).code).toBe(1);
    await until(() => (running.every((pid) => !existsSync(`/proc/${pid}`)) ? true : undefined));
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("the suites of sizes", () => {
  test.each([
    ["memory", "sojourn", ["held", "full collection", "resume p99", "expiry"]],
    ["scale", "1k", ["on disk", "resume p50", "written", "expiry", "wake latest", "compaction"]],
  ])("a quick run of %s measures, writes its figures, and leaves nothing behind", { timeout: 60_000 }, (suite, only, some) =>
    measuresFigures(suite, only, some),
  );
});

test("what it is asked wrongly it says in one line, and what would be right", async () => {
  const wrong = await Promise.all(
    [
      [],
      ["ftp"],
      ["http", "--rounds", "many"],
      ["http", "--only", "rails"],
      ["http", "--profile", "node-lmdb-X"],
      ["memory", "--only", "maps"],
      ["scale", "--only", "10M"],
      ["memory", "--profile", "sojourn"],
      ["sealed", "--only", "express"],
      ["sealed", "--profile", "node-lmdb-R"],
      ["cluster", "--only", "fastify"],
      ["cluster", "--profile", "node-lmdb-R"],
    ].map(outputOf),
  );
  expect(wrong[0]).toContain("Name one suite: npm run bench -- http");
  expect(wrong[1]).toBe(wrong[0]);
  expect(wrong[2]).toMatch(missing.length > 0 ? "needs" : '--rounds is "many"');
  expect(wrong[3]).toMatch(missing.length > 0 ? "needs" : '--only is "rails"');
  expect(wrong[4]).toMatch(missing.length > 0 ? "needs" : '--profile is "node-lmdb-X"');
  expect(wrong[5]).toContain('--only is "maps". Give one of "sojourn"');
  expect(wrong[6]).toContain('--only is "10M". Give one of 1k, 100k, 1M.');
  expect(wrong[7]).toContain("no designs to profile");
  expect(wrong[8]).toMatch(missing.length > 0 ? "needs" : '--only is "express". Give one of seal, sizes, node, fastify.');
  expect(wrong[9]).toMatch(missing.length > 0 ? "needs" : '--profile is "node-lmdb-R"');
  expect(wrong[10]).toMatch(
    missingOfCluster.length > 0 ? "needs" : '--only is "fastify". Give one of node, express, commits, replica, commands, bytes, staleness.',
  );
  expect(wrong[11]).toMatch(missingOfCluster.length > 0 ? "needs" : '--profile is "node-lmdb-R"');
});

async function measuresFigures(suite: string, only: string, some: readonly string[]): Promise<void> {
  const file = join(folder, "rows.json");
  const { code, output } = await bench(suite, "--quick", "--only", only, "--json", file);
  expect(code, output).toBe(0);
  const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Figure[];
  expect(rows.map(({ figure }) => figure)).toEqual(expect.arrayContaining([...some]));
  for (const { figure, median, low, high } of rows) expect([figure, low > 0, low <= median, median <= high]).toEqual([figure, true, true, true]);
  expect(output).toContain("A smoke test: the figures mean nothing.");
  expect(output).toContain("RESULTS.md is left as it was");
  expect(readdirSync(folder)).toEqual(["rows.json"]);
}

async function outputOf(args: readonly string[]): Promise<string> {
  const one = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  one.stderr.on("data", (data: string) => (output += data));
  const [code] = (await once(one, "close")) as [unknown];
  expect(code).toBe(1);
  expect(output.trim().split("\n")).toHaveLength(1);
  return output;
}

function childrenOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
}

async function until<T>(found: () => T | undefined): Promise<T> {
  for (;;) {
    const value = found();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
