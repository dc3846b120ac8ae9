import { clockCache } from "../../core/clock-cache.ts";
import { andThen } from "../../core/maybe.ts";
import { isOwnKind } from "../../core/names.ts";
import type { MaybePromise, SessionId, SessionRecord } from "../../core/seam.ts";
import { all } from "../../sealed/all.ts";
import type { Written } from "./changes.ts";
import { aliasField, endedName, isClear, isReserved, namelessOf, subjectField, unreadable, unreadableEnd } from "./layout.ts";
import type { SealedNames } from "./names.ts";
import type { Seals } from "./seals.ts";

/** A record of the inner store, opened. */
export interface OpenedRecord {
  readonly record: SessionRecord;
  /** A name of something in it that could not be opened, if there is one. */
  readonly fault: string | undefined;
}

/** Opens records. */
export interface OpenedRecords {
  /** Remembered: a record that has not changed is the same object, and of one that has, only what changed is opened: not what was just `written`. */
  open(raw: SessionRecord, written?: ReadonlyMap<string, Written>): MaybePromise<OpenedRecord>;
  /** Not remembered, and of the fields only these. */
  openSome(raw: SessionRecord, only: ReadonlySet<string> | undefined): MaybePromise<OpenedRecord>;
  forget(id: SessionId): void;
}

/** One that was opened, with what it was opened from. */
interface Known extends OpenedRecord {
  readonly raw: SessionRecord;
  readonly keys: object;
  /** By the name in the raw record, the end among them. */
  readonly texts: ReadonlyMap<string, string | undefined>;
}

/** @param capacity most records remembered. */
export function openedRecords(seals: Seals, names: SealedNames, capacity: number): OpenedRecords {
  const known = clockCache<Known>(capacity);

  function knownOf(raw: SessionRecord): Known | undefined {
    const before = known.get(raw.id);
    return before !== undefined && before.keys === seals.keys ? before : undefined;
  }

  function openNow(
    raw: SessionRecord,
    only: ReadonlySet<string> | undefined,
    before: Known | undefined,
    written?: ReadonlyMap<string, Written>,
  ): MaybePromise<Known> {
    const { keys } = seals;
    const { id, fields } = raw;
    const stay = isClear(id);
    const wanted = wantedOf(raw, only);
    const one = (name: string): MaybePromise<string | undefined> => {
      const sealed = sealedIn(raw, name) as string;
      if (stay && !isReserved(name)) return sealed;
      const just = written?.get(name);
      if (just?.sealed === sealed) return just.text;
      // The same text in the same place is the same value: only what changed is opened.
      return before !== undefined && before.texts.has(name) && sealedIn(before.raw, name) === sealed ? before.texts.get(name) : seals.open(id, name, sealed);
    };
    return andThen<readonly (string | undefined)[], Known>(all(wanted.map(one)), (opened) => {
      const texts = new Map(wanted.map((name, i) => [name, opened[i]]));
      const subject = raw.subject === undefined ? undefined : nameIn(names.subject, raw.subject, texts.get(subjectField));
      const aliases = raw.aliases.map((stored) => nameIn(names.alias, stored, texts.get(aliasField(stored))));
      return andThen<readonly (string | undefined)[], Known>(all([subject, ...aliases]), ([whose, ...given]) => {
        const nameless = (raw.subject !== undefined && whose === undefined) || given.includes(undefined);
        const shown = wanted.filter((name) => !isReserved(name));
        const record: SessionRecord = {
          ...raw,
          ...(raw.subject === undefined ? undefined : { subject: whose ?? namelessOf(raw.subject) }),
          ...(raw.ended === undefined ? undefined : { ended: texts.get(endedName) ?? unreadableEnd }),
          aliases: raw.aliases.map((stored, i) => given[i] ?? namelessOf(stored)),
          fields: fieldsOf(raw, shown, texts, nameless),
        };
        const fault = nameless ? subjectField : wanted.find((name) => texts.get(name) === undefined && name in fields);
        return { raw, keys, texts, record, fault };
      });
    });
  }

  return {
    open(raw, written) {
      const before = knownOf(raw);
      if (before?.raw === raw) return before;
      return andThen(openNow(raw, undefined, before, written), (opened) => {
        known.set(raw.id, opened);
        return opened;
      });
    },
    openSome(raw, only) {
      const before = knownOf(raw);
      return before?.raw === raw && only === undefined ? before : openNow(raw, only, before);
    },
    forget: (id) => known.delete(id),
  };
}

/** Of the fields those that are asked for, and what names and an end are made of. */
function wantedOf(raw: SessionRecord, only: ReadonlySet<string> | undefined): readonly string[] {
  const wanted = Object.keys(raw.fields).filter((name) => !isReserved(name) && (only === undefined || only.has(name)));
  const own = raw.aliases.map(aliasField);
  if (raw.subject !== undefined) own.push(subjectField);
  wanted.push(...own.filter((name) => raw.fields[name] !== undefined));
  if (raw.ended !== undefined) wanted.push(endedName);
  return wanted;
}

function sealedIn(raw: SessionRecord, name: string): string | undefined {
  return name === endedName ? raw.ended : raw.fields[name];
}

/** The name, if it is the one that the store goes by. */
function nameIn(naming: (text: string) => MaybePromise<string>, stored: string, text: string | undefined): MaybePromise<string | undefined> {
  return text === undefined ? undefined : andThen<string, string | undefined>(naming(text), (name) => (name === stored ? text : undefined));
}

/**
 * What a session cannot be read by is put in the place of a field, so that it is told of. A record of the manager's own lacks it instead: each of those
 * is read in such a way that what is missing ends or refuses, and never permits.
 */
function fieldsOf(
  { kind }: SessionRecord,
  names: readonly string[],
  texts: ReadonlyMap<string, string | undefined>,
  nameless: boolean,
): SessionRecord["fields"] {
  const instead = isOwnKind(kind) ? undefined : unreadable;
  const fields: [string, string][] = [];
  for (const name of names) {
    const text = nameless ? instead : (texts.get(name) ?? instead);
    if (text !== undefined) fields.push([name, text]);
  }
  return Object.setPrototypeOf(Object.fromEntries(fields), null) as SessionRecord["fields"];
}
