import { createHash } from "node:crypto";

/** A script for Redis: one atomic step on the keys of one slot. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * Every script reads all keys that it is going to write before it writes the first: what may go wrong (a key of a foreign type, a slot that is being
 * moved, a full memory, a replica) then goes wrong while nothing is written.
 */
export function script(source: string): Script {
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}
