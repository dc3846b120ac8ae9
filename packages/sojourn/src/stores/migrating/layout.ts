import { SojournError } from "../../core/errors.ts";
import type { Change, SessionRecord } from "../../core/seam.ts";

/**
 * What is written beside a session while it moves, all of it in fields whose names begin with `$moving.`
 *
 * - In `from`, of a session that has moved, a *marker* stays: the same record without its fields and its wake, with its subject and its aliases.
 * - In `to` a copy *arrives* under its id: all that it is to be stands in one field. It is nothing until the marker names it; no token resumes it.
 * - In `to` a record that has *come* says by how much its version is below the one that the session has had all along.
 */
const prefix = "$moving.";
export const movedField = "$moving.moved";
export const arrivingField = "$moving.arriving";
export const cameField = "$moving.came";
/** Until which version in `to` the subject that a marker holds, and the record does not, may yet be on its way. */
export const subjectBase = "$moving.base";
/** The same of an alias. */
export const aliasBase = (alias: string): string => `$moving.base.${alias}`;

/** What a listing has to be given of a record's fields, whatever was asked for. */
export const ownFields: readonly string[] = [movedField, arrivingField, cameField];

/** How much the epoch of a marker is above that of the record: whoever writes with the epoch that they saw is refused. */
export const markerEpoch: number = 2 ** 30;

/** What a copy that arrives is to become. */
export interface Arrival {
  /** By which the marker names it. */
  readonly nonce: string;
  /** The version of which it is a copy. */
  readonly version: number;
  readonly subject?: string;
  readonly wake?: number;
  readonly epoch: number;
  readonly ended?: string;
  readonly aliases: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
  /** It is being created, and nobody has been told that it was: `to` may yet refuse it. */
  readonly newborn?: { readonly subjectLimit?: number };
}

export function arrivalOf(record: SessionRecord | undefined): Arrival | undefined {
  const text = record?.fields[arrivingField];
  return text === undefined ? undefined : (JSON.parse(text) as Arrival);
}

/** Fields of ours are not carried over: what an earlier move left says nothing of this one. */
export function arrivalFor(record: SessionRecord, nonce: string, birth: Change | undefined): Arrival {
  const { version, subject, wake, epoch, ended, aliases } = record;
  const limit = birth?.subjectLimit;
  return {
    nonce,
    version,
    ...(subject === undefined ? undefined : { subject }),
    ...(wake === undefined ? undefined : { wake }),
    epoch,
    ...(ended === undefined ? undefined : { ended }),
    aliases,
    fields: fieldsOf(record),
    ...(birth === undefined ? undefined : { newborn: limit === undefined ? {} : { subjectLimit: limit } }),
  };
}

/** Of an ended record nothing but the wake can be changed. In `from` this one says that the session has moved; it comes in no year of any calendar. */
export const movedWake: number = Number.MAX_SAFE_INTEGER - 991;

/** Whether a record of `from` says that its session has moved. */
export function isMarker({ fields, ended, wake }: SessionRecord): boolean {
  return fields[movedField] !== undefined || (ended !== undefined && wake === movedWake);
}

/** Whether a marker says that the session has moved into this very copy. Another copy is nothing. */
export function names(marker: SessionRecord, { nonce, version, ended }: Arrival): boolean {
  const named = marker.fields[movedField];
  return named === undefined ? ended !== undefined && version === marker.version - 1 : named === nonce;
}

/** Whether a record of `to` has come from `from`; else it began there. */
export function hasCome(record: SessionRecord): boolean {
  return record.fields[cameField] !== undefined;
}

/** How much lower the version of a record is in `to`. */
export function offsetOf(record: SessionRecord): number {
  return Number(record.fields[cameField] ?? "0");
}

/** A record of `to` as the session's: with the version that goes on from `from`, and none of our fields. */
export function shown(raw: SessionRecord): SessionRecord {
  return { ...raw, version: raw.version + offsetOf(raw), fields: fieldsOf(raw) };
}

/** A copy that arrives, as the session's. */
export function shownArriving(raw: SessionRecord, { version, subject, wake, epoch, ended, aliases, fields }: Arrival): SessionRecord {
  return {
    id: raw.id,
    version,
    kind: raw.kind,
    ...(subject === undefined ? undefined : { subject }),
    ...(wake === undefined ? undefined : { wake }),
    epoch,
    ...(ended === undefined ? undefined : { ended }),
    aliases,
    fields: Object.setPrototypeOf({ ...fields }, null) as SessionRecord["fields"],
  };
}

/** The session's fields, without ours. */
export function fieldsOf({ fields }: SessionRecord): SessionRecord["fields"] {
  const own = Object.entries(fields).filter(([name]) => !name.startsWith(prefix));
  // fromEntries defines: a field named __proto__ is one like others.
  return Object.setPrototypeOf(Object.fromEntries(own), null) as SessionRecord["fields"];
}

/** @throws {SojournError} `invalid_field` when a change names one of our fields */
export function checkNames({ set, unset }: Change): void {
  const name = [...Object.keys(set ?? {}), ...(unset ?? [])].find((given) => given.startsWith(prefix));
  if (name === undefined) return;
  throw new SojournError("invalid_field", `The field ${JSON.stringify(name)} cannot be changed: names that begin with "${prefix}" are the moving store's own.`);
}
