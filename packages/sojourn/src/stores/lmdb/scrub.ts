import type { ScrubOptions, ScrubReport, SessionId } from "../../core/seam.ts";
import { census, countIn, endOfPlaces, putCount, startOfPlaces, stretchSize } from "./census.ts";
import { entriesOf, otherHolder, placeOf, putEntry, readBytes, readPlace, type Read } from "./index-entries.ts";
import { aliasKey } from "./keys.ts";
import { keysOf, type Layout } from "./layout.ts";
import type { LmdbDatabase, LmdbRoot } from "./lmdb-root.ts";
import type { View } from "./view.ts";

/** Stretches that may be counted again in the step that compares the counts. */
const fewChanged = 32;
/** Rounds after which they are, however many there are. */
const mostRounds = 50;

/**
 * Compares index and records in both directions, some hundred at a time, each in one snapshot and in a turn of its own: both change in the same
 * transaction, so what differs in a snapshot is wrong. A repair looks again inside its transaction.
 */
export async function scrub(root: LmdbRoot, layout: Layout, view: View, { repair = false, progress }: ScrubOptions = {}): Promise<ScrubReport> {
  const report = { records: 0, missing: 0, dead: 0, miscounted: 0, repaired: 0 };
  const conflicts = new Map<string, Set<SessionId>>();
  const unreadable = new Map<string, string>();
  /** Aliases without an entry, and who should have it: with two of them, it is a conflict. */
  const claims = new Map<string, SessionId>();
  view.prove(true);
  const of = entryCount(layout.records) + entryCount(layout.index);
  let done = 0;
  const counted = census(layout);

  function tell(looked: number): void {
    done += looked;
    progress?.({ done, of: Math.max(of, done) });
  }

  /** Looks at the records of a stretch. @returns the place after which it ends, when there are more; and the entries that they lack. */
  function lookAtRecords(from: string): { readonly next: string | undefined; readonly lacking: readonly Lacking[] } {
    const live = new Map<string, number>();
    const lacking: Lacking[] = [];
    let last = from;
    let size = 0;
    for (const { key, value } of layout.records.getRange({ start: from, end: endOfPlaces, limit: stretchSize })) {
      last = key as string;
      size++;
      const read = readBytes(last, value as Uint8Array);
      if (read !== undefined && "record" in read) {
        countIn(live, last, value as Uint8Array);
        lacking.push(...compare(last, read));
      } else if (read !== undefined) unreadable.set(last, read.why);
    }
    counted.add(from, live);
    report.records += size;
    tell(size);
    return { next: size === stretchSize ? `${last}\0` : undefined, lacking };
  }

  function compare(place: string, read: Read): Lacking[] {
    if (read === undefined || !("record" in read)) return [];
    const { record } = read;
    const lacking: Lacking[] = [];
    for (const key of entriesOf(record)) {
      const leadsTo = placeOf(layout, key);
      if (leadsTo === place) continue;
      if (!key.startsWith("a")) {
        // What is not an alias either leads to its record or is not there.
        lacking.push({ key, place });
        continue;
      }
      const alias = record.aliases.find((name) => aliasKey(name) === key) as string;
      const other = otherHolder(layout, alias, place)?.id ?? (leadsTo === undefined ? claims.get(alias) : undefined);
      if (other !== undefined && other !== record.id) named(conflicts, alias).add(other).add(record.id);
      else if (leadsTo === undefined || isReadable(readPlace(layout, leadsTo))) {
        lacking.push({ key, place });
        claims.set(alias, record.id);
      }
    }
    return lacking;
  }

  let from: string | undefined = startOfPlaces;
  while (from !== undefined) {
    view.prove(true);
    counted.follow();
    const { next, lacking }: ReturnType<typeof lookAtRecords> = lookAtRecords(from);
    report.missing += lacking.length;
    if (repair && lacking.length > 0) report.repaired += await root.childTransaction(() => lacking.filter((entry) => assert(layout, entry)).length);
    from = next;
    await turn();
  }

  // The counts come before the entries: what the log tells of them must not be pruned meanwhile.
  for (let round = 0; ; round++) {
    view.prove(true);
    counted.follow();
    if (counted.changed > fewChanged && round < mostRounds) {
      for (let i = counted.changed; i > 0 && counted.recount(); i--) {
        if (i % fewChanged !== 0) continue;
        await turn();
        view.prove(true);
        counted.follow();
      }
      continue;
    }
    while (counted.recount());
    const wrong = counted.wrong(unreadable.size);
    report.miscounted = wrong.length;
    if (repair && wrong.length > 0) {
      report.repaired += await root.childTransaction(() => {
        counted.follow();
        while (counted.recount());
        const still = counted.wrong(unreadable.size);
        for (const { key, live } of still) putCount(layout, key, live);
        return still.length;
      });
    }
    break;
  }

  for (let after = startOfPlaces; ;) {
    view.prove(true);
    const keys = keysOf(layout.index, after, endOfPlaces, stretchSize);
    const dead = keys.filter((key) => isDead(layout, key));
    report.dead += dead.length;
    if (repair && dead.length > 0) {
      report.repaired += await root.childTransaction(() => {
        const still = dead.filter((key) => isDead(layout, key));
        for (const key of still) layout.index.remove(key);
        return still.length;
      });
    }
    tell(keys.length);
    if (keys.length < stretchSize) break;
    after = `${keys.at(-1) as string}\0`;
    await turn();
  }

  return {
    ...report,
    conflicts: [...conflicts].map(([alias, ids]) => ({ alias, ids: [...ids] })),
    unreadable: [...unreadable].map(([id, why]) => ({ id, why })),
  };
}

/** An entry that a record should have. */
interface Lacking {
  readonly key: string;
  readonly place: string;
}

/** Inside a transaction: writes the entry if it is still lacking. */
function assert(layout: Layout, { key, place }: Lacking): boolean {
  const read = readPlace(layout, place);
  if (read === undefined || !("record" in read) || !entriesOf(read.record).includes(key)) return false;
  const leadsTo = placeOf(layout, key);
  if (leadsTo === place) return false;
  // Somebody may have claimed the alias since.
  if (leadsTo !== undefined && !isDead(layout, key)) return false;
  putEntry(layout, key, place);
  return true;
}

/** Whether the entry leads to no record that has it. One that leads to a record that cannot be read is left alone: the record may have it. */
function isDead(layout: Layout, key: string): boolean {
  const place = placeOf(layout, key);
  if (place === undefined) return false;
  const read = readPlace(layout, place);
  return read === undefined || ("record" in read && !entriesOf(read.record).includes(key));
}

function isReadable(read: Read): boolean {
  return read === undefined || "record" in read;
}

function named(conflicts: Map<string, Set<SessionId>>, alias: string): Set<SessionId> {
  let ids = conflicts.get(alias);
  if (ids === undefined) conflicts.set(alias, (ids = new Set()));
  return ids;
}

function entryCount(database: LmdbDatabase): number {
  return (database.getStats() as { readonly entryCount: number }).entryCount;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
