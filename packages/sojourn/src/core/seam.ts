/**
 * The Store seam: what a place where sessions rest must do, and no more.
 *
 * Four verbs, each of them race-free. Clients of databases are injected; a store declares the few methods it calls.
 */

/** A value, or a promise of it. Only the two seams (Store and Resumable) use it: a synchronous answer costs no promise. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Public name of a session: 48-bit milliseconds and 80 random bits as 26 sortable characters. Safe to log.
 * A store also keeps the manager's own records, under ids of up to 200 letters, digits, `:`, `-`, `_`, in which case counts.
 */
export type SessionId = string & { readonly sessionId: unique symbol };

/** Where a listing goes on. Opaque; only the store that gave it can read it. */
export type Cursor = string & { readonly cursor: unique symbol };

/** Where sessions rest. */
export interface Store {
  /**
   * The record, or `undefined` when there is none. Ended records are returned until they are erased.
   * A store that keeps live records in memory returns the same object until the record changes.
   * @throws {SojournError} `store_unavailable` when the store is broken. Absence is a value.
   */
  load(id: SessionId, options?: CallOptions): MaybePromise<SessionRecord | undefined>;
  /**
   * One change to one session: all of it or nothing. A refusal is a value.
   * @throws {SojournError} `store_unavailable` (it did not land) or `outcome_unknown` (it may have landed, or may land later).
   */
  commit(change: Change, options?: CallOptions): MaybePromise<Outcome>;
  /** Records that satisfied the query at the moment they were read, in the store's own order. A record present throughout a listing comes once. */
  find(query: Query, page?: Page): MaybePromise<Found>;
  /** Gives back what the store itself opened; an injected client stays open unless the store's page says otherwise. */
  close(): MaybePromise<void>;
}

/** A session as a store keeps it: what the store indexes or judges. All else is a field; those named `$…` belong to the manager. */
export interface SessionRecord {
  readonly id: SessionId;
  /** Grows by exactly one per commit; 1 after creation. */
  readonly version: number;
  /** Fixed at creation. */
  readonly kind: string;
  readonly subject?: string;
  /** Epoch ms of the next moment at which something must happen. */
  readonly wake?: number;
  /** Of the lease; 0 = never leased. */
  readonly epoch: number;
  /** JSON {@link Ending}; final. */
  readonly ended?: string;
  /** Empty once ended. */
  readonly aliases: readonly string[];
  /** Text that no store reads. No prototype. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What is to become of one session. */
export interface Change {
  readonly id: SessionId;
  /** `"absent"`: create · `"live"`: merge into what has not ended · a number: compare-and-set (on an ended record only `wake` and `erase` pass). */
  readonly expect: "absent" | "live" | number;
  /** Refused as `fenced` unless the record's epoch is this. */
  readonly fence?: number;
  /** With `"absent"` only, and then required. */
  readonly kind?: string;
  readonly subject?: string | null;
  /** Refused as `full` if the subject would hold more records that have not ended. Judged when the change gives the record its subject. */
  readonly subjectLimit?: number;
  /** Refused as `full` if the kind would hold more records that have not ended. With `"absent"` only. */
  readonly kindLimit?: number;
  /** Exact; but under `"live"` without `ended` it only comes nearer. `null` removes it (not under `"live"`). */
  readonly wake?: number | null;
  /** With a number only. */
  readonly epoch?: number;
  /** JSON {@link Ending}. Frees the aliases and the subject's place at once. */
  readonly ended?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  readonly claim?: readonly string[];
  readonly release?: readonly string[];
  /** Alone. The record and its index entries are gone afterwards. Under a number, or `"live"`. */
  readonly erase?: true;
}

/** What became of a change. `record` is the record as it now stands, given by stores that have it at hand. */
export type Outcome = Committed | Refused;
export interface Committed {
  readonly ok: true;
  readonly version: number;
  readonly record?: SessionRecord;
}
export type Refused =
  | { readonly ok: false; readonly why: "exists" | "missing" | "ended" | "stale" | "fenced" }
  | { readonly ok: false; readonly why: "full"; readonly of: "subject" | "kind" | "store" }
  | { readonly ok: false; readonly why: "taken"; readonly alias: string };

/** `alias`, `subject`: records that have not ended; `kind`, `wakeBefore` (inclusive, epoch ms): ended ones too. */
export type Query = { readonly alias: string } | { readonly subject: string } | { readonly kind: string } | { readonly wakeBefore: number };

export interface CallOptions {
  /** Epoch ms. Past it the outcome is unknown and may still land. */
  readonly deadline?: number;
  /** Of a `load`: not from a copy that may lag behind the store; for decisions that must not be stale. Only a {@link LaggingStore} tells the two apart. */
  readonly fresh?: boolean;
}
export interface Page extends CallOptions {
  readonly after?: Cursor;
  /** Default 100. */
  readonly limit?: number;
  /** Only these fields. */
  readonly only?: readonly string[];
}
export interface Found {
  readonly records: readonly SessionRecord[];
  /** Absent on the last page. A short page need not be the last. `wakeBefore` gives the earliest first and no cursor. */
  readonly next?: Cursor;
}

/** The text in {@link SessionRecord.ended}. */
export interface Ending {
  /** Epoch ms. */
  readonly at: number;
  readonly reason: string;
  /** Who did it: a subject, an operator, `"sweep"`. */
  readonly by?: string;
}

/** Powers beyond the seam, found with `in`. */
export interface WatchableStore {
  /**
   * Tells of every commit, by any process, until the returned function is called. `"gap"` = some were missed.
   * With `after` (an event's cursor) it replays from there, beginning with `"gap"` when the store no longer knows.
   */
  watch(tell: (event: StoreEvent | "gap") => void, options?: { readonly after?: Cursor }): MaybePromise<() => void>;
}
export interface StoreEvent {
  readonly cursor: Cursor;
  readonly id: SessionId;
  readonly version: number;
  /** Ended or erased. */
  readonly ended: boolean;
}
/** The engine's own clock, epoch ms. */
export interface ClockedStore {
  now(): MaybePromise<number>;
}
/** A store whose `load` may answer from a copy that is behind: a near cache, a replica. */
export interface LaggingStore {
  /** ms by which a load that is not `fresh` may miss what another process had acknowledged. What this process had acknowledged it never misses. */
  readonly lag: number;
}
/** How many records of a kind have not ended. May lag by the time that the store's page states. */
export interface CountableStore {
  count(query: { readonly kind: string }): MaybePromise<number>;
}

/**
 * What a store keeps beside the records (indexes, counts), compared with the records, which are the truth. Safe while others read and write:
 * what is found was wrong at one moment, and each repair looks again in the step in which it writes.
 */
export interface ScrubbableStore {
  scrub(options?: ScrubOptions): Promise<ScrubReport>;
}
export interface ScrubOptions {
  /** Puts right what can be: missing and dead entries, counts. Default false: nothing is written. Conflicts and unreadable records are only ever named. */
  readonly repair?: boolean;
  /** Told now and then how far it is. */
  readonly progress?: (progress: ScrubProgress) => void;
}
export interface ScrubProgress {
  /** Records and index entries looked at so far. */
  readonly done: number;
  /** How many there were in all when it began. */
  readonly of: number;
}
export interface ScrubReport {
  /** Records looked at, ended ones too. */
  readonly records: number;
  /** Entries that a record should have and that were not there: `find` did not come upon it. */
  readonly missing: number;
  /** Entries that led to no record that has them. */
  readonly dead: number;
  /** Kinds whose number of live records was wrong. */
  readonly miscounted: number;
  /** How many of the three were put right. */
  readonly repaired: number;
  /** Aliases with more than one live holder, of which `find` gives the first. */
  readonly conflicts: readonly { readonly alias: string; readonly ids: readonly SessionId[] }[];
  /** Records that cannot be read, by what they are kept under (the id, as a rule). `load` of one is an error; listings leave it out. */
  readonly unreadable: readonly { readonly id: string; readonly why: string }[];
}

/** Whether the record satisfies the query: the one meaning of a query, re-checked on every record that a store returns. */
export function satisfies(record: SessionRecord, query: Query): boolean {
  if ("alias" in query) return record.ended === undefined && record.aliases.includes(query.alias);
  if ("subject" in query) return record.ended === undefined && record.subject === query.subject;
  if ("kind" in query) return record.kind === query.kind;
  return record.wake !== undefined && record.wake <= query.wakeBefore;
}
