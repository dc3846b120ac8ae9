import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SojournError } from "../../core/errors.ts";
import { notMounted } from "./folders.ts";
import type { Disk } from "./disk.ts";
import { codeOf } from "./file-errors.ts";
import { baseFolders, markerFile, newMark } from "./paths.ts";

const layout = 1;

/**
 * Makes the folder a store, or looks whether it is one. An empty folder becomes one; a folder with other things in it does not.
 * @throws {SojournError} `invalid_option` when it is another program's, or a newer release's
 */
export async function openRoot(folder: string, disk: Disk): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await marker(folder);
  if (found === undefined) {
    const others = ((await disk.list(".")) ?? []).filter(
      (name) => !baseFolders.includes(name) && !name.startsWith(markerFile) && name !== "lost+found" && name !== ".trashcan",
    );
    if (others.length > 0) {
      throw new SojournError("invalid_option", `The folder ${folder} is no session store and is not empty. Give the store a folder of its own.`);
    }
    for (const name of baseFolders) await disk.mkdir(name);
    // Written beside and renamed: two that begin at once write the same.
    const beside = `${markerFile}.${newMark(Date.now())}`;
    try {
      await writeFile(join(folder, beside), `${JSON.stringify({ sojourn: "file", layout })}\n`, { flag: "wx", mode: 0o600 });
      await disk.flush(".");
      await disk.rename(beside, markerFile);
      await disk.flush(".");
    } finally {
      await rm(join(folder, beside), { force: true });
    }
  } else if (found !== layout) {
    const why =
      typeof found === "number"
        ? `has layout ${found}, and this release of sojourn knows ${layout}. Use the newer release`
        : `has a damaged ${markerFile}. Restore it`;
    throw new SojournError("invalid_option", `The session store in ${folder} ${why}.`);
  }
}

async function marker(folder: string): Promise<unknown> {
  try {
    const { layout: found } = JSON.parse(await readFile(join(folder, markerFile), "utf8")) as { layout?: unknown };
    return found ?? "none";
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    if (error instanceof SyntaxError) return "damaged";
    throw error;
  }
}

/** The file system's clock, epoch ms: the time that it gives a file that was just made, in the middle between asking and answer. @returns what is to be added to this machine's */
export async function clockOffset(disk: Disk): Promise<number> {
  const began = performance.now();
  const asked = Date.now();
  const draft = await disk.create(`t/c.${newMark(asked)}`);
  if (draft === undefined) throw notMounted();
  try {
    return (await draft.madeAt()) - (asked + (performance.now() - began) / 2);
  } finally {
    await draft.drop();
  }
}

/** That what was not found is not there, and not merely out of sight with the whole file system. @throws {SojournError} `store_unavailable` */
export async function proveMounted(disk: Disk): Promise<void> {
  if ((await disk.list("t")) === undefined) throw notMounted();
}
