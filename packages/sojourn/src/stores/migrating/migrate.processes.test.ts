import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { open } from "lmdb";
import { afterAll, expect, test } from "vitest";
import type { SessionRecord } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { lmdbStore, openLmdb } from "../lmdb/lmdb.ts";
import { migrate, migrating, type MigrateReport } from "./migrating.ts";
import { kind, traffic } from "./traffic.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "sojourn-migrate-"));
const folders = [join(folder, "from"), join(folder, "to")] as const;
const roots = folders.map((path) => openLmdb(open, path));
const stores = roots.map((root) => lmdbStore(root));
afterAll(async () => {
  for (const store of stores) await store.close();
  for (const root of roots) await root.close();
  rmSync(folder, { recursive: true });
});

/** Moves in a process of its own, which is killed after so many lines of progress. @returns the report, if it came to its end */
function moveElsewhere(lines: number): Promise<MigrateReport | undefined> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("migrate-child.mjs", import.meta.url)), ...folders], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += String(chunk);
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  });
  return new Promise((resolve) => {
    child.once("close", () => {
      const last = text.trim().split("\n").at(-1) ?? "";
      resolve(last.startsWith("{") ? (JSON.parse(last) as MigrateReport) : undefined);
    });
  });
}

test("killed again and again while others write: it goes on where it was, and nothing is lost", async () => {
  const [from, to] = stores as [(typeof stores)[number], (typeof stores)[number]];
  const before: SessionRecord[] = [];
  await Promise.all(
    Array.from({ length: 2_000 }, async (_, i) => {
      const outcome = await from.commit({ id: newId(), expect: "absent", kind, wake: i, set: { a: String(i) } });
      if (outcome.ok && outcome.record) before.push(outcome.record);
    }),
  );
  const shared = newId();
  await from.commit({ id: shared, expect: "absent", kind });
  const users = traffic(shared, before);
  let seed = 7;
  const choose = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  let over = false;
  const acting = (["old", "both"] as const).map((phase) => users.act(migrating({ from, to }, { phase }), choose, () => over));
  let killed = 0;
  let report: MigrateReport | undefined;
  while (report === undefined) {
    report = await moveElsewhere(killed < 4 ? 2 + 2 * killed : Number.POSITIVE_INFINITY);
    if (report === undefined) killed++;
  }
  over = true;
  await Promise.all(acting);
  expect(killed).toBe(4);
  expect(report.different).toEqual([]);
  expect(await users.faults(migrating({ from, to }))).toEqual([]);
  expect(await migrate({ from, to, kinds: [kind], compare: 1 })).toMatchObject({ complete: true, left: 0, different: [], failed: [] });
  expect(await users.faults(to)).toEqual([]);
}, 90_000);
