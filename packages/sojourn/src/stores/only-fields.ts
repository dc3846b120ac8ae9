import type { SessionRecord } from "../core/seam.ts";

/** The record with these of its fields; as it is where none are named. */
export function onlyFields(record: SessionRecord, only: readonly string[] | undefined): SessionRecord {
  if (only === undefined) return record;
  const fields = Object.create(null) as Record<string, string>;
  for (const name of only) {
    const text = record.fields[name];
    if (text !== undefined) Object.defineProperty(fields, name, { value: text, writable: true, enumerable: true, configurable: true });
  }
  return { ...record, fields };
}
