import type { SessionRequest } from "./request.ts";
import type { Session, StoredSession } from "./request-session.ts";
import type { Store } from "./store.ts";

/** The middleware's view of the place where sessions rest: a store made for express-session, or a Sojourn manager. */
export interface Keeper {
  /** What `req.sessionStore` is. */
  readonly store: Store;
  /** Whether activity is to be told (`touch`) where nothing is written. */
  readonly touches: boolean;
  /** False while the store says that it is disconnected; requests then have no session. */
  ready(): boolean;
  /** The session under an id, as it is kept now. */
  read(sid: string, request: SessionRequest): Promise<Held>;
  /** For an id that begins a session. */
  begin(sid: string, request: SessionRequest): Held;
}

/** What one request knows of one session. */
export interface Held {
  /** As it was read; `undefined` when there is none, or not yet. */
  readonly found: StoredSession | undefined;
  /** Writes what this request has changed since it read or wrote the session. False when the session has ended: then nothing was written. */
  save(session: Session): Promise<boolean>;
  /** Says that it was active. */
  touch(session: Session): Promise<void>;
  /** Ends it for good. */
  destroy(): Promise<void>;
}
