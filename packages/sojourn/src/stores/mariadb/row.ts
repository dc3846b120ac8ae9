import type { SessionId, SessionRecord } from "../../core/seam.ts";
import { entriesOf } from "./field-lines.ts";

/** The columns of a record, in the order in which {@link recordOf} takes them. */
export const columns: string = "s.id, s.version, s.kind, s.subject, s.wake, s.epoch, s.ended, s.aliases, s.fields";

/** The same, with another expression for the fields. */
export function columnsWith(fields: string): string {
  return columns.replace("s.fields", fields);
}

/**
 * The record in a row.
 * @throws {Error} when the row cannot be read; the message says which column.
 */
export function recordOf(row: readonly unknown[]): SessionRecord {
  const [id, version, kind, subject, wake, epoch, ended, aliases, fields] = row;
  return {
    id: text(id, "id") as SessionId,
    version: number(version, "version"),
    kind: text(kind, "kind"),
    ...(subject === null ? undefined : { subject: text(subject, "subject") }),
    ...(wake === null ? undefined : { wake: number(wake, "wake") }),
    epoch: number(epoch, "epoch"),
    ...(ended === null ? undefined : { ended: text(ended, "ended") }),
    aliases: lines(aliases, "aliases").map(([, alias]) => alias),
    fields: Object.setPrototypeOf(Object.fromEntries(lines(fields, "fields")), null) as SessionRecord["fields"],
  };
}

function text(value: unknown, column: string): string {
  if (Buffer.isBuffer(value)) return value.toString();
  throw new Error(`its column ${column} holds no bytes`);
}

function number(value: unknown, column: string): number {
  const read = Number(value);
  if (Number.isSafeInteger(read)) return read;
  throw new Error(`its column ${column} holds no whole number`);
}

function lines(value: unknown, column: string): [string, string][] {
  try {
    return entriesOf(text(value, column));
  } catch (cause) {
    throw new Error(`its column ${column} is damaged`, { cause });
  }
}
