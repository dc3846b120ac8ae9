import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { createSessions, type SessionId } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Figure } from "../../lib/suite.ts";
import { rehearsal } from "../rehearsal.mjs";
import { layoutOf, planOf } from "./plan.mjs";
import { copyOf, createdOf, fieldsOf, idAt, idle, isRemembered, lifeOf, moments, subjectOf } from "./population.mjs";

const program = fileURLToPath(new URL("../../run.mjs", import.meta.url));
const installed = existsSync(new URL("../../node_modules/redis", import.meta.url));
const missing = [...rehearsal.missing(), ...(installed ? [] : ["its packages (npm ci in bench)"])];

describe("the population", () => {
  const epoch = 1_790_000_000_000;
  const population = { sessions: 10_000, epoch, burst: 500, pace: 100, remembered: 50 };

  test("comes due in two bursts, and then at its pace", () => {
    const wakes = Array.from({ length: population.sessions }, (_, client) => lifeOf(population, client).created + idle - epoch);
    const dueBefore = (moment: number): number => wakes.filter((wake) => wake <= moment).length;
    expect([moments.quiet, moments.firstBurst, moments.firstErased].map(dueBefore)).toEqual([0, 500, 500]);
    expect([moments.secondBurst, moments.pace - 1].map(dueBefore)).toEqual([1_000, 1_000]);
    expect(dueBefore(moments.pace + 10_000) - 1_000).toBe(10 * population.pace + 1);
    expect(wakes.filter((_, client) => isRemembered(population, client))).toHaveLength(population.remembered);
  });

  test("an id tells when it was made", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (created) => createdOf(idAt(created)) === created));
  });

  test("a copy is a session that a manager ends at its own moment", async () => {
    let now = epoch;
    const store = memoryStore();
    const sessions = createSessions({ store, clock: { now: () => now }, idle });
    const first = await sessions.create({ subject: subjectOf(0), methods: ["pwd"], data: fieldsOf(0) });
    const model = store.load(first.id as SessionId);
    if (model === undefined) throw new Error("It is not in the store.");
    const life = lifeOf(population, 700);
    const change = copyOf(model, 700, life);
    expect(store.commit(change)).toMatchObject({ ok: true });
    now = life.created + idle - 1;
    expect((await sessions.info({ id: change.id, subject: subjectOf(700) }))?.expiresAt).toBe(life.created + idle);
    expect(await sessions.reach({ id: change.id }, { touch: false })).toBeDefined();
    now = life.created + idle;
    expect(await sessions.reach({ id: change.id }, { touch: false })).toBeUndefined();
  });
});

test("a layout has 20 to 150 sessions in a bucket, from a hundred thousand sessions on", () => {
  for (const sessions of [400_000, 1_000_000, 10_000_000, 99_999_999]) {
    const { shards, buckets } = layoutOf(sessions, {});
    expect([sessions, sessions / shards / buckets >= 20, sessions / shards / buckets <= 150]).toEqual([sessions, true, true]);
  }
  expect(layoutOf(10_000_000, { shards: 64, buckets: 1_024 })).toEqual({ shards: 64, buckets: 1_024 });
  expect(planOf(10_000_000, false).pace).toBe(5_556);
});

describe("the rehearsal suite", () => {
  let folder = "";
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "sojourn-rehearsal-test-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  async function bench(...args: readonly string[]): Promise<{ code: unknown; output: string }> {
    const child = spawn(process.execPath, [program, "rehearsal", ...args], { env: { ...process.env, TMPDIR: folder }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += String(data)));
    const [code] = (await once(child, "close")) as [unknown];
    return { code, output };
  }

  test("a quick run fills, visits, sweeps, kills and restarts, and uses again what was filled", { timeout: 240_000 }, async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(" and ")}`);
    const file = join(folder, "rows.json");
    const args = ["--quick", "--only", "redis", "--sessions", "2000", "--data", folder];
    const { code, output } = await bench(...args, "--json", file);
    expect(code, output).toBe(0);
    const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Figure[];
    const of = (name: string): number => rows.find(({ figure }) => figure === name)?.median ?? NaN;
    expect(of("taken")).toBeGreaterThan(500);
    for (const name of ["filled", "p99, visits alone", "ended, all due at once", "ended, visits, and the clock running", "read from disk after a kill"]) {
      expect([name, of(name) > 0]).toEqual([name, true]);
    }
    expect(output).toContain("A smoke test: the figures mean nothing.");
    expect(output).toContain("RESULTS.md is left as it was");
    expect(output).not.toContain("are there already");
    expect(readdirSync(folder).toSorted()).toEqual(["rows.json", "sojourn-bench-rehearsal"]);
    const again = await bench(...args);
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain("2k sessions are there already");
  });

  test("the lives of sessions are counted on every engine", { timeout: 240_000 }, async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(" and ")}`);
    const file = join(folder, "rows.json");
    // PostgreSQL and MariaDB do not run as root, and their folders are in this one.
    chmodSync(folder, 0o711);
    const { code, output } = await bench("--quick", "--only", "lives", "--json", file);
    expect(code, output).toBe(0);
    const rows = JSON.parse(readFileSync(file, "utf8")) as readonly Figure[];
    const asked = (design: string, event: string): number => rows.find((row) => row.design === design && row.figure === `asked: ${event}`)?.median ?? NaN;
    // One statement each, and one for the page.
    for (const design of ["PostgreSQL", "MariaDB"]) {
      for (const event of ["ended by the sweep", "erased by the sweep"]) expect([design, event, asked(design, event) < 1.5]).toEqual([design, event, true]);
    }
    expect(asked("Redis, node-redis", "looks for due, none")).toBe(1);
    expect(asked("Redis Cluster, 3 primaries", "looks for due, none")).toBeGreaterThanOrEqual(256);
    expect(readdirSync(folder)).toEqual(["rows.json"]);
  });

  test("what it is asked wrongly it says in one line", { timeout: 60_000 }, async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(" and ")}`);
    const said = await Promise.all([bench("--only", "fill"), bench("--sessions", "10"), bench("--sessions", "50000000"), bench("--sessions", "many")]);
    for (const { code, output } of said) expect([code, output.trim().split("\n")]).toEqual([1, [output.trim()]]);
    expect(said.map(({ output }) => output.slice(0, 30))).toEqual([
      '--only is "fill". Give one of ',
      "--sessions is 10. Give at leas",
      "50M sessions may take 65 GB of",
      '--sessions is "many". Give a w',
    ]);
  });
});
