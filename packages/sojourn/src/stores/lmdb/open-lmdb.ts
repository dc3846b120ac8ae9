import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { SojournError } from "../../core/errors.ts";
import { checkLmdbFile } from "./check-lmdb-file.ts";
import { opening } from "./turnstile.ts";

/**
 * Opens an LMDB folder, or makes it, with every trouble told in one line: a folder that cannot be written and a file that is not LMDB's or
 * was cut off, which would otherwise end the process without a word. What `open` gives is yours to close.
 *
 * @param open the `open` of lmdb-js. @param path the folder; "data.mdb" and "lock.mdb" lie in it. @param options more options of `open`.
 * @throws {SojournError} `store_unavailable`, naming the path and what to do.
 */
export function openLmdb<Root, Options extends { path?: string }>(open: (options: Options) => Root, path: string, options?: Omit<Options, "path">): Root {
  const file = join(path, "data.mdb");
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    for (const name of [file, join(path, "lock.mdb")]) if (existsSync(name)) accessSync(name, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw trouble(
      `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? "error"}). Give a folder that this user may write, or change its owner`,
      cause,
    );
  }
  checkDescriptors(path);
  let wrong: string | undefined;
  try {
    wrong = existsSync(file) ? checkLmdbFile(file) : undefined;
  } catch (cause) {
    throw trouble(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? "error"})`, cause);
  }
  if (wrong !== undefined) throw trouble(`${file} cannot be used: ${wrong}. Move it away to begin with an empty store, or put a backup in its place`);
  if (isDiskFull(path)) throw trouble(`the disk that ${path} is on is full. Free some space, or give a folder on another disk`);
  try {
    // Left to itself, lmdb-js takes a path with a dot for a file.
    return opening(path, () => open({ noSubdir: false, ...options, path } as { path?: string } as Options));
  } catch (cause) {
    if (cause instanceof SojournError) throw cause;
    throw trouble(`LMDB could not open ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/** Bytes that a new database and its lock take. */
const leastRoom = 65_536;

/** Whether a file of LMDB's cannot have the pages it needs: written through memory, one that the disk has no room for ends the process (SIGBUS). */
function isDiskFull(path: string): boolean {
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize >= leastRoom) return false;
  const [data, lock] = ["data.mdb", "lock.mdb"].map((name) => statSync(join(path, name), { throwIfNoEntry: false }));
  // In blocks of 512 bytes: a file may have fewer than its size says. Of the lock the first page has the places of some sixty readers.
  return data === undefined || lock === undefined || data.blocks * 512 < data.size || lock.blocks === 0;
}

/** File descriptors that opening takes, with some to spare. */
const descriptors = 6;

/** LMDB does not survive running out of file descriptors half-way through opening. @throws {SojournError} `store_unavailable` */
function checkDescriptors(path: string): void {
  const taken: number[] = [];
  try {
    while (taken.length < descriptors) taken.push(openSync(path, "r"));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // Not every system opens a folder.
    if (code === "EMFILE" || code === "ENFILE")
      throw trouble(`${path} could not be opened: there are too many open files (${code}). Raise the limit (ulimit -n)`, cause);
  } finally {
    taken.forEach(closeSync);
  }
}

function trouble(what: string, cause?: unknown): SojournError {
  return new SojournError("store_unavailable", `The session store is unavailable: ${what}.`, { cause });
}
