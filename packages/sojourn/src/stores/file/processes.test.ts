import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import type { Child } from "../child.fixture.ts";
import { childIn } from "./file-child.fixture.ts";
import { fileStore, type FileStore } from "./file.ts";

const ended = '{"at":1,"reason":"closed"}';
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-file-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
function storeOn(folder: string, grace = 50): FileStore {
  const store = fileStore(folder, { durability: "written", grace });
  undo.push(() => store.close());
  return store;
}
async function spawn(folder: string, grace = 50): Promise<Child> {
  const child = await childIn(folder, grace);
  undo.push(() => {
    child.process.kill("SIGCONT");
    return child.kill();
  });
  return child;
}
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 4000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}
const isStopped = (child: Child): boolean => /\) T /.test(readFileSync(`/proc/${child.process.pid}/stat`, "latin1"));
async function created(store: FileStore, count: number, more?: object): Promise<SessionId[]> {
  const ids = Array.from({ length: count }, newId);
  await Promise.all(ids.map((id) => store.commit({ id, expect: "absent", kind: "main:web", ...more })));
  return ids;
}

describe("a process that is killed", () => {
  it("loses nothing that it acknowledged, holds nobody up, and what it left is taken away", { timeout: 90_000 }, async () => {
    const folder = temporary();
    const first = storeOn(folder);
    const ids = await created(first, 12, { wake: 3e12 });
    const waits: number[] = [];
    for (let cycle = 0; cycle < 4; cycle++) {
      const children = [await spawn(folder), await spawn(folder)];
      const texts = children.map(() => "");
      for (const [i, child] of children.entries()) {
        child.process.stdout?.on("data", (chunk: Buffer) => (texts[i] += chunk.toString()));
        child.process.send({ run: "writeForever", with: { ids, alias: "shared" } });
      }
      await until(() => texts.every((text) => text.length > 3_000));
      const closed = children.map((child) => new Promise((resolve) => child.process.stdout?.once("close", resolve)));
      for (const child of children) child.process.kill("SIGKILL");
      await Promise.all(closed);
      const store = storeOn(folder);
      for (const id of ids) {
        const began = performance.now();
        expect(await store.commit({ id, expect: "live", set: { back: String(cycle) } })).toMatchObject({ ok: true });
        waits.push(performance.now() - began);
      }
      // Each process has a field of its own in each session, in which its numbers only grow.
      for (const [i, text] of texts.entries()) {
        const lines = text.slice(0, text.lastIndexOf("\n")).split("\n");
        const acknowledged = new Map(lines.map((line) => line.split(" ") as [SessionId, string]));
        expect(acknowledged.size).toBe(ids.length);
        for (const [id, n] of acknowledged) {
          const { fields } = (await store.load(id)) ?? expect.fail();
          expect(Number(fields[`n${children[i]?.process.pid}`])).toBeGreaterThanOrEqual(Number(n));
        }
      }
      const holders = (await store.find({ alias: "shared" })).records;
      expect(holders.length).toBeLessThanOrEqual(1);
    }
    waits.sort((x, y) => x - y);
    process.stdout.write(`next writer after a kill: p50 ${waits[waits.length >> 1]?.toFixed(1)} ms, max ${waits.at(-1)?.toFixed(1)} ms\n`);
    const store = storeOn(folder, 0);
    const before = await store.scrub();
    expect(before).toMatchObject({ records: ids.length, missing: 0, conflicts: [], unreadable: [] });
    await store.scrub({ repair: true });
    expect(await store.scrub({ repair: true })).toMatchObject({ records: ids.length, missing: 0, dead: 0, miscounted: 0, repaired: 0, conflicts: [] });
    expect(await store.count({ kind: "main:web" })).toBe(ids.length);
    for (const id of ids) await store.commit({ id, expect: "live", ended });
    expect(await store.count({ kind: "main:web" })).toBe(0);
  });
});

const notLinux = process.platform === "linux" ? "" : " (how a stopped process is told has been looked at on Linux only)";
describe.skipIf(notLinux !== "")(`a process that is stopped in the middle of a change${notLinux}`, () => {
  it("holds nobody up, and what it would have written does not take away what others wrote", { timeout: 60_000 }, async () => {
    const folder = temporary();
    const store = storeOn(folder);
    const child = await spawn(folder);
    const [id] = (await created(store, 1, { set: { n: "0" } })) as [SessionId];
    const resumed = child.ask("commitStopped", { id, expect: 1, set: { n: "late" } });
    await until(() => isStopped(child));
    for (let i = 1; i <= 5; i++) expect(await store.commit({ id, expect: i, set: { n: String(i) } })).toMatchObject({ ok: true, version: i + 1 });
    child.process.kill("SIGCONT");
    expect(await resumed).toEqual({ ok: false, why: "stale" });
    expect(await store.load(id)).toMatchObject({ version: 6, fields: { n: "5" } });
  });

  it("nor what they ended, or erased and began again under the same id", { timeout: 60_000 }, async () => {
    const folder = temporary();
    const store = storeOn(folder);
    const children = [await spawn(folder), await spawn(folder), await spawn(folder)];
    const ids = (await created(store, 3, { set: { n: "0" } })) as [SessionId, SessionId, SessionId];
    const resumed = children.map((child, i) => child.ask("commitStopped", { id: ids[i], expect: "live", set: { late: "1" } }));
    for (const child of children) await until(() => isStopped(child));
    await store.commit({ id: ids[0], expect: "live", ended });
    await store.commit({ id: ids[1], expect: "live", erase: true });
    await store.commit({ id: ids[2], expect: "live", erase: true });
    await store.commit({ id: ids[2], expect: "absent", kind: "main:web", set: { n: "new" } });
    for (const child of children) child.process.kill("SIGCONT");
    expect(await Promise.all(resumed)).toMatchObject([
      { ok: false, why: "ended" },
      { ok: false, why: "missing" },
      { ok: true, version: 2 },
    ]);
    expect(await store.load(ids[0])).toMatchObject({ version: 2, ended });
    expect(await store.load(ids[1])).toBeUndefined();
    expect(await store.load(ids[2])).toMatchObject({ version: 2, fields: { n: "new", late: "1" } });
  });

  it("finds its alias taken when it slept past the grace", { timeout: 60_000 }, async () => {
    const folder = temporary();
    const store = storeOn(folder);
    const child = await spawn(folder);
    const [own, other] = [newId(), newId()];
    const resumed = child.ask("commitStopped", {
      id: own,
      expect: "absent",
      kind: "main:web",
      claim: ["number"],
      subject: "ada",
      subjectLimit: 1,
      set: { a: "1" },
    });
    await until(() => isStopped(child));
    let tries = 0;
    for (; tries < 200; tries++) {
      const outcome = await store.commit({ id: other, expect: "absent", kind: "main:web", claim: ["number"], subject: "ada", subjectLimit: 1 });
      if (outcome.ok) break;
      expect(outcome).toMatchObject({ ok: false });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(tries).toBeLessThan(200);
    child.process.kill("SIGCONT");
    expect(await resumed).toMatchObject({ ok: false });
    expect((await store.find({ alias: "number" })).records.map(({ id }) => id)).toEqual([other]);
    expect((await store.find({ subject: "ada" })).records.map(({ id }) => id)).toEqual([other]);
    expect(await store.load(own)).toBeUndefined();
    expect(await store.count({ kind: "main:web" })).toBe(1);
  });
});
