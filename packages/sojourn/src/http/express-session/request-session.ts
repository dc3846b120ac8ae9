import { answered } from "./connect-calls.ts";
import type { SessionRequest } from "./request.ts";
import type { Cookie } from "./session-cookie.ts";

/** A session as stores keep it: JSON, and a cookie whose `expires` may be a Date or a text. */
export type StoredSession = { cookie?: unknown } & Record<string, unknown>;

/** What the methods of a request's sessions do. */
export interface SessionActs {
  save(session: Session): Promise<void>;
  /** Gives the request the session as it is kept now. */
  reload(session: Session): Promise<void>;
  destroy(session: Session): Promise<void>;
  /** Destroys it and gives the request a new one. */
  regenerate(): Promise<void>;
}

type Done = (error?: unknown) => void;

const acts = new WeakMap<object, SessionActs>();

/** From now on the methods of this request's sessions do this. */
export function actFor(request: SessionRequest, how: SessionActs): void {
  acts.set(request, how);
}

/**
 * `req.session`: the session's data as properties of a plain object, to be changed at will, and the methods that express-session gives it. The methods
 * are not enumerable, and data cannot take their names.
 */
export class Session {
  [property: string]: unknown;
  declare readonly req: SessionRequest;
  /** The id that the cookie carries. */
  declare readonly id: string;
  declare cookie: Cookie;

  constructor(request: SessionRequest, data?: object | null) {
    Object.defineProperty(this, "req", { value: request });
    Object.defineProperty(this, "id", { value: request.sessionID });
    if (typeof data !== "object" || data === null) return;
    for (const name in data) if (!(name in this)) this[name] = (data as Record<string, unknown>)[name];
  }

  /** Puts off the moment at which it runs out. */
  touch(): this {
    return this.resetMaxAge();
  }

  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge;
    return this;
  }

  /** Writes what was changed. The response does it by itself, before it leaves. */
  save(done?: Done): this {
    settle(actsOf(this).save(this), done);
    return this;
  }

  /** Reads it again; afterwards `req.session` is another object. */
  reload(done: Done): this {
    settle(actsOf(this).reload(this), done);
    return this;
  }

  /** Ends it; the request has no session any more. */
  destroy(done?: Done): this {
    const act = actsOf(this);
    delete this.req.session;
    settle(act.destroy(this), done);
    return this;
  }

  /** Ends it and begins another, with another id and no data; afterwards `req.session` is that one. */
  regenerate(done: Done): this {
    settle(actsOf(this).regenerate(), done);
    return this;
  }
}

/** Of a session that another middleware has (a store may make it: `createSession`) the store itself is asked. */
function actsOf({ req }: Session): SessionActs {
  return acts.get(req) ?? storeActs(req);
}

function storeActs(req: SessionRequest): SessionActs {
  const store = req.sessionStore;
  if (store === undefined) throw new TypeError("This session belongs to a request without a session store, so it cannot be saved, reloaded or ended.");
  return {
    save: (session) => answered((answer) => store.set(session.id, session, answer)),
    async reload(session) {
      const found = await answered<StoredSession | null>((answer) => store.get(session.id, answer));
      if (found === undefined || found === null) throw new Error("failed to load session");
      store.createSession(req, found);
    },
    destroy: (session) => answered((answer) => store.destroy(session.id, answer)),
    regenerate: () => answered((answer) => store.regenerate(req, answer)),
  };
}

/** Calls back outside the promise: what the callback throws is not the promise's to swallow. */
export function settle<Value>(work: Promise<Value | undefined>, done: ((error?: unknown, value?: Value) => void) | undefined): void {
  work.then(
    (value) => done !== undefined && process.nextTick(done, null, value),
    (error: unknown) => done !== undefined && process.nextTick(done, error),
  );
}
