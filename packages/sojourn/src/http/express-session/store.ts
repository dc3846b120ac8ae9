import { EventEmitter } from "node:events";
import type { SessionRequest } from "./request.ts";
import { Session, type StoredSession } from "./request-session.ts";
import { cookieOf } from "./session-cookie.ts";

/** How a store of express-session's kind answers. */
export type Answer<Value = void> = (error?: unknown, value?: Value) => void;

/** As much of a store made for express-session as is called: `connect-redis`, `connect-pg-simple` and their like. */
export interface ConnectStore {
  get(sid: string, answer: Answer<StoredSession | null>): unknown;
  /** Writes a session, whether there is one under this id or not. */
  set(sid: string, session: StoredSession, answer?: Answer): unknown;
  destroy(sid: string, answer?: Answer): unknown;
  /** Says that a session was active. Stores without it need `resave: true`. */
  touch?(sid: string, session: StoredSession, answer?: Answer): unknown;
  all?(answer: Answer<StoredSession[] | Record<string, StoredSession> | null>): unknown;
  length?(answer: Answer<number>): unknown;
  clear?(answer?: Answer): unknown;
  on?(event: string, listener: () => void): unknown;
}

/** `req.sessionStore`: a store, and what the middleware adds to it. */
export interface Store extends EventEmitter, ConnectStore {
  on(event: string | symbol, listener: (...args: unknown[]) => void): this;
  /** Gives the request a new session. */
  generate(request: SessionRequest): void;
  /** Gives the request the session that these data are. */
  createSession(request: SessionRequest, session: StoredSession): Session;
  /** Destroys the request's session and gives it a new one. */
  regenerate(request: SessionRequest, answer: Answer): void;
  /** A session without a request; it can be saved. */
  load(sid: string, answer: Answer<Session>): void;
}

interface StoreConstructor {
  new (): Store;
  /** As `util.inherits` has it: `Store.call(this)`. */
  (this: object): void;
  readonly prototype: Store;
}

/**
 * What stores for express-session inherit from, by `class X extends Store` or by `util.inherits(X, Store)` and `Store.call(this)`. It is no class because
 * a class cannot be called like that.
 */
export const Store: StoreConstructor = function (this: object): void {
  (EventEmitter as unknown as (this: object) => void).call(this);
} as unknown as StoreConstructor;

const methods: Partial<Store> & ThisType<Store> = {
  regenerate(request, answer) {
    this.destroy(request.sessionID ?? "", (error) => {
      this.generate(request);
      answer(error);
    });
  },
  load(sid, answer) {
    this.get(sid, (error, found) => {
      if (error !== undefined && error !== null) answer(error);
      else if (found === undefined || found === null) answer();
      else answer(null, this.createSession({ sessionID: sid, sessionStore: this } as SessionRequest, found));
    });
  },
  createSession,
};
Object.setPrototypeOf(Store.prototype, EventEmitter.prototype);
for (const [name, value] of Object.entries(methods)) Object.defineProperty(Store.prototype, name, { value, writable: true, configurable: true });

/** Gives the request the session that was kept as this. @throws {TypeError} when it has no cookie */
export function createSession(request: SessionRequest, kept: StoredSession): Session {
  if (kept.cookie === undefined || kept.cookie === null) {
    throw new TypeError("Cannot read properties of a session that was stored without its cookie. Whoever wrote it left the property cookie out.");
  }
  request.session = new Session(request, { ...kept, cookie: cookieOf(kept.cookie) });
  return request.session;
}
