import { checkSubject } from "../core/names.ts";
import type { Foreign, SubjectOf } from "./readers.ts";

/** Characters of a text that are looked at. Cookies hold a quarter of it; more comes from several cookies, or from nobody who means well. */
export const longestText = 16_384;

/** As deep as the values of a session may be. */
const depthBound = 64;
/** A name that would give an object other members than its own when it is merged into another one. */
const dropped: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The JSON object that the bytes are in UTF-8, without the names that could change other objects. `undefined` when they are none, or it is over 64 deep. */
export function jsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    return plainObject(JSON.parse(utf8.decode(bytes)));
  } catch {
    return undefined;
  }
}

/** A copy of what JSON would make of the object's own properties. `undefined` when it is an array or no object, over 64 deep, or holds what JSON does not know. */
export function plainObject(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const copy = plain(value, 0);
  return copy === refused ? undefined : (copy as Record<string, unknown>);
}

const refused = Symbol("refused");

function plain(value: unknown, depth: number): unknown {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : refused;
  if (typeof value !== "object" || depth >= depthBound) return refused;
  if (Array.isArray(value)) {
    const items = value.map((item) => plain(item, depth + 1));
    return items.includes(refused) ? refused : items;
  }
  const copy: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(value)) {
    if (dropped.has(name)) continue;
    const inner = plain(property, depth + 1);
    if (inner === refused) return refused;
    copy[name] = inner;
  }
  return copy;
}

/** What a genuine token held. @throws {SojournError} `invalid_field` when `subjectOf` gives what cannot be a subject */
export function foreign(data: Record<string, unknown>, subjectOf: SubjectOf | undefined, times: Pick<Foreign, "issued" | "expires"> = {}): Foreign {
  const subject = subjectOf?.(data);
  return { data, ...(subject === undefined ? {} : { subject: checkSubject(subject) }), ...times };
}
