import { clockCache } from "./clock-cache.ts";
import { authenticationOf, dueOf, lifeOf, secretsOf, seenOf, type Authentication, type Life } from "./own-fields.ts";
import type { SessionId, SessionRecord } from "./seam.ts";
import type { Secrets } from "./secrets.ts";

/** The fields that the manager keeps in a record. */
export const own = {
  life: "$life",
  seen: "$seen",
  secret: "$secret",
  auth: "$auth",
  client: "$client",
  lease: "$lease",
  due: "$due",
  flash: "$flash.",
} as const;

/** A record as the manager reads it. Shared by all requests that meet the same version of it. */
export interface Entry {
  readonly record: SessionRecord;
  readonly life: Life;
  readonly secrets: Secrets;
  readonly auth: Authentication | undefined;
  /** Epoch ms of the last activity that was written down. */
  readonly seen: number;
  /** Epoch ms at which the application wants to be told, if it does. */
  readonly due: number | undefined;
  /** The last secret that passed, so that the next request need not be hashed. In this process's memory only, and gone when the secrets change. */
  verified: string;
  /** Epoch ms of a touch that is on its way. */
  touching: number;
  /** At least as many UTF-16 units as the fields have; below 0: not counted yet. */
  units: number;
  /** Epoch ms at which it was last found to lie above every floor. */
  cleared: number;
  /** Epoch ms at which a visit last had it from the store and found it alive; {@link never} once somebody tried to end it. */
  confirmed: number;
  /** Values already parsed, with the text that they were parsed from. Outlives the version: an unchanged text is an unchanged value. */
  readonly values: Map<string, { readonly text: string; readonly value: unknown }>;
  /** What its older fields have become, once somebody asked for it. */
  migrated: ReadonlyMap<string, unknown> | undefined;
}

/** Before every moment. */
export const never: number = -Infinity;

/** Turns records into entries and remembers the live ones. */
export interface Entries {
  /** The entry of a record; `undefined` when the manager's own fields cannot be read. */
  of(record: SessionRecord): Entry | undefined;
  /** The entry that was last read of a session. Its record may be out of date. */
  last(id: SessionId): Entry | undefined;
}

/** @param capacity most entries remembered. */
export function entriesOf(capacity: number): Entries {
  const known = clockCache<Entry>(capacity);
  return {
    of(record) {
      const before = known.get(record.id);
      if (before?.record === record) return before;
      const entry = read(record, before);
      if (entry !== undefined) known.set(record.id, entry);
      return entry;
    },
    last: (id) => known.get(id),
  };
}

function read(record: SessionRecord, before: Entry | undefined): Entry | undefined {
  const { fields } = record;
  const old = before?.record.fields;
  try {
    const sameSecret = before !== undefined && old?.[own.secret] === fields[own.secret];
    return {
      record,
      life: before !== undefined && old?.[own.life] === fields[own.life] ? before.life : lifeOf(fields[own.life]),
      secrets: sameSecret ? before.secrets : secretsOf(fields[own.secret]),
      auth: before !== undefined && old?.[own.auth] === fields[own.auth] ? before.auth : authenticationOf(fields[own.auth]),
      seen: before !== undefined && old?.[own.seen] === fields[own.seen] ? before.seen : seenOf(fields[own.seen]),
      due: dueOf(fields[own.due]),
      verified: sameSecret ? before.verified : "",
      touching: before?.touching ?? 0,
      units: -1,
      cleared: before !== undefined && old?.[own.auth] === fields[own.auth] ? before.cleared : -1,
      confirmed: before?.confirmed ?? 0,
      values: before?.values ?? new Map<string, { text: string; value: unknown }>(),
      migrated: undefined,
    };
  } catch {
    return undefined;
  }
}

/** Epoch ms at which the session is over unless it is touched: the nearer of the two deadlines. */
export function deadlineOf({ life, seen }: Entry): number {
  return Math.min(seen + life.idle, life.absolute);
}

/** Epoch ms at which something must happen to it: the deadline, or what the application asked for. */
export function wakeOf(entry: Entry): number {
  return Math.min(deadlineOf(entry), entry.due ?? Infinity);
}

/** The part of a change that brings the wake nearer, when it sets what is due. */
export function wakeWith(entry: Entry, set: Readonly<Record<string, string>> | undefined): { readonly wake: number } | undefined {
  const due = dueOf(set?.[own.due]);
  return due === undefined ? undefined : { wake: Math.min(deadlineOf(entry), due) };
}

/** Which deadline has passed, if one has; of two the one that passed first. */
export function expiryOf(entry: Entry, now: number): "idle" | "absolute" | undefined {
  const idle = entry.seen + entry.life.idle;
  const { absolute } = entry.life;
  if (now < idle && now < absolute) return undefined;
  return idle < absolute ? "idle" : "absolute";
}

/** Epoch ms since which the session has belonged to its subject: what floors are compared with. */
export function belongsSince({ auth, life }: Entry): number {
  return auth?.at ?? life.created;
}
