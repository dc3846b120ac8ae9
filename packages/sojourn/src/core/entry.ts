import { clockCache } from "./clock-cache.ts";
import type { Client } from "./resumable.ts";
import type { SessionId, SessionRecord } from "./seam.ts";
import type { Secrets } from "./secrets.ts";
import { valueOf } from "./values.ts";

/** How long a session lives; the text of `$life`. Policies and not deadlines, so that a late touch cannot bring back an older policy. */
export interface Life {
  /** Epoch ms. */
  readonly created: number;
  /** ms without activity. */
  readonly idle: number;
  /** Epoch ms; moved by nothing but a new authentication. */
  readonly absolute: number;
  /** ms from the last authentication, or the creation, to that. */
  readonly lifetime: number;
  /** ms for which the ended record is kept. */
  readonly retention: number;
}

/** Who the subject proved to be, when, and how far; the text of `$auth`. */
export interface Authentication {
  /** Epoch ms of the last authentication. */
  readonly at: number;
  /** How, as authentication method references (RFC 8176): `pwd`, `otp`, `hwk` … */
  readonly methods: readonly string[];
  /** Levels beyond the log-in: epoch ms at which each was reached and at which it lapses. */
  readonly levels: Readonly<Record<string, { readonly at: number; readonly until: number }>>;
}

/** The fields that the manager keeps in a record. */
export const own = { life: "$life", seen: "$seen", secret: "$secret", auth: "$auth", client: "$client", flash: "$flash." } as const;

/** A record as the manager reads it. Shared by all requests that meet the same version of it. */
export interface Entry {
  readonly record: SessionRecord;
  readonly life: Life;
  readonly secrets: Secrets;
  readonly auth: Authentication | undefined;
  /** Epoch ms of the last activity that was written down. */
  readonly seen: number;
  /** The last secret that passed, so that the next request need not be hashed. In this process's memory only, and gone when the secrets change. */
  verified: string;
  /** Epoch ms of a touch that is on its way. */
  touching: number;
  /** At least as many UTF-16 units as the fields have; below 0: not counted yet. */
  units: number;
  /** Epoch ms at which it was last found to lie above every floor. */
  cleared: number;
  /** Values already parsed, with the text that they were parsed from. Outlives the version: an unchanged text is an unchanged value. */
  readonly values: Map<string, { readonly text: string; readonly value: unknown }>;
}

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
      life: before !== undefined && old?.[own.life] === fields[own.life] ? before.life : (JSON.parse(fields[own.life] ?? "") as Life),
      secrets: sameSecret ? before.secrets : (JSON.parse(fields[own.secret] ?? "") as Secrets),
      auth: before !== undefined && old?.[own.auth] === fields[own.auth] ? before.auth : authOf(fields[own.auth]),
      seen: before !== undefined && old?.[own.seen] === fields[own.seen] ? before.seen : Number(fields[own.seen]),
      verified: sameSecret ? before.verified : "",
      touching: before?.touching ?? 0,
      units: -1,
      cleared: before !== undefined && old?.[own.auth] === fields[own.auth] ? before.cleared : -1,
      values: before?.values ?? new Map<string, { text: string; value: unknown }>(),
    };
  } catch {
    return undefined;
  }
}

function authOf(text: string | undefined): Authentication | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Authentication);
}

/** Epoch ms at which the session is over unless it is touched: the nearer of the two deadlines. */
export function deadlineOf({ life, seen }: Entry): number {
  return Math.min(seen + life.idle, life.absolute);
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

/** The client that was last written down. */
export function clientOf(record: SessionRecord): Client {
  try {
    return JSON.parse(record.fields[own.client] ?? "{}") as Client;
  } catch {
    return {};
  }
}

/** The value of a field, frozen. @throws SyntaxError when its text is not JSON */
export function fieldValue(entry: Entry, name: string): unknown {
  const text = entry.record.fields[name];
  if (text === undefined) return undefined;
  const known = entry.values.get(name);
  if (known?.text === text) return known.value;
  const value = valueOf(text);
  entry.values.set(name, { text, value });
  return value;
}

/** The names of the application's fields in a record. */
export function fieldNames(record: SessionRecord): string[] {
  return Object.keys(record.fields).filter((name) => name.charCodeAt(0) !== 36);
}
