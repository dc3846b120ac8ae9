import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Outcome, SessionId } from "../../core/seam.ts";
import { newId } from "../../testing/new-id.ts";
import { writtenFor } from "../session-document.ts";
import { diskAt, type Disk } from "./disk.ts";
import { fileParts, type FileParts } from "./file-parts.ts";
import { placeCell, recordCell } from "./paths.ts";
import { openRoot } from "./root.ts";
import { scrub } from "./scrub.ts";
import { findDue } from "./wakes.ts";

const ended = '{"at":1,"reason":"closed"}';
let folder: string;
let clock = 0;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sojourn-file-"));
  clock = Date.now();
  await openRoot(folder, diskAt(folder));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function partsOn(disk: Disk, grace = 0): FileParts {
  return fileParts({ disk, flush: false, grace, now: () => clock });
}

/** The real disk of a process that falls asleep before a step of its choice, once. */
function sleepy(before: (what: "link" | "rename" | "touch" | "unlink", path: string) => boolean): { disk: Disk; asleep: Promise<void>; wake: () => void } {
  const disk = diskAt(folder);
  let [sleeps, wake] = [(): void => undefined, (): void => undefined];
  const asleep = new Promise<void>((resolve) => (sleeps = resolve));
  const woken = new Promise<void>((resolve) => (wake = resolve));
  let slept = false;
  const step = async (what: "link" | "rename" | "touch" | "unlink", path: string): Promise<void> => {
    if (slept || !before(what, path)) return;
    slept = true;
    sleeps();
    await woken;
  };
  return {
    asleep,
    wake,
    disk: {
      ...disk,
      link: (from, to) => step("link", to).then(() => disk.link(from, to)),
      rename: (from, to) => step("rename", to).then(() => disk.rename(from, to)),
      touch: (path) => step("touch", path).then(() => disk.touch(path)),
      unlink: (path) => step("unlink", path).then(() => disk.unlink(path)),
    },
  };
}

const idsOf = async (found: Promise<{ readonly records: readonly { readonly id: SessionId }[] }>): Promise<SessionId[]> =>
  (await found).records.map(({ id }) => id);

describe("a process that sleeps between its index entries and its commit", () => {
  it("finds its creation undone when its entries were taken away, and makes it again with others", async () => {
    const sleeper = sleepy((what) => what === "rename");
    const [slow, quick] = [partsOn(sleeper.disk), partsOn(diskAt(folder))];
    const id = newId();
    const late = slow.reservations.commit({ id, expect: "absent", kind: "main:web", wake: 5 });
    await sleeper.asleep;
    expect(await idsOf(quick.kinds.find("main:web", {}))).toEqual([]);
    expect(await idsOf(findDue(quick, 10, {}))).toEqual([]);
    await quick.idle();
    expect(readdirSync(join(folder, "t"))).toEqual([]);
    sleeper.wake();
    expect(await late).toMatchObject({ ok: true, version: 1 });
    expect(await idsOf(quick.kinds.find("main:web", {}))).toEqual([id]);
    expect(await idsOf(findDue(quick, 10, {}))).toEqual([id]);
    await slow.idle();
    expect(await scrub(quick)).toMatchObject({ records: 1, missing: 0, dead: 0, miscounted: 0 });
  });

  it("and a change of its wake likewise", async () => {
    const quick = partsOn(diskAt(folder));
    const id = newId();
    await quick.reservations.commit({ id, expect: "absent", kind: "main:web", wake: 1e12 });
    await quick.idle();
    const sleeper = sleepy((what) => what === "link");
    const slow = partsOn(sleeper.disk);
    const late = slow.reservations.commit({ id, expect: 1, wake: 5 });
    await sleeper.asleep;
    expect(await idsOf(findDue(quick, 10, {}))).toEqual([]);
    await quick.idle();
    sleeper.wake();
    expect(await late).toMatchObject({ ok: true, version: 2 });
    expect(await idsOf(findDue(quick, 10, {}))).toEqual([id]);
    await slow.idle();
    expect(await scrub(quick)).toMatchObject({ records: 1, missing: 0, dead: 0 });
  });

  it("is left alone within the grace", async () => {
    const sleeper = sleepy((what) => what === "rename");
    const [slow, quick] = [partsOn(sleeper.disk), partsOn(diskAt(folder), 60_000)];
    const late = slow.reservations.commit({ id: newId(), expect: "absent", kind: "main:web", wake: 5 });
    await sleeper.asleep;
    await quick.kinds.find("main:web", {});
    await findDue(quick, 10, {});
    await quick.idle();
    expect(readdirSync(join(folder, "t"))).toHaveLength(1);
    expect(await scrub(quick)).toMatchObject({ dead: 0 });
    sleeper.wake();
    expect(await late).toMatchObject({ ok: true });
  });
});

describe("the count of a kind is exact while somebody sleeps", () => {
  const cases: Record<string, { readonly before: (path: string) => boolean; readonly change: object; readonly live: number }> = {
    "before it says that an ended session is no longer live": { before: (path) => path.endsWith(".l"), change: { ended }, live: 0 },
    "before it says that one ends": { before: (path) => path.endsWith(".d"), change: { ended }, live: 0 },
    "before it takes an erased one out": { before: (path) => path.endsWith(".a"), change: { erase: true }, live: 0 },
  };
  for (const [when, { before, change, live }] of Object.entries(cases)) {
    it(when, async () => {
      const quick = partsOn(diskAt(folder));
      const id = newId();
      await quick.reservations.commit({ id, expect: "absent", kind: "k" });
      await quick.idle();
      const sleeper = sleepy((_, path) => before(path));
      const slow = partsOn(sleeper.disk);
      let outcome: Outcome | undefined;
      const late = slow.reservations.commit({ id, expect: "live", ...change }).then((answer) => (outcome = answer));
      await sleeper.asleep;
      // What was acknowledged counts; what was not may yet be refused.
      await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 50))]);
      expect(await quick.kinds.live("k")).toBe(outcome?.ok ? live : 1);
      sleeper.wake();
      await late;
      expect(await quick.kinds.live("k")).toBe(live);
      await slow.idle();
      await quick.idle();
      expect(await quick.kinds.live("k")).toBe(live);
      expect(await scrub(quick)).toMatchObject({ missing: 0, dead: 0, miscounted: 0 });
    });
  }

  it("before it says that a new one is live", async () => {
    const sleeper = sleepy((_, path) => path.endsWith(".l"));
    const [slow, quick] = [partsOn(sleeper.disk), partsOn(diskAt(folder))];
    const id = newId();
    expect(await slow.reservations.commit({ id, expect: "absent", kind: "k" })).toMatchObject({ ok: true });
    await sleeper.asleep;
    expect(await quick.kinds.live("k")).toBe(1);
    await quick.reservations.commit({ id, expect: "live", ended });
    await quick.idle();
    sleeper.wake();
    await slow.idle();
    expect(await quick.kinds.live("k")).toBe(0);
    await quick.idle();
    expect(await scrub(quick)).toMatchObject({ missing: 0, dead: 0, miscounted: 0 });
  });
});

describe("what is kept to remember what was forbidden", () => {
  it("goes when its time is over, by who sweeps, and leaves nothing of the session", async () => {
    const parts = partsOn(diskAt(folder));
    const id = newId();
    await parts.reservations.commit({ id, expect: "absent", kind: "k", claim: ["name"], subject: "ada", wake: 5 });
    await parts.reservations.commit({ id, expect: "live", erase: true });
    await parts.idle();
    expect(existsSync(join(folder, recordCell(id)))).toBe(true);
    expect(existsSync(join(folder, placeCell("aname")))).toBe(false);
    await findDue(parts, clock + 1e6, {});
    await parts.idle();
    expect(existsSync(join(folder, recordCell(id)))).toBe(true);
    clock += writtenFor + 1_000;
    await findDue(parts, clock, {});
    await parts.idle();
    expect(existsSync(join(folder, recordCell(id)))).toBe(false);
    await findDue(parts, clock + 1e6, {});
    await parts.idle();
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toEqual(["store.json"]);
  });

  it("attempts of dead processes go after a while", async () => {
    const sleeper = sleepy((what) => what === "rename");
    const [slow, quick] = [partsOn(sleeper.disk), partsOn(diskAt(folder))];
    void slow.reservations.commit({ id: newId(), expect: "absent", kind: "k" });
    await sleeper.asleep;
    expect(await quick.healing.clear(600_000)).toBe(0);
    clock += 601_000;
    expect(await quick.healing.clear(600_000)).toBe(1);
    expect(readdirSync(join(folder, "t"))).toEqual([]);
  });
});
