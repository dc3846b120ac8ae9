import { Command } from "commander";
import { open } from "lmdb";
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { backupLmdb } from "sojourn/stores/lmdb";
import { bytesText } from "./bytes-text.ts";
import { openStore } from "./open-store.ts";
import { StartFailure } from "./start-failure.ts";
import { dataOption, existingStore, faultLines, jsonOption, lmdbFolder, say, storeOption, type StoreFlags } from "./store-command.ts";

interface Flags extends StoreFlags {
  readonly force?: boolean;
}

/** `sojournd backup`: works beside running servers. */
export function backupCommand(): Command {
  return new Command("backup")
    .argument("<file-or-folder>", "the file to make; in a folder it gets the name sojourn-<time>.mdb")
    .option("--force", "takes the place of a file of that name")
    .option(...jsonOption)
    .option(...dataOption)
    .option(...storeOption)
    .addHelpText(
      "after",
      `
The copy is of one moment, and is read through before it gets its name. Not in it: keys given in SOJOURN_KEY, the file data/application-key of --dev, and
options. It holds the data of sessions as it is: keep it as you keep the data folder. Exit codes: 0 made, 1 failed, 2 wrong usage.`,
    )
    .action((target: string, flags: Flags) =>
      say(flags, async (address, progress) => {
        const data = lmdbFolder(address, "backup");
        existingStore(data);
        const file = fileOf(target, new Date());
        if (flags.force !== true && existsSync(file)) throw new StartFailure(`${file} exists. Give another name, or say --force.`);
        const began = performance.now();
        const store = openStore(data);
        try {
          const { bytes, scrub } = await backupLmdb(open, store.root, file, {
            overwrite: flags.force === true,
            progress: ({ doing, done, of }) => progress.show(doing === "copying" ? "Copying bytes" : "Reading the copy", done, of),
          });
          const seconds = Math.round(performance.now() - began) / 1000;
          const faults = faultLines(scrub);
          return {
            lines: [
              `${file}: ${scrub.records} records, ${bytesText(bytes)}, ${seconds} s.`,
              ...(faults.length > 0 ? ['What is stored has faults, and so has the copy. "sojournd scrub" deals with them:', ...faults] : []),
            ],
            json: { file, bytes, seconds, ...scrub },
          };
        } finally {
          await store.close();
        }
      }),
    );
}

function fileOf(target: string, now: Date): string {
  const path = resolve(target);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  return join(path, `sojourn-${now.toISOString().replaceAll(/[:]|\.\d+/g, "")}.mdb`);
}
