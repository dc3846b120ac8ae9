import type { SessionRecord } from "../../core/seam.ts";

/** Whether two records of one id say the same. The order of aliases means nothing, but equal records have them in the same order, mostly. */
export function isSameRecord(a: SessionRecord, b: SessionRecord): boolean {
  if (a.version !== b.version || a.kind !== b.kind || a.subject !== b.subject || a.wake !== b.wake || a.epoch !== b.epoch || a.ended !== b.ended) return false;
  if (a.aliases.length !== b.aliases.length || a.aliases.some((alias, i) => alias !== b.aliases[i])) return false;
  const names = Object.keys(a.fields);
  return names.length === Object.keys(b.fields).length && names.every((name) => Object.hasOwn(b.fields, name) && a.fields[name] === b.fields[name]);
}
