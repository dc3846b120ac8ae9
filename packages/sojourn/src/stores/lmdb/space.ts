import { openLayout } from "./layout.ts";
import type { LmdbRoot } from "./lmdb-root.ts";

interface Pages {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** How a database's file is used. */
export interface LmdbSpace {
  /** Bytes of the file, as far as LMDB has used it. */
  readonly file: number;
  /** Bytes that hold something. The rest is used again before the file grows; compacting gives it back. */
  readonly used: number;
}

/** Reads it from LMDB's own counts, at no cost to speak of. */
export function spaceOfLmdb(root: LmdbRoot): LmdbSpace {
  const { records, index, log } = openLayout(root);
  const all = root.getStats() as Pages & { readonly free: Pages; readonly lastPageNumber: number; readonly pageSize: number };
  const pages = (of: object): number => (of as Pages).treeBranchPageCount + (of as Pages).treeLeafPageCount + (of as Pages).overflowPages;
  const metaPages = 2;
  const used = metaPages + [all, all.free, records.getStats(), index.getStats(), log.getStats()].map(pages).reduce((sum, count) => sum + count, 0);
  return { file: (all.lastPageNumber + 1) * all.pageSize, used: used * all.pageSize };
}
