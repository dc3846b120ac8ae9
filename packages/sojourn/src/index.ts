/** Sessions: set up at one moment, resumed by whoever proves that it is theirs, torn down at a later one. */
export { createSessions, type CreateOptions, type Listed, type Sessions } from "./core/sessions.ts";
export { Session } from "./core/session.ts";
export type { AuthenticateOptions } from "./core/authentication.ts";
export type { Clock } from "./core/clock.ts";
export type { Duration } from "./core/duration.ts";
export type { Refusal } from "./core/engine.ts";
export { SojournError, type SojournErrorCode } from "./core/errors.ts";
export type { Emitter, EndReason, SessionEvent, SessionEvents } from "./core/events.ts";
export type { FeedEvent, FeedOptions } from "./core/feed.ts";
export type { SessionInfo } from "./core/info.ts";
export type { Client, HandBack, Resumable, Visit } from "./core/resumable.ts";
export type { Limit, SessionsOptions } from "./core/settings.ts";
export type { Bounds } from "./core/values.ts";
export { apply, type Applied } from "./core/apply.ts";
export { satisfies } from "./core/seam.ts";
export type {
  CallOptions,
  Change,
  ClockedStore,
  Committed,
  CountableStore,
  Cursor,
  Ending,
  Found,
  MaybePromise,
  Outcome,
  Page,
  Query,
  Refused,
  SessionId,
  SessionRecord,
  Store,
  StoreEvent,
  WatchableStore,
} from "./core/seam.ts";
