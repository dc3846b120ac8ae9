import type { Entry } from "./entry.ts";
import { SojournError } from "./errors.ts";
import { check, type StandardSchema } from "./schema.ts";
import type { SessionRecord } from "./seam.ts";
import type { Settings } from "./settings.ts";
import { freeze, textOf, valueOf } from "./values.ts";

/**
 * The application's fields in records.
 *
 * Each field's text says which version of the application's data wrote it: `@<version> <JSON>`, or JSON alone for version 0; `@<version>` alone is
 * a field taken away. The version travels with the field and not with the record, for while two versions of an application are
 * deployed side by side each of them writes some fields of the same session.
 *
 * Older fields stay as they are: what `migrate` makes of them is read beneath the fields of the present version, and the older application goes on
 * reading its own. They go with their session.
 */
export interface Fields {
  /** The value, deeply frozen; the schema's default, or `undefined`, when it is absent or cannot be read. What is pending comes first. */
  value(held: Held, name: string): unknown;
  /** All values as a frozen snapshot without a prototype. */
  data(held: Held): Readonly<Record<string, unknown>>;
  /** Whether anything is kept under the name, readable or not. */
  has(entry: Entry | undefined, name: string): boolean;
  /** The text to keep of a value. @throws {SojournError} `invalid_field`, `too_large` */
  text(name: string, value: unknown): string;
  /** What takes a field away: nothing at all, or a text where an older field would show itself again. */
  removal(entry: Entry | undefined): string | undefined;
  /** Texts for those of the named fields whose value is only made by migrating others. */
  carried(entry: Entry, names: Iterable<string>): Record<string, string>;
}

/** What fields are read from: a session's record, or a checkpoint's. */
export type Readable = Pick<Entry, "record" | "values" | "migrated">;

/** What a request knows of its session's fields. */
export interface Held {
  readonly entry: Readable | undefined;
  readonly pending: ReadonlyMap<string, string | undefined> | undefined;
}

/** A text as it was read. */
interface Read {
  readonly text: string;
  readonly value: unknown;
}

const nothing: ReadonlyMap<string, unknown> = new Map();

/** @param unreadable told of a field whose text cannot be read or is not what its schema allows. Once a text. */
export function fieldsOf({ schema, version, migrate, bounds }: Settings, unreadable: (record: SessionRecord, field: string) => void): Fields {
  const defaults = new Map<string, unknown>();
  for (const [name, of] of schema) {
    const absent = check(name, of, undefined);
    if (absent.ok && absent.value !== undefined) defaults.set(name, freeze(absent.value));
  }

  /** @throws SyntaxError when the text is not JSON; whatever, when the schema refuses it */
  function parse(name: string, text: string): unknown {
    const json = jsonOf(text);
    if (json === undefined) return undefined;
    const of = schema.get(name);
    if (of === undefined) return valueOf(json);
    const checked = check(name, of, JSON.parse(json));
    if (!checked.ok) throw new SyntaxError(checked.path);
    return freeze(checked.value);
  }

  function read(entry: Readable, name: string, text: string): unknown {
    const known = entry.values.get(name);
    if (known?.text === text) return known.value;
    let value: unknown;
    try {
      value = parse(name, text);
    } catch (error) {
      if (error instanceof SojournError) throw error;
      unreadable(entry.record, name);
    }
    entry.values.set(name, { text, value } satisfies Read);
    return value;
  }

  /** What older fields have become. */
  function migrated(entry: Readable): ReadonlyMap<string, unknown> {
    if (migrate === undefined) return nothing;
    return (entry.migrated ??= migrateAll(entry));
  }

  function migrateAll(entry: Readable): ReadonlyMap<string, unknown> {
    const byVersion = new Map<number, Record<string, unknown>>();
    for (const name of rawNames(entry.record)) {
      const text = entry.record.fields[name] as string;
      const from = versionIn(text);
      const json = from < version ? jsonOf(text) : undefined;
      if (json === undefined) continue;
      let older = byVersion.get(from);
      if (older === undefined) byVersion.set(from, (older = Object.create(null) as Record<string, unknown>));
      try {
        older[name] = valueOf(json);
      } catch {
        unreadable(entry.record, name);
      }
    }
    if (byVersion.size === 0) return nothing;
    const result = new Map<string, unknown>();
    for (const from of [...byVersion.keys()].toSorted((a, b) => a - b)) {
      const older = byVersion.get(from) as Record<string, unknown>;
      try {
        for (const [name, value] of Object.entries(migrate?.(Object.freeze(older), from) ?? {})) {
          if (value === undefined) continue;
          // It is judged as if it had been set.
          result.set(name, parse(name, written(name, value)));
        }
      } catch {
        for (const name of Object.keys(older)) unreadable(entry.record, name);
      }
    }
    return result;
  }

  /** The text of a field, unless it is to be read as migrated. */
  function present(entry: Readable, name: string): string | undefined {
    const text = entry.record.fields[name];
    return text === undefined || (migrate !== undefined && name.charCodeAt(0) !== 36 && versionIn(text) < version) ? undefined : text;
  }

  function written(name: string, value: unknown): string {
    const json = textOf(name, value, bounds);
    return version === 0 ? json : `@${version} ${json}`;
  }

  function valueIn({ entry, pending }: Held, name: string): unknown {
    if (pending?.has(name)) {
      const json = jsonOf(pending.get(name) ?? "@");
      return json === undefined ? defaults.get(name) : valueOf(json);
    }
    if (entry === undefined) return defaults.get(name);
    const text = present(entry, name);
    const kept = text === undefined ? migrated(entry).get(name) : read(entry, name, text);
    return kept === undefined ? defaults.get(name) : kept;
  }

  return {
    value: valueIn,
    data(held) {
      const { entry, pending } = held;
      const names = new Set(defaults.keys());
      if (entry !== undefined) {
        for (const name of rawNames(entry.record)) if (present(entry, name) !== undefined) names.add(name);
        for (const name of migrated(entry).keys()) names.add(name);
      }
      for (const name of pending?.keys() ?? []) if (name.charCodeAt(0) !== 36) names.add(name);
      const snapshot: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
      for (const name of names) {
        const given = valueIn(held, name);
        if (given !== undefined) snapshot[name] = given;
      }
      return Object.freeze(snapshot);
    },
    has(entry, name) {
      const text = entry?.record.fields[name];
      return entry !== undefined && ((text !== undefined && jsonOf(text) !== undefined) || migrated(entry).has(name));
    },
    text(name, value) {
      const of = schema.get(name);
      if (of === undefined || value === undefined) return written(name, value);
      const checked = check(name, of, value);
      if (!checked.ok) throw refused(checked.path);
      const text = written(name, checked.value);
      checkOwn(name, of, value, checked.value);
      return text;
    },
    removal(entry) {
      return entry !== undefined && migrated(entry).size > 0 ? `@${version}` : undefined;
    },
    carried(entry, names) {
      const texts: Record<string, string> = {};
      for (const name of names) {
        const value = present(entry, name) === undefined ? migrated(entry).get(name) : undefined;
        if (value !== undefined) texts[name] = written(name, value);
      }
      return texts;
    },
  };
}

/** A schema that changes a value into one that it refuses would make the field unreadable. */
function checkOwn(name: string, of: StandardSchema<unknown>, given: unknown, made: unknown): void {
  if (given === made || JSON.stringify(given) === JSON.stringify(made) || check(name, of, made).ok) return;
  throw new SojournError("invalid_option", `The schema of ${name} does not accept the value that it gives back. Transform the value before it is set.`);
}

function refused(path: string): SojournError {
  return new SojournError("invalid_field", `The field ${path} is not what its schema allows; nothing was set.`);
}

/** The names of the application's fields in a record, whoever wrote them. */
export function rawNames(record: SessionRecord): string[] {
  return Object.keys(record.fields).filter((name) => name.charCodeAt(0) !== 36);
}

/** JSON never begins with "@". */
function versionIn(text: string): number {
  if (text.charCodeAt(0) !== 64) return 0;
  const version = Number.parseInt(text.slice(1, 12), 10);
  return version > 0 ? version : 0;
}

function jsonOf(text: string): string | undefined {
  if (text.charCodeAt(0) !== 64) return text;
  const space = text.indexOf(" ");
  return space < 0 ? undefined : text.slice(space + 1);
}
