import type { SessionId, SessionRecord } from "../../core/seam.ts";
import type { PostgresRow } from "./postgres-client.ts";
import { isShortened, unescaped } from "./texts.ts";

/** The columns that make a record. `fields`: an expression for them, where not all are wanted. */
export function columns(fields = "s.fields"): string {
  return `s.id, s.version::text as version, s.kind, s.subject, s.wake::text as wake, s.epoch::text as epoch, s.ended,
    array_to_json(s.aliases)::text as aliases, (${fields})::text as fields, s.names::text as names`;
}

/** The record of a row. @throws {Error} when somebody else wrote it; the message holds no value */
export function recordOf(row: PostgresRow): SessionRecord {
  const given = (column: string): string | undefined => row[column] ?? undefined;
  const [subject, wake, ended, aliases, whole] = [given("subject"), given("wake"), given("ended"), given("aliases"), given("names")];
  const names = whole === undefined ? undefined : (JSON.parse(whole) as Record<string, string>);
  const named = (key: string): string => unescaped(isShortened(key) ? text(names?.[key], "names") : key);
  return {
    id: unescaped(text(row["id"], "id")) as SessionId,
    version: Number(row["version"]),
    kind: named(text(row["kind"], "kind")),
    ...(subject === undefined ? undefined : { subject: named(subject) }),
    ...(wake === undefined ? undefined : { wake: Number(wake) }),
    epoch: Number(row["epoch"]),
    ...(ended === undefined ? undefined : { ended: unescaped(ended) }),
    aliases: aliases === undefined ? none : (JSON.parse(aliases) as string[]).map(named),
    fields: fieldsOf(row["fields"] ?? null),
  };
}

const none: readonly string[] = Object.freeze([]);

function fieldsOf(json: string | null): SessionRecord["fields"] {
  const fields = (json === null ? {} : JSON.parse(json)) as Record<string, string>;
  // JSON writes U+0001 as an escape of its own, so that one look at the whole says whether anything was escaped.
  const odd = json?.includes(String.raw`\u0001`) === true;
  const entries = Object.entries(fields);
  for (const [, value] of entries) text(value, "fields");
  const read = odd ? Object.fromEntries(entries.map(([name, value]) => [unescaped(name), unescaped(value)])) : fields;
  return Object.setPrototypeOf(read, null) as SessionRecord["fields"];
}

function text(value: unknown, where: string): string {
  if (typeof value !== "string") throw new Error(`its column "${where}" holds something that is not text`);
  return value;
}
