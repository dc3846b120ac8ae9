import { readHead } from "./head.ts";
import { readBytes } from "./index-entries.ts";
import { isLive } from "./indexes.ts";
import { countKey, short } from "./keys.ts";
import { keysOf, type Layout } from "./layout.ts";
import { decodeEntries } from "./log-entries.ts";

/** Every place is below it. */
export const endOfPlaces = "\xff";
/** No place is below it. */
export const startOfPlaces = "\x01";

/** A stretch of places, up to where the next begins, and the live records of each kind that were in it. */
interface Stretch {
  readonly from: string;
  live: ReadonlyMap<string, number>;
}

/**
 * Counts the live records of each kind a stretch at a time while others write. The log says which records changed since; their stretches are
 * counted again, until so few are left that counting them and reading the count kept is one step.
 */
export interface Census {
  /** Counts the records of the next stretch. */
  add(from: string, live: ReadonlyMap<string, number>): void;
  /** Reads from the log what has changed in the stretches so far. In the same snapshot as what is counted after it. */
  follow(): void;
  /** Counts one of the stretches that have changed again. False when there is none. */
  recount(): boolean;
  /** The keys of counts that differ from what was counted, with the right number. Exact when `changed` is 0, in the same snapshot. @param slack records that may be of any kind. */
  wrong(slack: number): readonly { readonly key: string; readonly live: number }[];
  /** Stretches that have to be counted again. */
  readonly changed: number;
}

export function census(layout: Layout): Census {
  const stretches: Stretch[] = [];
  const changed = new Set<Stretch>();
  let read = readHead(layout.log).last;

  /** The last stretch that begins at or before the place. */
  function stretchOf(place: string): number {
    let low = -1;
    for (let high = stretches.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((stretches[middle] as Stretch).from <= place) low = middle;
      else high = middle;
    }
    return low;
  }

  return {
    add: (from, live) => void stretches.push({ from, live }),
    follow() {
      const { last, pruned } = readHead(layout.log);
      if (read < pruned) for (const stretch of stretches) changed.add(stretch);
      else if (read < last) {
        for (const { value } of layout.log.getRange({ start: read + 1, end: last + 1, limit: last - read })) {
          for (const entry of decodeEntries(value as Uint8Array)) {
            if (entry.was === "delta" || entry.was === "folded") continue;
            const stretch = stretches[stretchOf(short(entry.id))];
            if (stretch !== undefined) changed.add(stretch);
          }
        }
      }
      read = last;
    },
    recount() {
      const [stretch] = changed;
      if (stretch === undefined) return false;
      changed.delete(stretch);
      const at = stretchOf(stretch.from);
      const end = stretches[at + 1]?.from ?? endOfPlaces;
      // It may have grown much: the last one holds all that began meanwhile.
      const parts: Stretch[] = [];
      let places: string[];
      let from = stretch.from;
      do {
        places = [];
        const live = new Map<string, number>();
        for (const { key, value } of layout.records.getRange({ start: from, end, limit: stretchSize })) {
          places.push(key as string);
          countIn(live, key as string, value as Uint8Array);
        }
        parts.push({ from, live });
        from = `${places.at(-1) ?? from}\0`;
      } while (places.length === stretchSize);
      stretches.splice(at, 1, ...parts);
      return true;
    },
    wrong(slack) {
      const total = new Map<string, number>();
      for (const { live } of stretches) for (const [kind, number] of live) total.set(kind, (total.get(kind) ?? 0) + number);
      const byKey = new Map<string, number>([...total].map(([kind, number]) => [countKey(kind), number]));
      for (const key of keysOf(layout.index, "c", "d", Number.MAX_SAFE_INTEGER)) if (!byKey.has(key)) byKey.set(key, 0);
      const found: { key: string; live: number }[] = [];
      for (const [key, live] of byKey) {
        const kept = keptAt(layout, key);
        if (!(kept >= live && kept <= live + slack)) found.push({ key, live });
      }
      return found;
    },
    get changed() {
      return changed.size;
    },
  };
}

function keptAt({ index }: Layout, key: string): number {
  const found = index.getBinaryFast(key);
  if (found === undefined) return 0;
  return found.length === 8 ? new DataView(found.buffer, found.byteOffset, 8).getFloat64(0) : NaN;
}

/** Writes how many live records there are. */
export function putCount({ index }: Layout, key: string, live: number): void {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setFloat64(0, live);
  if (live === 0) index.remove(key);
  else index.put(key, value);
}

/** Records of a stretch: read in one go, in some milliseconds. */
export const stretchSize = 128;

/** Adds a record to what is counted, if it can be read and lives. */
export function countIn(live: Map<string, number>, place: string, bytes: Uint8Array): void {
  const read = readBytes(place, bytes);
  if (read === undefined || !("record" in read) || !isLive(read.record)) return;
  const { kind } = read.record;
  live.set(kind, (live.get(kind) ?? 0) + 1);
}
