import { readPlace } from "./index-entries.ts";
import { keysOf, openLayout, type Layout } from "./layout.ts";
import type { LmdbRoot } from "./lmdb-root.ts";

/** The kinds of which there are records, live or ended, as the store has them: `<tenant>:<kind>`. For operators: a manager knows its own. */
export function kindsOfLmdb(root: LmdbRoot): string[] {
  const layout = openLayout(root);
  const kinds: string[] = [];
  for (let from = "k"; ;) {
    const [key] = keysOf(layout.index, from, "l", 1);
    if (key === undefined) return kinds;
    const stem = key.slice(0, key.indexOf("\0"));
    const kind = stem.startsWith("k#") ? hashedKind(layout, stem) : stem.slice(1);
    if (kind !== undefined) kinds.push(kind);
    from = `${stem}\x01`;
  }
}

/** A name that is no plain text stands in records only. */
function hashedKind(layout: Layout, stem: string): string | undefined {
  for (const key of keysOf(layout.index, `${stem}\0`, `${stem}\x01`, 1000)) {
    const read = readPlace(layout, key.slice(stem.length + 1));
    if (read !== undefined && "record" in read) return read.record.kind;
  }
  return undefined;
}
