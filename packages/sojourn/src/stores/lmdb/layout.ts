import { SojournError } from "../../core/errors.ts";
import { byteKeys, layoutKey, numberKeys } from "./keys.ts";
import type { LmdbDatabase, LmdbRoot } from "./lmdb-root.ts";

/**
 * The three databases in the root.
 * - `records`: id → the whole record
 * - `index`: alias → id · (subject, id) and (kind, id) and (wake, id) · live records per kind; always of the same transaction as the record
 * - `log`: number of its last entry → what one transaction did; the newest number; the layout's version
 */
export interface Layout {
  readonly records: LmdbDatabase;
  readonly index: LmdbDatabase;
  readonly log: LmdbDatabase;
}

const version = 1;

/** Opens the databases, or makes them. Waits for the write lock: the one call of the store that does. @throws {SojournError} `invalid_option` when a newer release wrote them. */
export function openLayout(root: LmdbRoot): Layout {
  const layout: Layout = {
    records: root.openDB({ name: "sojourn.records", encoding: "binary", keyEncoder: byteKeys }),
    index: root.openDB({ name: "sojourn.index", encoding: "binary", keyEncoder: byteKeys }),
    log: root.openDB({ name: "sojourn.log", encoding: "binary", keyEncoder: numberKeys }),
  };
  root.resetReadTxn();
  if (layout.log.getBinaryFast(layoutKey) === undefined) {
    root.transactionSync(() => {
      if (layout.log.getBinaryFast(layoutKey) === undefined) layout.log.put(layoutKey, new Uint8Array([version]));
    });
    root.resetReadTxn();
  }
  const found = layout.log.getBinaryFast(layoutKey)?.[0];
  if (found !== version) {
    throw new SojournError(
      "invalid_option",
      `The LMDB database holds sessions in layout ${found}; this release of sojourn reads layout ${version}. Use the release that wrote it, or an empty folder.`,
    );
  }
  return layout;
}

/** The keys of a range, all of them read before any is used: an open cursor would hold a snapshot, and with it every page freed since. */
export function keysOf(database: LmdbDatabase, start: string, end: string, limit: number): string[] {
  return [...(database.getKeys({ start, end, limit }) as Iterable<string>)];
}
