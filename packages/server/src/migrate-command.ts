import { Command } from "commander";
import { open } from "lmdb";
import { kindsOfLmdb, openLmdb } from "sojourn/stores/lmdb";
import { migrate, type MigrateReport } from "sojourn/stores/migrating";
import { failingInOneLine, sessionsFolder } from "./open-store.ts";
import { progressLine, type Progress } from "./progress.ts";
import { StartFailure } from "./start-failure.ts";
import { existingStore, jsonOption, type Said } from "./store-command.ts";
import { openHouses } from "./stores/open-setting.ts";
import { forms, storeAddress, type StoreAddress } from "./stores/store-address.ts";

interface Flags {
  readonly from: string;
  readonly to: string;
  readonly verify?: boolean;
  readonly json?: boolean;
}

/** `sojournd migrate`: exit code 2 when not all is moved, 130 when it was interrupted. */
export function migrateCommand(): Command {
  return new Command("migrate")
    .requiredOption("--from <url>", `the store that they leave: ${forms}`)
    .requiredOption("--to <url>", "the store that they move to, empty at the beginning")
    .option("--verify", "compares every session that it moves, field by field; without it every twentieth")
    .option(...jsonOption)
    .addHelpText(
      "after",
      `
Nobody is logged out, as long as every server knows of the move before it begins. In this order:
1. Start the servers anew with SOJOURN_STORE=<to> SOJOURN_MIGRATING_FROM=<from>. Where there are several, with SOJOURN_MIGRATING_PHASE=old as well, one after the
   other; when all have it, without it, one after the other.
2. sojournd migrate --from <from> --to <to>. It can be stopped and killed at any moment, and goes on when it is run again.
3. When it says that the house is moved, start the servers anew with SOJOURN_STORE=<to> alone. The old store can be thrown away then.

Exit codes: 0 all is moved, 1 failed, 2 not all is moved: it says what is left (or the command line is wrong), 130 interrupted.`,
    )
    .action(async (flags: Flags) => {
      const progress = progressLine(flags.json === true);
      let said: Said;
      try {
        said = await moved(storeAddress(flags.from, "--from"), storeAddress(flags.to, "--to"), flags, progress);
      } finally {
        progress.clear();
      }
      console.log(flags.json === true ? JSON.stringify(said.json) : said.lines.join("\n"));
      process.exitCode = said.code ?? 0;
    });
}

async function moved(from: StoreAddress, to: StoreAddress, flags: Flags, progress: Progress): Promise<Said> {
  for (const { engine, setting } of [from, to])
    if (engine === "memory") throw new StartFailure(`${setting} says memory:, which is each process's own. Give a store that another process can reach.`);
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  const kinds = await kindsIn(from);
  const houses = await openHouses(from, to);
  try {
    for (const signal of signals) process.once(signal, stop);
    const report = await migrate({
      ...houses,
      kinds,
      compare: flags.verify === true ? 1 : 20,
      progress: ({ done, of }) => progress.show("Moving", done, of),
      signal: interrupted.signal,
    });
    return { ...told(report, from, to, interrupted.signal.aborted), json: { ...report, interrupted: interrupted.signal.aborted } };
  } finally {
    for (const signal of signals) process.off(signal, stop);
    await houses.close();
  }
}

const signals = ["SIGINT", "SIGTERM"] as const;

/** Of records without a wake the store has to be asked by their kinds. LMDB knows all of its own; elsewhere those are named that a server begins. */
async function kindsIn(from: StoreAddress): Promise<readonly string[]> {
  const usual = ["server:$key", "main:api", "main:$floor", "main:$checkpoint", "demo:web", "demo:$floor"];
  if (from.engine !== "lmdb") return usual;
  existingStore(from.path);
  const root = failingInOneLine(() => openLmdb(open, sessionsFolder(from.path)));
  try {
    return [...new Set([...usual, ...kindsOfLmdb(root)])];
  } finally {
    await root.close();
  }
}

function told(report: MigrateReport, from: StoreAddress, to: StoreAddress, interrupted: boolean): { readonly lines: readonly string[]; readonly code: number } {
  const { complete, kinds, left, compared, different, failed } = report;
  const lines = [`${report.moved} records moved from ${from.shown} to ${to.shown}; ${compared} compared.`];
  if (interrupted) return { lines: [...lines, "It was interrupted. What has moved stays moved; run it again to go on."], code: 130 };
  for (const [kind, { known, found }] of Object.entries(kinds)) if (known > 0) lines.push(`  ${kind}: ${found} of ${known} are there.`);
  for (const id of different) lines.push(`Session ${id} differs from what it was.`);
  for (const { id, why } of failed) lines.push(`Session ${id} could not be moved: ${why}.`);
  if (complete) lines.push("The house is moved: start the servers anew with the new store alone.");
  else if (left > 0) lines.push(`${left} records are still in the old store. Run it again.`);
  else lines.push("Not all is as it was: leave both stores as they are until that is clear.");
  return { lines, code: complete ? 0 : 2 };
}
