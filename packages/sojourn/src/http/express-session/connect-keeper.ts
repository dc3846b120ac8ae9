import { answered, getFrom } from "./connect-calls.ts";
import type { Held, Keeper } from "./keeper.ts";
import { linesOf, type Line, type Lines } from "./lines.ts";
import type { Session, StoredSession } from "./request-session.ts";
import { cookieOf, shapeOf, type Cookie } from "./session-cookie.ts";
import type { Answer, ConnectStore, Store } from "./store.ts";
import { deltaOf, mergedOver, textsOf, valuesOf, wholeOf, type Texts } from "./texts.ts";

/** The keeper of each store: two middlewares on one store share what they know. */
const keepers = new WeakMap<ConnectStore, Keeper>();

/**
 * Keeps sessions in a store made for express-session, with what such a store does not promise, as far as one process can: the writes of one session
 * come one after the other, each merged into what the store holds by then, and what was destroyed stays dead for every request that knew it.
 */
export function connectKeeper(store: ConnectStore): Keeper {
  const known = keepers.get(store);
  if (known !== undefined) return known;
  const lines = linesOf();
  let connected = true;
  store.on?.("disconnect", () => void (connected = false));
  store.on?.("connect", () => void (connected = true));
  noticeEnds(store, lines);
  const keeper: Keeper = {
    store: store as Store,
    get touches() {
      return typeof store.touch === "function";
    },
    ready: () => connected,
    async read(sid) {
      const line = lines.of(sid);
      const { cookie } = line;
      const found = line.dead ? undefined : await getFrom(store, sid);
      return held(store, sid, line, line.dead ? undefined : found, cookie);
    },
    begin: (sid) => held(store, sid, lines.begin(sid), undefined, undefined),
  };
  keepers.set(store, keeper);
  return keeper;
}

/** Applications destroy sessions by the store too, such as all of a user's: from then on no request of this process may write to them. */
function noticeEnds(store: ConnectStore, lines: Lines): void {
  const { destroy, clear } = store;
  store.destroy = function (this: ConnectStore, sid: string, answer?: Answer): unknown {
    lines.end(sid);
    return destroy.call(this, sid, answer);
  };
  if (clear === undefined) return;
  store.clear = function (this: ConnectStore, answer?: Answer): unknown {
    lines.endAll();
    return clear.call(this, answer);
  };
}

/** @param latest the cookie that this process had written last before it was read */
function held(store: ConnectStore, sid: string, line: Line, found: StoredSession | undefined, latest: object | undefined): Held {
  let known = latest;
  let base: Texts = textsOf(found ?? {});
  let shape = shapeOf(found?.cookie);
  let exists = found !== undefined;

  async function write(session: Session): Promise<boolean> {
    if (line.dead) return false;
    const mine = textsOf(session);
    const form = shapeOf(session.cookie);
    const theirs = exists ? await getFrom(store, sid) : undefined;
    if (exists && theirs === undefined) line.dead = true;
    if (line.dead) return false;
    const next = merged(session, mine, theirs);
    await answered((answer) => store.set(sid, next, answer));
    wrote(next);
    base = mine;
    shape = form;
    exists = true;
    // The store was told to destroy it while it was writing, and which of the two came last nobody knows.
    if (line.dead) await answered((answer) => store.destroy(sid, answer));
    return !line.dead;
  }

  function wrote({ cookie }: StoredSession): void {
    line.cookie = known = JSON.parse(JSON.stringify(cookie)) as object;
  }

  /** Activity goes with the cookie that another request wrote meanwhile: some stores keep the cookie that comes with a touch. */
  function touching(session: Session): StoredSession {
    const foreign = line.cookie !== undefined && line.cookie !== known && shapeOf(session.cookie) === shape && shapeOf(line.cookie) !== shape;
    return foreign ? { ...(session as StoredSession), cookie: renewed(line.cookie) } : session;
  }

  /** What is to stand in the store: the session itself when nobody else changed it, as stores know it from express-session. */
  function merged(session: Session, mine: Texts, theirs: StoredSession | undefined): StoredSession {
    if (theirs === undefined) return session;
    const texts = mergedOver(textsOf(theirs), deltaOf(base, mine));
    const foreign = shapeOf(session.cookie) === shape && shapeOf(theirs.cookie) !== shape;
    if (!foreign && sameIn(texts, mine)) return session;
    return { ...valuesOf(texts), cookie: foreign ? renewed(theirs.cookie) : session.cookie };
  }

  return {
    found,
    save: (session) => line.run(() => write(session)),
    touch: (session) =>
      line.run(async () => {
        if (line.dead || store.touch === undefined) return;
        const next = touching(session);
        await answered((answer) => store.touch?.(sid, next, answer));
        wrote(next);
      }),
    destroy() {
      line.dead = true;
      return line.run(() => answered((answer) => store.destroy(sid, answer)));
    },
  };
}

/** Others' cookie, as this activity leaves it. */
function renewed(cookie: unknown): Cookie {
  const theirs = cookieOf(cookie);
  const { originalMaxAge } = theirs;
  if (typeof originalMaxAge === "number") theirs.maxAge = originalMaxAge;
  theirs.originalMaxAge = originalMaxAge;
  return theirs;
}

function sameIn(a: Texts, b: Texts): boolean {
  return a.size === b.size && (wholeOf(a) === wholeOf(b) || [...a].every(([name, text]) => b.get(name) === text));
}
