import { Command } from "commander";
import { open } from "lmdb";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { backupLmdb, openLmdb, spaceOfLmdb } from "sojourn/stores/lmdb";
import { bytesText } from "./bytes-text.ts";
import { failingInOneLine, openStore, sessionsFolder } from "./open-store.ts";
import type { Progress } from "./progress.ts";
import { othersIn, putInPlace } from "./put-in-place.ts";
import { dataOption, existingStore, jsonOption, lmdbFolder, say, storeOption, type Said, type StoreFlags } from "./store-command.ts";

/** `sojournd compact`: exit code 3 when the folder is in use, and the file stays as it is. */
export function compactCommand(): Command {
  return new Command("compact")
    .option(...jsonOption)
    .option(...dataOption)
    .option(...storeOption)
    .addHelpText(
      "after",
      `
A database file does not shrink while it is open: its free pages are used again, and others have it mapped into their memory. With no server on the folder a
compact copy is made, read through and put in its place; that takes as much room as the copy. Exit codes: 0 done, 1 failed, 2 wrong
usage, 3 in use: nothing was changed.`,
    )
    .action((flags: StoreFlags) =>
      say(flags, (address, progress) => {
        const data = lmdbFolder(address, "compact");
        existingStore(data);
        return failingInOneLine(() => othersIn(data)) > 0 ? report(data) : compact(data, progress);
      }),
    );
}

async function report(data: string): Promise<Said> {
  const store = openStore(data);
  try {
    store.root.readerCheck();
    const { file, used } = spaceOfLmdb(store.root);
    return {
      lines: [
        `${data} is in use, so its file stays as it is: ${bytesText(file)}, of which ${bytesText(file - used)} are free and will be used again before it grows.`,
        "To give them back to the disk, stop the servers and run this again.",
      ],
      json: { compacted: false, before: file, used },
      code: 3,
    };
  } finally {
    await store.close();
  }
}

async function compact(data: string, progress: Progress): Promise<Said> {
  const folder = sessionsFolder(data);
  const copy = join(folder, "compacted.mdb");
  const before = statSync(join(folder, "data.mdb")).size;
  try {
    const { bytes: after, since } = await copied(folder, copy, progress);
    failingInOneLine(() => putInPlace(data, { file: copy, since }));
    return { lines: [`${data}: ${bytesText(before)} before, ${bytesText(after)} now.`], json: { compacted: true, before, after } };
  } finally {
    rmSync(copy, { force: true });
  }
}

/** Makes a compact copy. @returns its size, and the newest transaction before it was begun. */
async function copied(folder: string, copy: string, progress: Progress): Promise<{ readonly bytes: number; readonly since: number }> {
  const root = failingInOneLine(() => openLmdb(open, folder));
  try {
    const since = (root.getStats() as { readonly lastTxnId: number }).lastTxnId;
    const { bytes } = await backupLmdb(open, root, copy, {
      overwrite: true,
      progress: ({ doing, done, of }) => progress.show(doing === "copying" ? "Copying bytes" : "Reading the copy", done, of),
    });
    return { bytes, since };
  } finally {
    await root.close();
  }
}
