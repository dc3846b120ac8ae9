import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SojournError, storeUnavailable } from "../../core/errors.ts";
import type { LmdbRoot } from "./lmdb-root.ts";
import { isRunning, ownProcess } from "./process-name.ts";

/**
 * Opening an LMDB database and committing to it must not overlap. LMDB, while it opens, puts the number of the newest transaction back to the one it read
 * some moments before; of what another process commits in these moments the next writer knows nothing, and writes over it (OpenLDAP ITS#9496; so in
 * lmdb-js up to 3.5.6). Therefore who opens says so, waits for the transactions begun before, and opens then; who wants to begin one says so, and looks
 * then whether somebody opens. Of two at once, one sees the other. Both say it in files beside the data, which count as long as their process lives:
 *
 * - `turnstile/opening/<process>`: it opens
 * - `turnstile/writing/<process>`: one byte long while it has a transaction, or waits for its turn to have one; else empty. (A size takes no room on a full disk.)
 */

/** How long opening waits for transactions, and a synchronous transaction for who opens (ms). It takes some ms, unless a process was stopped. */
const patience = 10_000;
/** How often who waits looks again (ms). */
const look = 1;

/** On a root that was opened here: the path. */
const place = Symbol.for("sojourn.stores.lmdb.turnstile");

/** Opens the database at the path, while no other process has a transaction in it. @throws {SojournError} `store_unavailable` when one does not end it in time. */
export function opening<Root>(path: string, open: () => Root, wait: number = patience): Root {
  const { openers, writers } = foldersOf(path);
  const done = (): Root => Object.defineProperty(open(), place, { value: path });
  // Open in this process already, it is given once more, and nothing is put back. To wait for a transaction of one's own would be to wait for ever.
  if (read(writers).some(isOwn)) return done();
  const own = announce(openers);
  try {
    waitSync(
      () => othersIn(writers).filter((name) => isWriting(join(writers, name))),
      wait,
      (pid) =>
        `process ${pid} has been in a transaction for ${wait / 1000} s, so that ${path} cannot be opened. Let it go on if it was stopped or its event loop is blocked, or end it`,
    );
    return done();
  } finally {
    remove(own);
    removeIfEmpty(openers);
  }
}

/** The root, with transactions that wait for who opens its database. `leave` when no more will be begun. @throws {SojournError} `invalid_option` when it was not opened here. */
export function throughTurnstile(root: LmdbRoot): LmdbRoot & { leave(): void } {
  const path = (root as { readonly [place]?: string })[place];
  if (path === undefined) {
    throw new SojournError(
      "invalid_option",
      'root was not opened by openLmdb. Give openLmdb(open, "folder"): opened past it, LMDB can take back what other processes have committed.',
    );
  }
  const { openers, writers } = foldersOf(path);
  const own = announce(writers);
  const descriptor = openSync(own, "r+");
  let inside = 0;
  let left = false;
  let announced = false;

  /** @returns who opens the database now; nobody: a transaction may begin, and `out` has to follow. */
  function enter(): readonly string[] {
    // The descriptor may be another file's by now.
    if (left) throw storeUnavailable("it was closed");
    if (!announced) ftruncateSync(descriptor, 1);
    announced = true;
    const others = existsSync(openers) ? othersIn(openers) : [];
    if (others.length === 0) inside++;
    else retract();
    return others;
  }

  function out(): void {
    // Whoever hears next that the transaction has ended may begin another at once; then nothing has to be said. Those who wait for its outcome hear of it later.
    if (--inside === 0) queueMicrotask(retract);
  }

  function retract(): void {
    if (inside > 0 || !announced || left) return;
    ftruncateSync(descriptor, 0);
    announced = false;
  }

  function atOnce<T>(transaction: () => T): T {
    // Whoever opens waits for another store of this process, which cannot go on before this call is done.
    if (isWritingElsewhere()) return transaction();
    waitSync(enter, patience, (pid) => `process ${pid} has been opening ${path} for ${patience / 1000} s. Let it go on if it was stopped, or end it`);
    try {
      return transaction();
    } finally {
      inside--;
      retract();
    }
  }

  function isWritingElsewhere(): boolean {
    return read(writers).some((name) => isOwn(name) && join(writers, name) !== own && isWriting(join(writers, name)));
  }

  function later<T>(transaction: () => Promise<T>): Promise<T> {
    try {
      if (enter().length > 0) return new Promise((resolve) => setTimeout(() => resolve(later(transaction)), look));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    const ended = transaction();
    ended.then(out, out);
    return ended;
  }

  return {
    path,
    openDB: (options) => atOnce(() => root.openDB(options)),
    childTransaction: (action) => later(() => root.childTransaction(action)),
    transactionSync: (action) => atOnce(() => root.transactionSync(action)),
    resetReadTxn: () => root.resetReadTxn(),
    readerCheck: () => root.readerCheck(),
    getStats: () => root.getStats(),
    get committed() {
      return root.committed;
    },
    get flushed() {
      return root.flushed;
    },
    leave() {
      if (left) return;
      left = true;
      closeSync(descriptor);
      remove(own);
    },
  };
}

function foldersOf(path: string): { readonly openers: string; readonly writers: string } {
  const folder = statSync(path, { throwIfNoEntry: false })?.isFile() === true ? `${path}-turnstile` : join(path, "turnstile");
  return { openers: join(folder, "opening"), writers: join(folder, "writing") };
}

/** @returns the file, new and of this process. @throws {SojournError} `store_unavailable` */
function announce(folder: string): string {
  for (let tries = 1; ; tries++) {
    const file = join(folder, `${ownProcess()}-${Math.random().toString(36).slice(2)}`);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, "", { flag: "wx" });
      return file;
    } catch (error) {
      // Somebody else removed the folder in between, which was empty.
      const { code = "error" } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" || tries === 100)
        throw storeUnavailable(`no file can be made in ${folder} (${code}). Make room there, or let this user write it`, error);
    }
  }
}

/** The files of other processes, as their names. Those of processes that are gone are removed. */
function othersIn(folder: string): string[] {
  const names = read(folder).filter((name) => !isOwn(name));
  const running = names.filter(isRunning);
  if (running.length < names.length) {
    for (const name of names) if (!running.includes(name)) remove(join(folder, name));
    removeIfEmpty(folder);
  }
  return running;
}

function isWriting(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.size === 1;
}

function isOwn(name: string): boolean {
  return name.startsWith(`${ownProcess()}-`);
}

function read(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody else's file is in it, or somebody else removed it.
  }
}

/** Waits until nobody is left to wait for; meanwhile this thread does nothing else. */
function waitSync(whom: () => readonly string[], wait: number, message: (pid: string) => string): void {
  const end = performance.now() + wait;
  for (let names = whom(); names[0] !== undefined; names = whom()) {
    if (performance.now() > end) throw storeUnavailable(message(names[0].split("-")[0] ?? ""));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, look);
  }
}
