import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cells, type Cells } from "./cells.ts";
import { diskAt, type Disk, type Step } from "./disk.ts";
import { openRoot } from "./root.ts";

const cell = "r/ab/c/session";
let folder: string;
let real: Disk;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sojourn-file-"));
  real = diskAt(folder);
  await openRoot(folder, real);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cellsOn = (disk: Disk): Cells => cells({ disk, flush: true, now: Date.now, sleep: async () => undefined });
async function append(to: Cells, token: string, undone: string[] = []): Promise<string> {
  const { answer, tidy } = await to.update(cell, {
    decide: (content) => ({ answer: token, next: `${content?.payload ?? ""}${token}`, undo: async () => undone.push(token) }),
  });
  await tidy();
  return answer;
}
const failing = (code: string): Error => Object.assign(new Error(code), { code });
const payload = async (): Promise<string | undefined> => (await cellsOn(real).read(cell))?.payload;

/** The real steps by which a change lands; only what is told of them is another. */
function telling(tell: (act: () => Promise<Step>) => Promise<Step>): Disk {
  return { ...real, link: (from, to) => tell(() => real.link(from, to)), rename: (from, to) => tell(() => real.rename(from, to)) };
}

for (const before of ["", "x"]) {
  describe(before === "" ? "making a cell" : "changing a cell", () => {
    beforeEach(async () => {
      if (before !== "") await append(cellsOn(real), before);
    });

    for (const told of ["exists", "absent"] as const) {
      it(`that landed, but was told as "${told}" since the question was repeated on its way, landed once`, async () => {
        const undone: string[] = [];
        const disk = telling((act) => act().then(() => told));
        expect(await append(cellsOn(disk), "a", undone)).toBe("a");
        expect([await payload(), undone]).toEqual([`${before}a`, []]);
      });
    }

    it("that landed and whose answer was lost is known again by its mark", async () => {
      const disk = telling((act) => act().then(() => Promise.reject(failing("ETIMEDOUT"))));
      expect(await append(cellsOn(disk), "a")).toBe("a");
      expect(await payload()).toBe(`${before}a`);
    });

    it("of which nothing was heard, and nothing is seen, is outcome_unknown", async () => {
      const undone: string[] = [];
      const disk = telling(() => Promise.reject(failing("ETIMEDOUT")));
      await expect(append(cellsOn(disk), "a", undone)).rejects.toMatchObject({ code: "outcome_unknown" });
      // It may still land: what leads to it stays.
      expect(undone).toEqual([]);
    });

    for (const code of ["ENOSPC", "EROFS", "EACCES"]) {
      it(`that was refused with ${code} is not written, and leaves nothing`, async () => {
        const undone: string[] = [];
        const disk = telling(() => Promise.reject(failing(code)));
        await expect(append(cellsOn(disk), "a", undone)).rejects.toMatchObject({ code });
        expect([await payload(), undone]).toEqual([before === "" ? undefined : before, ["a"]]);
        expect(readdirSync(join(folder, "t"))).toEqual([]);
        if (before !== "") expect(readdirSync(join(folder, cell))).toHaveLength(1);
      });
    }

    it("that landed and could not be flushed is outcome_unknown", async () => {
      let sent = false;
      const disk: Disk = {
        ...telling((act) => act().finally(() => (sent = true))),
        flush: (path) => (sent ? Promise.reject(failing("EIO")) : real.flush(path)),
      };
      await expect(append(cellsOn(disk), "a")).rejects.toMatchObject({ code: "outcome_unknown" });
      expect(await payload()).toBe(`${before}a`);
    });

    it("that is late when it is to be sent is decided again", async () => {
      let [asked, late] = [0, true];
      const { answer } = await cellsOn(real).update(cell, {
        decide: () => ({ answer: asked++, next: late ? `${before}late` : undefined }),
        isLate: () => {
          late = false;
          return true;
        },
      });
      expect(answer).toBeGreaterThan(0);
      expect(await payload()).toBe(before === "" ? undefined : before);
    });
  });
}

it("a cell of which nothing is left goes with its folder, and may be made again with other numbers", async () => {
  const own = cellsOn(real);
  await append(own, "x");
  const first = await own.read(cell);
  const cleared = await own.update(cell, { decide: () => ({ answer: true, next: "" }) });
  expect(await own.read(cell)).toBeUndefined();
  await cleared.tidy();
  expect(existsSync(join(folder, cell))).toBe(false);
  await append(own, "y");
  const second = await own.read(cell);
  expect(second?.payload).toBe("y");
  expect(Math.abs((second?.generation ?? 0) - (first?.generation ?? 0))).toBeGreaterThan(1_024);
});
