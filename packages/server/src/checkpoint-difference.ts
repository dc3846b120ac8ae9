import { isDeepStrictEqual } from "node:util";

/** What restoring a checkpoint would do to one field. */
export interface FieldChange {
  readonly name: string;
  readonly change: "added" | "removed" | "changed" | "same";
}

type Fields = Readonly<Record<string, unknown>>;

/** What restoring `kept` would do to a session that holds `now`, field by field, by name. */
export function differenceOf(now: Fields, kept: Fields): FieldChange[] {
  const names = [...new Set([...Object.keys(now), ...Object.keys(kept)])].toSorted();
  return names.map((name) => ({ name, change: changeOf(now, kept, name) }));
}

function changeOf(now: Fields, kept: Fields, name: string): FieldChange["change"] {
  if (!Object.hasOwn(now, name)) return "added";
  if (!Object.hasOwn(kept, name)) return "removed";
  return isDeepStrictEqual(now[name], kept[name]) ? "same" : "changed";
}
