import { Command } from "commander";
import { open } from "lmdb";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ScrubReport } from "sojourn";
import { forgetCursors, lmdbStore, openLmdb } from "sojourn/stores/lmdb";
import { bytesText } from "./bytes-text.ts";
import { makeDataFolder } from "./data-folder.ts";
import { endEveryone } from "./end-everyone.ts";
import { keysOf } from "./keys.ts";
import { failingInOneLine, sessionsFolder } from "./open-store.ts";
import type { Progress } from "./progress.ts";
import { flush, inUse, othersIn, putInPlace } from "./put-in-place.ts";
import { codeOf, StartFailure } from "./start-failure.ts";
import { dataOption, faultLines, jsonOption, lmdbFolder, say, storeOption, type Said, type StoreFlags } from "./store-command.ts";

interface Flags extends StoreFlags {
  readonly force?: boolean;
  readonly keepSessions?: boolean;
}

/** `sojournd restore`: a backup in the place of what the data folder holds. */
export function restoreCommand(): Command {
  return new Command("restore")
    .argument("<file>", 'what "sojournd backup" made')
    .option("--force", "also where there are sessions already: what is there is moved aside, never deleted")
    .option("--keep-sessions", "does not end the sessions: those that ended since the backup was made are live again")
    .option(...jsonOption)
    .option(...dataOption)
    .option(...storeOption)
    .addHelpText(
      "after",
      `
A backup does not know what ended after it was made: log-outs, revoked sessions, passwords changed. So by default everybody has to log in again: every
session ends, with the reason "revoked". Application keys stay as they were: revoke again those that were revoked since. Readers of the feed hear "gap".
Exit codes: 0 restored, 1 failed: the data folder is as it was, 2 wrong usage.`,
    )
    .action((file: string, flags: Flags) => say(flags, (address, progress) => restore(resolve(file), lmdbFolder(address, "restore"), flags, progress)));
}

async function restore(backup: string, data: string, flags: Flags, progress: Progress): Promise<Said> {
  const found = statSync(backup, { throwIfNoEntry: false });
  if (found?.isFile() !== true) throw new StartFailure(`${backup} is no file. Give the file that "sojournd backup" made.`);
  makeDataFolder(data);
  const old = existsSync(join(sessionsFolder(data), "data.mdb"));
  if (old && flags.force !== true) {
    throw new StartFailure(`There are sessions in ${data} already. Give an empty folder with --data, or say --force: what is there is then moved aside.`);
  }
  if (failingInOneLine(() => damagedOr(() => othersIn(data), data)) > 0) throw inUse(data);
  const making = mkdtempSync(join(data, ".restore-"));
  try {
    const copy = join(making, "data.mdb");
    progress.show("Copying", 0, 0);
    copyBackup(backup, copy);
    const { scrub, ended, keys } = await prepare(making, flags.keepSessions === true, progress);
    flush(copy);
    const aside = old ? join(data, `sessions.before-restore-${new Date().toISOString().replaceAll(/[:]|\.\d+/g, "")}`) : undefined;
    failingInOneLine(() => putInPlace(data, { file: copy, ...(aside === undefined ? undefined : { aside }) }));
    return {
      lines: [
        `${data}: ${scrub.records} records restored from ${backup} (${bytesText(found.size)}, last changed ${found.mtime.toISOString()}).`,
        ended === undefined
          ? "No session was ended: those that ended since the backup was made are live again until their deadlines, whoever holds their tokens."
          : `${ended} sessions were live when the backup was made and were ended now: everybody has to log in again.`,
        ...(keys > 0
          ? [`${keys} application keys are good as they were then. "sojournd keys list" shows them: revoke again those that were revoked since.`]
          : []),
        ...(aside === undefined ? [] : [`What was there before is in ${aside}. Delete it when you no longer need it.`]),
        ...faultLines(scrub),
      ],
      json: { records: scrub.records, ended: ended ?? 0, keptSessions: ended === undefined, keys, ...(aside === undefined ? undefined : { aside }), scrub },
    };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** A damaged database cannot be asked who uses it. */
function damagedOr<T>(act: () => T, data: string): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("cannot be used"))) throw error;
    const folder = sessionsFolder(data);
    throw new StartFailure(
      `${folder} is damaged, and cannot tell whether a server uses it. Stop the servers, move it away (mv ${folder} ${folder}.damaged), and run this again.`,
      {
        cause: error,
      },
    );
  }
}

function copyBackup(backup: string, copy: string): void {
  try {
    copyFileSync(backup, copy);
    chmodSync(copy, 0o600);
  } catch (error) {
    throw new StartFailure(
      `${backup} could not be copied into the data folder (${codeOf(error) ?? "unknown"}). Make it readable for this user, and see that the disk has room.`,
      {
        cause: error,
      },
    );
  }
}

/** Makes of a copy of the backup what a server may use. @throws {StartFailure} when it is no backup, or a newer release's */
async function prepare(
  folder: string,
  keepSessions: boolean,
  progress: Progress,
): Promise<{ readonly scrub: ScrubReport; readonly ended: number | undefined; readonly keys: number }> {
  const root = failingInOneLine(() => openLmdb(open, folder));
  try {
    failingInOneLine(() => forgetCursors(root));
    const store = lmdbStore(root);
    try {
      const ended = keepSessions ? undefined : await endEveryone(store, root, (done, of) => progress.show("Ending sessions", done, of));
      const scrub = await store.scrub({ repair: true, progress: ({ done, of }) => progress.show("Looking through records and index", done, of) });
      return { scrub, ended, keys: (await keysOf(store).list()).length };
    } finally {
      await store.close();
    }
  } finally {
    await root.flushed;
    await root.close();
  }
}
