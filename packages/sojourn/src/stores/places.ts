import type { Change, Committed, Refused, SessionId, SessionRecord } from "../core/seam.ts";

/**
 * What a session holds outside its own record: an alias, a place among its subject's sessions, a place among those of a limited kind that are being
 * created. An engine that cannot change several keys in one step keeps a list of entries under each place's name; `reservations.ts` keeps those lists
 * and the records in agreement. The first character tells which of the three it is.
 */
export type Place = `a${string}` | `u${string}` | `k${string}`;

/** By what a session holds a place, or wants to. The nonce is new for each attempt: what forbids one attempt does not forbid the next. */
export interface Reservation {
  readonly id: SessionId;
  readonly nonce: string;
}

/** A reservation as it stands in a place. */
export interface Entry extends Reservation {
  /** ms since it was put there. All entries of one place are told by one clock. */
  readonly age: number;
}

/** The lists of entries, by place. Each verb is one atomic step on one place. */
export interface Places {
  /**
   * Puts the reservation into the place, unless as many others as `capacity` are there. An entry that the same session has there already stays as it is.
   * @returns `nonce`: by which the session now stands there; `undefined` when it was not put. `crowd`: all others, in the order in which they were put, if
   * they are as many as `capacity` or more; else none.
   */
  reserve(
    place: Place,
    mine: Reservation,
    capacity: number,
    deadline?: number,
  ): Promise<{ readonly nonce: string | undefined; readonly crowd: readonly Entry[] }>;
  /** Takes exactly this entry away. Another one of the same session stays. */
  remove(place: Place, entry: Reservation, deadline?: number): Promise<void>;
  /** All entries, in the order in which they were put. */
  list(place: Place, deadline?: number): Promise<readonly Entry[]>;
}

/** A place that a commit takes, or keeps, and by which nonce. */
export interface Held {
  readonly place: Place;
  readonly nonce: string;
  /** False: others fill the place, and the session stands there by an entry of before. Right only if its record holds the place already. */
  readonly judged: boolean;
}

/** What a commit came to: landed, refused, or to be tried again. */
export type Landing =
  /** `freed`: what the step has forbidden, to be taken out of the places: what the record held before and no longer holds. */
  | (Committed & { readonly freed: readonly Freed[] })
  /** `freed`: of what was to be held, what the record does not hold. */
  | (Refused & { readonly freed: readonly Freed[] })
  /** Nothing was written: these nonces had been forbidden. */
  | { readonly ok: false; readonly why: "lost"; readonly nonces: readonly string[] }
  /** Nothing was written: the place was not judged, and the record does not hold it. */
  | { readonly ok: false; readonly why: "unjudged"; readonly place: Place };

/** A nonce that no commit can use any more, and the place where it may stand. */
export interface Freed {
  readonly place: Place;
  readonly nonce: string;
}

/** The records, which are the truth. Each verb is one atomic step on one session. */
export interface Owners {
  load(id: SessionId, deadline?: number): Promise<SessionRecord | undefined>;
  /**
   * The change by `apply`, and what it holds. Judged in this order: what `apply` refuses; a nonce that was forbidden; a place that was not judged. In the
   * same step every nonce that it frees is forbidden, so that whoever meets its entry need not wait. Nothing outside the record is judged.
   */
  commit(change: Change, held: readonly Held[], deadline?: number): Promise<Landing>;
  /**
   * What a session has to do with an entry of a place.
   * - `"holds"`: its record holds the place by this nonce. (Never said of a `k` place.)
   * - `"never"`: it does not, and from now on no commit with this nonce lands. Of a `k` place also: the session was created.
   * - `"open"`: it does not, and may yet: only said when not asked to `forbid`.
   *
   * Where the record has ended, or, of a `k` place, where there is one, it is `"never"` without more; else `forbid` writes the nonce down beside the
   * record (also where there is none), for longer than any commit is on its way.
   */
  resolve(entry: Reservation, place: Place, forbid: boolean, deadline?: number): Promise<"holds" | "open" | "never">;
  /** How many records of the kind have not ended. Counts every commit that was acknowledged before it was asked. */
  live(kind: string, deadline?: number): Promise<number>;
}

/** The places that a change takes, in the order in which they are judged. One that ends or erases takes none. */
export function placesOf(change: Change): Place[] {
  if (change.ended !== undefined || change.erase) return [];
  const places = new Set<Place>((change.claim ?? []).map((alias) => `a${alias}` as const));
  if (change.subject !== undefined && change.subject !== null) places.add(`u${change.subject}`);
  if (change.kindLimit !== undefined && change.expect === "absent") places.add(`k${change.kind ?? ""}`);
  return [...places];
}

/** The places that a record holds. */
export function placesHeld(record: SessionRecord | undefined): Place[] {
  if (record === undefined || record.ended !== undefined) return [];
  const aliases = record.aliases.map((alias) => `a${alias}` as const);
  return record.subject === undefined ? aliases : [...aliases, `u${record.subject}`];
}
