import { chmodSync, closeSync, existsSync, fsyncSync, linkSync, mkdtempSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SojournError } from "../../core/errors.ts";
import type { ScrubReport } from "../../core/seam.ts";
import { openLayout } from "./layout.ts";
import type { LmdbRoot } from "./lmdb-root.ts";
import { openLmdb } from "./open-lmdb.ts";
import { scrub } from "./scrub.ts";
import { view } from "./view.ts";

/** What a backup calls of an lmdb-js root beyond what a store does. */
export interface LmdbBackupRoot extends LmdbRoot {
  backup(path: string, compact: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Settings of {@link backupLmdb}. */
export interface LmdbBackupOptions {
  /** Takes the place of a file of that name. Default false: it is refused. */
  readonly overwrite?: boolean;
  /** Default true: without the pages that are free. False is faster, and holds up writers for a moment. */
  readonly compact?: boolean;
  /** Told now and then how far it is. `of`: bytes that it may become at most, then records and entries. */
  readonly progress?: (progress: { readonly doing: "copying" | "checking"; readonly done: number; readonly of: number }) => void;
}

/** What was made. */
export interface LmdbBackup {
  /** Absolute path. */
  readonly file: string;
  readonly bytes: number;
  /** What a look through the copy found. Faults in it are the original's. */
  readonly scrub: ScrubReport;
}

/** How often progress is told while LMDB copies (ms). */
const look = 200;

/**
 * Copies a database that is in use, by any number of processes, into one file: as it was at one moment, all that was acknowledged before the call
 * included. Writers go on; what they free meanwhile is used again only afterwards, so the original may grow.
 *
 * The file has its name only when the copy is whole, on the disk, and was opened and read through. What a process that was killed leaves behind is a
 * folder beside it, `.<name>.partial-…`, which can be deleted. Only its owner can read the file: it holds the data of sessions as it is.
 *
 * @param open the `open` of lmdb-js. @param root of the database to copy. @param file which to make; its folder must exist.
 * @throws {SojournError} `invalid_option` when the file exists or its folder does not; `store_unavailable` when copying or reading the copy fails.
 */
export async function backupLmdb(
  open: (options: { path?: string }) => LmdbBackupRoot,
  root: LmdbBackupRoot,
  file: string,
  { overwrite = false, compact = true, progress }: LmdbBackupOptions = {},
): Promise<LmdbBackup> {
  const target = resolve(file);
  if (!overwrite && existsSync(target)) throw exists(target);
  const partial = partialBeside(target);
  try {
    const copy = join(partial, "data.mdb");
    await copied(root, partial, copy, compact, progress);
    chmodSync(copy, 0o600);
    const found = await readThrough(open, partial, progress);
    const bytes = statSync(copy).size;
    flush(copy);
    if (overwrite) renameSync(copy, target);
    else link(copy, target);
    flush(dirname(target));
    return { file: target, bytes, scrub: found };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function partialBeside(target: string): string {
  try {
    return mkdtempSync(join(dirname(target), `.${basename(target)}.partial-`));
  } catch (cause) {
    throw new SojournError(
      "invalid_option",
      `No file can be made in ${dirname(target)} (${codeOf(cause)}). Give a folder that exists and that this user may write.`,
      {
        cause,
      },
    );
  }
}

async function copied(root: LmdbBackupRoot, folder: string, copy: string, compact: boolean, progress: LmdbBackupOptions["progress"]): Promise<void> {
  const { lastPageNumber, pageSize } = root.getStats() as { readonly lastPageNumber: number; readonly pageSize: number };
  const of = (lastPageNumber + 1) * pageSize;
  const tell = (): void => progress?.({ doing: "copying", done: Math.min(of, statSync(copy, { throwIfNoEntry: false })?.size ?? 0), of });
  const timer = progress === undefined ? undefined : setInterval(tell, look);
  try {
    await root.backup(folder, compact);
  } catch (cause) {
    throw new SojournError(
      "store_unavailable",
      `The backup failed: LMDB could not write ${folder} (${cause instanceof Error ? cause.message : String(cause)}). Make room there, or give another place.`,
      {
        cause,
      },
    );
  } finally {
    clearInterval(timer);
  }
}

async function readThrough(
  open: (options: { path?: string }) => LmdbBackupRoot,
  folder: string,
  progress: LmdbBackupOptions["progress"],
): Promise<ScrubReport> {
  const root = openLmdb(open, folder);
  try {
    const layout = openLayout(root);
    return await scrub(root, layout, view(root, layout, 1), progress === undefined ? {} : { progress: (at) => progress({ doing: "checking", ...at }) });
  } finally {
    await root.close();
  }
}

/** Unlike renaming, refuses to take the place of what has appeared meanwhile. */
function link(copy: string, target: string): void {
  try {
    linkSync(copy, target);
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") throw exists(target);
    // A file system without links.
    if (existsSync(target)) throw exists(target);
    renameSync(copy, target);
  }
}

function exists(target: string): SojournError {
  return new SojournError("invalid_option", `${target} exists. Give another name, or say that it may be overwritten.`);
}

/** Has the disk take a file, or the names in a folder. */
function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "error";
}
