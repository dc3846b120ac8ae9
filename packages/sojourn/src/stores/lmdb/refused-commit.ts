import { statfsSync } from "node:fs";
import { SojournError, storeUnavailable } from "../../core/errors.ts";
import type { LmdbRoot } from "./lmdb-root.ts";

/**
 * Why LMDB refused a transaction, as an error of ours. To be called at once, before anything else is asked of the root.
 * @returns `store_full` when the disk is, which passes when it no longer is; else `store_unavailable`. Either way nothing was written.
 */
export async function refusedCommit(root: LmdbRoot, error: unknown): Promise<SojournError> {
  // lmdb-js rejects a promise of its own with the transaction, which by default would end the process, for nobody else handles it.
  root.committed.then(undefined, () => undefined);
  const cause = await causeOf(error);
  const text = cause instanceof Error ? cause.message : String(cause);
  const partly = text.includes(partlyWritten);
  if (!noRoom.test(text) && !(partly && isDiskFull(root.path))) {
    const way = partly ? "; see whether the disk that its folder is on is full, or failing" : "";
    return storeUnavailable(`LMDB refused the transaction ("${text}"), and nothing was written${way}`, cause);
  }
  return new SojournError(
    "store_full",
    "The session store is full: the disk that its folder is on has no room left, and nothing was written. Free some space; writing then goes on by itself.",
    { cause },
  );
}

const noRoom = /no space left|quota exceeded/i;
/** LMDB's word for a write of which the disk took only a part: because it is full, or because it fails. */
const partlyWritten = "Input/output error";
/** Bytes below which a write of which only a part was taken can have been too large for the room left. */
const little = 16_777_216;

function isDiskFull(path: string | undefined): boolean {
  try {
    const { bavail, bsize } = statfsSync(path ?? "");
    return bavail * bsize < little;
  } catch {
    return false;
  }
}

/** What lies beneath "Commit failed": lmdb-js hangs another promise on that, settled by now if it ever will be. */
function causeOf(error: unknown): Promise<unknown> {
  const beneath = (error as { readonly commitError?: Promise<unknown> } | undefined)?.commitError;
  if (beneath === undefined) return Promise.resolve(error);
  return Promise.race([
    beneath.then(
      () => error,
      (cause: unknown) => cause,
    ),
    new Promise<unknown>((resolve) => setImmediate(resolve, error)),
  ]);
}
