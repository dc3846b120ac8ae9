import type { SessionRecord } from "../../core/seam.ts";
import { aliasKey, countKey, kindKey, short, subjectKey, wakeKey } from "./keys.ts";
import { keysOf, type Layout } from "./layout.ts";

const present = new Uint8Array([1]);
const number = new Uint8Array(8);
const numberView = new DataView(number.buffer);

/** Brings the index from one record to the next. Touches only what differs: a change of fields alone comes through without a call. */
export function reindex({ index }: Layout, before: SessionRecord | undefined, after: SessionRecord | undefined): void {
  const record = (after ?? before) as SessionRecord;
  const place = short(record.id);
  const held = before?.aliases ?? [];
  const holds = after?.aliases ?? [];
  if (held !== holds) {
    for (const alias of held) if (!holds.includes(alias)) index.remove(aliasKey(alias));
    for (const alias of holds) if (!held.includes(alias)) index.put(aliasKey(alias), latin1(place));
  }
  const left = liveSubject(before);
  const joined = liveSubject(after);
  if (left !== joined) {
    if (left !== undefined) index.remove(subjectKey(left, place));
    if (joined !== undefined) index.put(subjectKey(joined, place), present);
  }
  if (before?.wake !== after?.wake) {
    if (before?.wake !== undefined) index.remove(wakeKey(before.wake, place));
    if (after?.wake !== undefined) index.put(wakeKey(after.wake, place), present);
  }
  if (before === undefined) index.put(kindKey(record.kind, place), present);
  if (after === undefined) index.remove(kindKey(record.kind, place));
  const lived = isLive(before);
  const lives = isLive(after);
  if (lived !== lives) {
    const key = countKey(record.kind);
    numberView.setFloat64(0, liveOfKind({ index }, record.kind) + (lives ? 1 : -1));
    index.put(key, number);
  }
}

/** The place of the record that holds the alias. */
export function holderOf({ index }: Pick<Layout, "index">, alias: string): string | undefined {
  const found = index.getBinaryFast(aliasKey(alias));
  return found === undefined ? undefined : Buffer.from(found.buffer, found.byteOffset, found.length).toString("latin1");
}

/** How many records of the kind have not ended. */
export function liveOfKind({ index }: Pick<Layout, "index">, kind: string): number {
  const found = index.getBinaryFast(countKey(kind));
  return found === undefined ? 0 : new DataView(found.buffer, found.byteOffset, 8).getFloat64(0);
}

/** Whether the subject has that many records that have not ended. */
export function subjectHolds({ index }: Pick<Layout, "index">, subject: string, limit: number): boolean {
  return keysOf(index, subjectKey(subject, ""), subjectKey(subject, "\xff"), limit).length >= limit;
}

/** The subject that the record counts for. */
export function liveSubject(record: SessionRecord | undefined): string | undefined {
  return isLive(record) ? record?.subject : undefined;
}

export function isLive(record: SessionRecord | undefined): boolean {
  return record !== undefined && record.ended === undefined;
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
