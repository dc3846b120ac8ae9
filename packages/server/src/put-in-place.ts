import { open } from "lmdb";
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openLmdb } from "sojourn/stores/lmdb";
import { gateOf, readersOf } from "./gate.ts";
import { sessionsFolder } from "./open-store.ts";
import { StartFailure } from "./start-failure.ts";

/** How many others use the data folder: servers and commands of ours, and other processes that have its database open. 0 when there is no database. */
export function othersIn(data: string): number {
  const gate = gateOf(data);
  try {
    return Math.max(gate.others, usersOf(data)?.users ?? 0);
  } finally {
    void gate.close();
  }
}

/** What is to be put in the place of the database. */
export interface Replacement {
  /** A database file, on the same file system, on the disk by now. */
  readonly file: string;
  /** Where the old one is kept, as a folder that is made; without it, it goes. */
  readonly aside?: string;
  /** Only if the database has not changed since: its newest transaction. */
  readonly since?: number;
}

/**
 * Puts another database in the place of the one in a data folder, in one step: a process killed at any point leaves the one or the other.
 * Nobody comes in meanwhile.
 * @throws {StartFailure} when somebody is in, or has been since
 */
export function putInPlace(data: string, { file, aside, since }: Replacement): void {
  const gate = gateOf(data);
  try {
    gate.pass(() => {
      const found = usersOf(data);
      if (Math.max(gate.others, found?.users ?? 0) > 0) throw inUse(data);
      if (since !== undefined && found?.transaction !== since)
        throw new StartFailure("The sessions were changed meanwhile, and stay as they are. Run it again.");
      const folder = sessionsFolder(data);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const place = join(folder, "data.mdb");
      if (aside !== undefined && existsSync(place)) {
        mkdirSync(aside, { mode: 0o700 });
        linkSync(place, join(aside, "data.mdb"));
        flush(aside);
      }
      // It speaks of the old one's transactions. Whoever opens the new one makes another.
      rmSync(join(folder, "lock.mdb"), { force: true });
      renameSync(file, place);
      flush(folder);
      flush(data);
    });
  } finally {
    void gate.close();
  }
}

/** @throws {StartFailure} always, to be thrown. */
export function inUse(data: string): StartFailure {
  return new StartFailure(`${data} is in use. Stop the servers that use it first.`);
}

function usersOf(data: string): { readonly users: number; readonly transaction: number } | undefined {
  const folder = sessionsFolder(data);
  if (!existsSync(join(folder, "data.mdb"))) return undefined;
  const root = openLmdb(open, folder);
  try {
    const users = readersOf(root);
    return { users, transaction: (root.getStats() as { readonly lastTxnId: number }).lastTxnId };
  } finally {
    void root.close();
  }
}

/** Has the disk take a file, or the names in a folder. */
export function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
