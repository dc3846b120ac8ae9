import type { SessionRecord } from "../../core/seam.ts";
import { holderOf, isLive, liveSubject } from "./indexes.ts";
import { aliasKey, kindKey, short, subjectKey, wakeKey } from "./keys.ts";
import type { Layout } from "./layout.ts";
import { decodeRecord } from "./record-codec.ts";

/** Bytes. LMDB throws at the sight of a longer one. */
const longestKey = 1978;
const present = new Uint8Array([1]);

/** The keys under which the index leads to a record; what its kind counts is apart. */
export function entriesOf(record: SessionRecord): string[] {
  const place = short(record.id);
  const keys = [kindKey(record.kind, place)];
  const subject = liveSubject(record);
  if (subject !== undefined) keys.push(subjectKey(subject, place));
  if (record.wake !== undefined) keys.push(wakeKey(record.wake, place));
  if (isLive(record)) for (const alias of record.aliases) keys.push(aliasKey(alias));
  return keys;
}

/** The place that an entry leads to; `undefined` when there is no such entry, or when it is none that leads to a record. */
export function placeOf({ index }: Layout, key: string): string | undefined {
  const value = index.getBinaryFast(key);
  if (value === undefined) return undefined;
  switch (key.charAt(0)) {
    case "a":
      return Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
    case "k":
    case "u":
      return key.slice(key.indexOf("\0") + 1);
    case "w":
      return key.slice(9);
    default:
      return undefined;
  }
}

/** Writes an entry that leads to the place. */
export function putEntry({ index }: Layout, key: string, place: string): void {
  index.put(key, key.startsWith("a") ? Buffer.from(place, "latin1") : present);
}

/** What is found in a record's place. Of one with changes in the log the fields may be older; what the index goes by never is. */
export type Read = { readonly record: SessionRecord } | { readonly why: string } | undefined;

export function readPlace({ records }: Layout, place: string): Read {
  if (place === "" || place.length > longestKey) return undefined;
  const bytes = records.getBinaryFast(place);
  return bytes === undefined ? undefined : readBytes(place, bytes);
}

export function readBytes(place: string, bytes: Uint8Array): Read {
  try {
    const record = decodeRecord(bytes);
    return short(record.id) === place ? { record } : { why: `it says that it is session ${record.id}` };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

/** The place of the other live record that holds one of this record's aliases, going by the index. */
export function otherHolder(layout: Layout, alias: string, place: string): SessionRecord | undefined {
  const holder = holderOf(layout, alias);
  if (holder === undefined || holder === place) return undefined;
  const other = readPlace(layout, holder);
  return other !== undefined && "record" in other && isLive(other.record) && other.record.aliases.includes(alias) ? other.record : undefined;
}
