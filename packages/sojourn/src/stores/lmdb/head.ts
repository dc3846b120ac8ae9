import { headKey } from "./keys.ts";
import type { LmdbDatabase } from "./lmdb-root.ts";

/** Where the log stands. Written by every transaction, read once per turn. */
export interface Head {
  /** Number of the newest entry; 0 = none yet. */
  readonly last: number;
  /** All entries up to this number are in their records' places. */
  readonly folded: number;
  /** All entries up to this number are gone from the log. Never above `folded`. */
  readonly pruned: number;
  /** Who wrote it: a random number of each store. */
  readonly writer: number;
}

const empty: Head = { last: 0, folded: 0, pruned: 0, writer: 0 };
const size = 32;
const bytes = new Uint8Array(size);
const view = new DataView(bytes.buffer);
let source: Uint8Array | undefined;
let sourceView: DataView = view;

function viewOf(found: Uint8Array): DataView {
  // lmdb-js gives the same buffer every time, until a larger value makes it take another.
  if (found !== source) {
    source = found;
    sourceView = new DataView(found.buffer, found.byteOffset, size);
  }
  return sourceView;
}

/** Only the newest number: all that a turn needs when nothing has happened. */
export function readLast(log: LmdbDatabase): number {
  const found = log.getBinaryFast(headKey);
  return found === undefined ? 0 : viewOf(found).getFloat64(0);
}

export function readHead(log: LmdbDatabase): Head {
  const found = log.getBinaryFast(headKey);
  if (found === undefined) return empty;
  const at = viewOf(found);
  return { last: at.getFloat64(0), folded: at.getFloat64(8), pruned: at.getFloat64(16), writer: at.getFloat64(24) };
}

export function writeHead(log: LmdbDatabase, head: Head): void {
  view.setFloat64(0, head.last);
  view.setFloat64(8, head.folded);
  view.setFloat64(16, head.pruned);
  view.setFloat64(24, head.writer);
  log.put(headKey, bytes);
}
