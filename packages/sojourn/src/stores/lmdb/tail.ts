import type { SessionRecord } from "../../core/seam.ts";
import type { LogEntry } from "./log-entries.ts";
import { setField } from "./record-codec.ts";

/**
 * What the log says that the records in their places do not say yet: the same in every process that has read the log to the same number.
 * A change of a few fields is one line in the log, and many such changes are one writing of the record later.
 */
export interface Tail {
  /** Takes in an entry. `number` is its place in the log. */
  absorb(entry: LogEntry, number: number): void;
  /** The record as it is, from the one found in its place. */
  over(record: SessionRecord): SessionRecord;
  has(id: string): boolean;
  /** The ids that have waited longest, with the number of their first entry. */
  waiting(): Iterable<readonly [id: string, first: number]>;
  clear(): void;
  /** Records that wait to be folded. */
  readonly size: number;
}

interface Overlay {
  readonly first: number;
  version: number;
  /** The last text of each field named; `undefined` where it was removed. */
  readonly fields: Map<string, string | undefined>;
}

export function tail(): Tail {
  // In the order of the first entry: an id that is folded and changes again goes to the end.
  const overlays = new Map<string, Overlay>();
  return {
    absorb(entry, number) {
      if (entry.was !== "delta") {
        overlays.delete(entry.id);
        return;
      }
      let overlay = overlays.get(entry.id);
      if (overlay === undefined) overlays.set(entry.id, (overlay = { first: number, version: entry.version, fields: new Map() }));
      overlay.version = entry.version;
      // In the order of apply(): a name in both is set.
      for (const name of entry.unset) overlay.fields.set(name, undefined);
      for (const name of Object.keys(entry.set)) overlay.fields.set(name, entry.set[name]);
    },
    over(record) {
      const overlay = overlays.get(record.id);
      if (overlay === undefined) return record;
      const fields: Record<string, string> = { ...record.fields };
      for (const [name, text] of overlay.fields) {
        if (text === undefined) delete fields[name];
        else setField(fields, name, text);
      }
      return { ...record, version: overlay.version, fields: Object.setPrototypeOf(fields, null) as SessionRecord["fields"] };
    },
    has: (id) => overlays.has(id),
    *waiting() {
      for (const [id, { first }] of overlays) yield [id, first];
    },
    clear: () => overlays.clear(),
    get size() {
      return overlays.size;
    },
  };
}
