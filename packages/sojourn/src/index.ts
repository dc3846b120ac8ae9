/** Sessions: set up at one moment, resumed by whoever proves that it is theirs, torn down at a later one. */
export { createSessions, type CheckpointOwner, type CreateOptions, type Listed, type ReachOptions, type Sessions } from "./core/sessions.ts";
export { Session } from "./core/session.ts";
export type { AuthenticateOptions } from "./core/authentication.ts";
export type { Checkpoint, KeptCheckpoint } from "./core/checkpoints.ts";
export type { Clock } from "./core/clock.ts";
export { milliseconds, type Duration } from "./core/duration.ts";
export type { EndAllOptions, EndAllProgress, EndAllTarget, EndEveryone } from "./core/end-all.ts";
export type { Erased } from "./core/erasure.ts";
export type { Lease, LeaseOptions } from "./core/lease.ts";
export type { Schemas, StandardSchema } from "./core/schema.ts";
export type { Refusal } from "./core/engine.ts";
export { SojournError, type SojournErrorCode } from "./core/errors.ts";
export type { Emitter, EndReason, SessionEvent, SessionEvents } from "./core/events.ts";
export type { FeedEvent, FeedOptions } from "./core/feed.ts";
export type { SessionInfo } from "./core/info.ts";
export type { Client, HandBack, Resumable, Visit } from "./core/resumable.ts";
export type { Limit, SessionsOptions } from "./core/settings.ts";
export type { ClockJump } from "./core/steady-clock.ts";
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
  LaggingStore,
  MaybePromise,
  Outcome,
  Page,
  Query,
  Refused,
  ScrubbableStore,
  ScrubOptions,
  ScrubProgress,
  ScrubReport,
  SessionId,
  SessionRecord,
  Store,
  StoreEvent,
  WatchableStore,
} from "./core/seam.ts";
