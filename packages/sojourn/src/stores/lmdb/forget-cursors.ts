import { encodeRecord } from "./record-codec.ts";
import { readHead, writeHead } from "./head.ts";
import { layoutKey, short } from "./keys.ts";
import { openLayout } from "./layout.ts";
import type { LmdbRoot } from "./lmdb-root.ts";
import type { SessionId } from "../../core/seam.ts";
import { view } from "./view.ts";

/** More changes than a store makes between a backup and its restore; a database has room for some thousand such steps. */
const step = 2 ** 36;

/**
 * To be called on a database that was brought back from a backup, before any store is opened on it: makes every cursor of a feed that was given out
 * so far lead to `"gap"`. Without it the numbers given out since the backup would be given out again, and who goes on from one of them would miss
 * what happens now in the place of what happened then.
 *
 * @throws {SojournError} `invalid_option` when a newer release wrote the database.
 */
export function forgetCursors(root: LmdbRoot): void {
  const layout = openLayout(root);
  const known = view(root, layout, 1);
  root.transactionSync(() => {
    const { last } = readHead(layout.log);
    known.catchUp();
    // What the log alone knows goes to its place.
    for (const [id] of known.tail.waiting()) {
      const record = known.peek(id as SessionId);
      if (record !== undefined) layout.records.put(short(id), encodeRecord(record));
    }
    for (const key of [...layout.log.getKeys({ start: 0, end: layoutKey, limit: Number.MAX_SAFE_INTEGER })]) layout.log.remove(key as number);
    const now = last + step;
    writeHead(layout.log, { last: now, folded: now, pruned: now, writer: known.writer });
  });
  known.close();
  root.resetReadTxn();
}
