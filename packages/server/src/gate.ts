import { open, type RootDatabase } from "lmdb";
import { join } from "node:path";
import type { LmdbRoot } from "sojourn/stores/lmdb";

/**
 * Who is in the data folder. A database of its own that nobody writes to: its write lock is held for as long as somebody comes in, or changes what the
 * folder holds; its table of readers has everybody who is in. Both are the system's to keep, so that a process that dies leaves at once.
 */
export interface Gate {
  /** Runs the action while nobody else comes in. Waits for whoever does so now. */
  pass<T>(action: () => T): T;
  /** Counts this process as being in, until `close`. */
  enter(): void;
  /** Others that are in. */
  readonly others: number;
  close(): Promise<void>;
}

/** The gate of a data folder, which must exist. */
export function gateOf(data: string): Gate {
  const root = open({ path: join(data, "gate.mdb"), noSubdir: true });
  let presence: ReturnType<RootDatabase["useReadTransaction"]> | undefined;
  return {
    pass: (action) => root.transactionSync(action),
    enter() {
      presence ??= root.useReadTransaction();
    },
    get others() {
      return readersOf(root) - (presence === undefined ? 0 : 1);
    },
    close() {
      presence?.done();
      presence = undefined;
      return root.close();
    },
  };
}

/** The readers of a database, dead ones not counted. Of one just opened, before anything was read from it: all of them are others. */
export function readersOf(root: LmdbRoot & { readerList(): string }): number {
  root.readerCheck();
  return root
    .readerList()
    .split("\n")
    .filter((line) => /^\s*\d+ /.test(line)).length;
}
