/** Every code that a {@link SojournError} can carry. Stable: programs may switch on it. */
export type SojournErrorCode =
  /** A setting is wrong; the message names it. */
  | "invalid_option"
  /** A field's name or value cannot be kept; the message names the path. */
  | "invalid_field"
  /** A field, a record or a list is over its bound. */
  | "too_large"
  /** The session ended meanwhile; nothing was written. HTTP 401. */
  | "session_ended"
  /** There is no such session, or it is somebody else's. HTTP 401. */
  | "session_missing"
  /** The version given is no longer the record's. HTTP 409. */
  | "stale"
  /** Another live session holds the alias. HTTP 409. */
  | "alias_taken"
  /** Another holder took the lease over; nothing was written. HTTP 409. */
  | "lease_lost"
  /** There is a checkpoint of that name, and checkpoints do not change. HTTP 409. */
  | "checkpoint_exists"
  /** There is no checkpoint of that name that belongs to the session. HTTP 404. */
  | "checkpoint_missing"
  /** The subject, or the kind, holds as many live sessions as its limit allows, and the limit refuses. HTTP 429. */
  | "limit_reached"
  /** The store holds as much as it may. HTTP 503. */
  | "store_full"
  /** The store is broken or out of reach; nothing was written. HTTP 503. */
  | "store_unavailable"
  /** The record of this session is damaged, or a newer release wrote it; others are well. HTTP 503. */
  | "record_unreadable"
  /** The store did not say in time whether the write landed; it may still. HTTP 503. */
  | "outcome_unknown"
  /** The response has begun: it is too late for this change. HTTP 500. */
  | "response_started"
  /** The act needs a session that rests in a store; this one travels with its client. HTTP 500. */
  | "needs_store"
  /** The act needs a session that has a subject. HTTP 401. */
  | "not_authenticated"
  /** The request crosses origins. HTTP 403. */
  | "cross_site";

const statuses: Readonly<Record<SojournErrorCode, number>> = {
  invalid_option: 500,
  invalid_field: 400,
  too_large: 413,
  session_ended: 401,
  session_missing: 401,
  stale: 409,
  alias_taken: 409,
  lease_lost: 409,
  checkpoint_exists: 409,
  checkpoint_missing: 404,
  limit_reached: 429,
  store_full: 503,
  store_unavailable: 503,
  record_unreadable: 503,
  outcome_unknown: 503,
  response_started: 500,
  needs_store: 500,
  not_authenticated: 401,
  cross_site: 403,
};

/** The one error of the library. Absence, expiry and refusal by a store are values; this is for what a caller must not overlook. */
export class SojournError extends Error {
  override readonly name = "SojournError";
  readonly code: SojournErrorCode;
  /** The HTTP status that fits. */
  readonly status: number;

  constructor(code: SojournErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.status = statuses[code];
  }
}

/** The store is broken or out of reach: nothing was written. */
export function storeUnavailable(what: string, cause?: unknown): SojournError {
  return new SojournError("store_unavailable", `The session store is unavailable: ${what}.`, { cause });
}

/** The store holds as much as it may. */
export function storeFull(what: string): SojournError {
  return new SojournError(
    "store_full",
    `The session store holds as much as it may: ${what}. Raise its budget, shorten the idle time, or let it end what was not used lately.`,
  );
}

/** The store did not answer a write: it may or may not have landed, or may land later. */
export function outcomeUnknown(what: string, cause?: unknown): SojournError {
  return new SojournError("outcome_unknown", `The session store did not say whether a write landed: ${what}. Read the session again before repeating it.`, {
    cause,
  });
}

/** The lease under which the write was made is another's by now. */
export function leaseLost(): SojournError {
  return new SojournError("lease_lost", "Another holder has taken the lease of the session over; nothing was written.");
}

/** Another live session holds the alias, which is not told: it is personal data. */
export function aliasTaken(): SojournError {
  return new SojournError("alias_taken", "Another live session holds the alias; nothing was written.");
}

/** One record cannot be read. It is no fault of the store's at large, and nothing was written. */
export function recordUnreadable(id: string, cause: Error): SojournError {
  return new SojournError("record_unreadable", `The record of session ${id} cannot be read: ${cause.message}. Nothing was written; other sessions are well.`, {
    cause,
  });
}
