import type { SessionId } from "../../core/seam.ts";

/*
 * What stands where in a sealed record, beside the fields of whoever uses the store:
 *
 * - `subject` and each of `aliases`: 43 characters of HMAC-SHA-256, so that they can be looked for
 * - the field `$sealed.subject`: the subject, sealed
 * - the field `$sealed.alias.<HMAC>`, one for each alias: the alias, sealed. Those of aliases that were freed by an end stay, and count for nothing
 * - `ended`: its text, sealed as a field named `$sealed.ended` would be
 */

const prefix = "$sealed.";

export const subjectField = "$sealed.subject";
export const endedName = "$sealed.ended";

/** Under which name the alias is kept whose HMAC this is. */
export function aliasField(stored: string): string {
  return `${prefix}alias.${stored}`;
}

/** Whether a field's name is one of these, and so nobody else's. */
export function isReserved(name: string): boolean {
  return name.startsWith(prefix);
}

/**
 * Whether the fields of a record stay as they are. Floors and their marks hold a time and ids of sessions, nothing that is anybody's secret; and one that could not be
 * read any more, because its key has been taken out of the ring, would bring back to life what it ended.
 */
export function isClear(id: SessionId): boolean {
  return id.startsWith("floor:") || id.startsWith("marks:");
}

/** The text of a session's field that cannot be opened: not JSON, so the manager tells of it and reads it as absent. It is never written. */
export const unreadable = "\u0000unreadable";

/** In the place of an end that cannot be opened: it stays one. */
export const unreadableEnd = '{"at":0,"reason":"unreadable"}';

/** In the place of a subject or an alias that cannot be read, or is not the one that the store goes by: the name of nobody. */
export function namelessOf(stored: string): string {
  return `\u0000${stored}`;
}
