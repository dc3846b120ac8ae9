import type { StoredSession } from "./request-session.ts";
import { Store, type Answer } from "./store.ts";

/** Sessions as JSON text in this process's memory, as express-session's own store keeps them: for development. */
export interface MemoryStore extends Store {
  sessions: Record<string, string>;
  all(answer: Answer<Record<string, StoredSession>>): void;
  length(answer: Answer<number>): void;
  clear(answer?: Answer): void;
  touch(sid: string, session: StoredSession, answer?: Answer): void;
}

interface MemoryStoreConstructor {
  new (): MemoryStore;
  (this: object): void;
  readonly prototype: MemoryStore;
}

/** A function and no class, so that old stores can inherit from it with `util.inherits`. Answers in a later turn of the event loop, like a store over a wire. */
export const MemoryStore: MemoryStoreConstructor = function (this: MemoryStore): void {
  Store.call(this);
  this.sessions = Object.create(null) as Record<string, string>;
} as unknown as MemoryStoreConstructor;

const methods: Partial<MemoryStore> & ThisType<MemoryStore> = {
  get(sid, answer) {
    const found = read(this, sid);
    setImmediate(() => answer(null, found));
  },
  set(sid, session, answer) {
    this.sessions[sid] = JSON.stringify(session);
    later(answer);
  },
  destroy(sid, answer) {
    delete this.sessions[sid];
    later(answer);
  },
  touch(sid, session, answer) {
    const found = read(this, sid);
    if (found !== undefined) this.sessions[sid] = JSON.stringify({ ...found, cookie: session.cookie });
    later(answer);
  },
  all(answer) {
    const found: Record<string, StoredSession> = Object.create(null) as Record<string, StoredSession>;
    for (const sid of Object.keys(this.sessions)) {
      const session = read(this, sid);
      if (session !== undefined) found[sid] = session;
    }
    setImmediate(() => answer(null, found));
  },
  length(answer) {
    this.all((error, found) => answer(error, Object.keys(found ?? {}).length));
  },
  clear(answer) {
    this.sessions = Object.create(null) as Record<string, string>;
    later(answer);
  },
};
Object.setPrototypeOf(MemoryStore.prototype, Store.prototype);
for (const [name, value] of Object.entries(methods)) Object.defineProperty(MemoryStore.prototype, name, { value, writable: true, configurable: true });

function later(answer: Answer | undefined): void {
  if (answer !== undefined) setImmediate(answer);
}

/** What is kept, unless its time is over: then it goes. */
function read(store: MemoryStore, sid: string): StoredSession | undefined {
  const text = store.sessions[sid];
  if (text === undefined) return undefined;
  const session = JSON.parse(text) as StoredSession & { readonly cookie?: { readonly expires?: unknown } };
  const expires = session.cookie?.expires;
  if (typeof expires === "string" && new Date(expires).getTime() <= Date.now()) {
    delete store.sessions[sid];
    return undefined;
  }
  return session;
}
