import { Command } from "commander";
import type { ScrubbableStore, Store } from "sojourn";
import { StartFailure } from "./start-failure.ts";
import { dataOption, existingStore, faultLines, jsonOption, say, storeOption, type StoreFlags } from "./store-command.ts";
import { openAddress } from "./stores/open-address.ts";

interface Flags extends StoreFlags {
  readonly repair?: boolean;
}

/** `sojournd scrub`: exit code 2 when something is wrong that was not put right. */
export function scrubCommand(): Command {
  return new Command("scrub")
    .option("--repair", "puts right what can be: entries that are missing or lead to nothing, and counts")
    .option(...jsonOption)
    .option(...dataOption)
    .option(...storeOption)
    .addHelpText("after", "\nExit codes: 0 all is well (or was put right), 1 failed, 2 something is wrong (or the command line is).")
    .action((flags: Flags) =>
      say(flags, async (address, progress) => {
        if (address.engine === "lmdb") existingStore(address.path);
        const place = await openAddress(address);
        try {
          const store = scrubbable(place.store, address.shown);
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
          await place.close();
        }
      }),
    );
}

function scrubbable(store: Store, shown: string): ScrubbableStore {
  if ("scrub" in store) return store as Store & ScrubbableStore;
  throw new StartFailure(`${shown} keeps no index beside the sessions that could differ from them: there is nothing to scrub.`);
}
