import { Command } from "commander";
import { openStore } from "./open-store.ts";
import { dataOption, existingStore, faultLines, jsonOption, say, type StoreFlags } from "./store-command.ts";

interface Flags extends StoreFlags {
  readonly repair?: boolean;
}

/** `sojournd scrub`: exit code 2 when something is wrong that was not put right. */
export function scrubCommand(): Command {
  return new Command("scrub")
    .description("compares the index with the sessions, and names what cannot be read; servers may run meanwhile")
    .option("--repair", "puts right what can be: entries that are missing or lead to nothing, and counts")
    .option(...jsonOption)
    .option(...dataOption)
    .addHelpText("after", "\nExit codes: 0 all is well (or was put right), 1 failed, 2 something is wrong.")
    .action((flags: Flags) =>
      say(flags, async (data, progress) => {
        existingStore(data);
        const store = openStore(data);
        try {
          const report = await store.scrub({
            repair: flags.repair === true,
            progress: ({ done, of }) => progress.show("Looking through records and index", done, of),
          });
          const left = report.missing + report.dead + report.miscounted - report.repaired + report.conflicts.length + report.unreadable.length;
          const faults = faultLines(report);
          return {
            lines: [
              ...faults,
              `${report.records} records looked through: ${faults.length === 0 ? "all is well" : left === 0 ? "all was put right" : "not all is well"}.`,
            ],
            json: report,
            code: left > 0 ? 2 : 0,
          };
        } finally {
          await store.close();
        }
      }),
    );
}
