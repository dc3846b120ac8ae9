import type { Held } from "./keeper.ts";
import { cookieIn, storedOf, type Kept } from "./kept-session.ts";
import { Session, settle, type StoredSession } from "./request-session.ts";
import type { SessionRequest } from "./request.ts";
import { cookieOf } from "./session-cookie.ts";
import { reachSid, type Home } from "./sojourn-home.ts";
import { Store } from "./store.ts";

/**
 * `req.sessionStore` over a Sojourn manager, for code that asks the store itself. Of an id the manager keeps a digest only, so `all` gives each session
 * with the id by which Sojourn knows it, and `destroy` takes that too.
 */
export function sojournStore(home: Home, held: (sid: string, kept: Kept | undefined) => Held): Store {
  const { sessions } = home;

  async function set(sid: string, session: StoredSession): Promise<void> {
    const kept = await reachSid(home, sid, undefined, false);
    const whole = new Session({ sessionID: sid } as SessionRequest, { ...session, cookie: cookieOf(session.cookie) });
    await held(sid, kept).save(whole);
  }

  async function destroy(sid: string): Promise<void> {
    const kept = await reachSid(home, sid, undefined, false);
    if (kept === undefined) await sessions.end({ id: sid }, "closed");
    else await held(sid, kept).destroy();
  }

  /** The live sessions that a middleware made; a manager may have others. */
  async function* live(): AsyncGenerator<Kept, void, undefined> {
    const { kind } = await sessions.visit({});
    for await (const { id, ended } of sessions.list({ kind })) {
      const kept = ended === undefined ? await sessions.reach({ id }, { touch: false }) : undefined;
      if (kept !== undefined && cookieIn(kept) !== undefined) yield kept;
    }
  }

  async function all(): Promise<StoredSession[]> {
    const found: StoredSession[] = [];
    for await (const kept of live()) found.push({ ...storedOf(kept), id: kept.id });
    return found;
  }

  async function count(): Promise<number> {
    return (await all()).length;
  }

  async function clear(): Promise<void> {
    for await (const kept of live()) await sessions.end({ id: kept.id as string }, "closed");
  }

  return Object.assign(new Store(), {
    get: (sid, answer) =>
      settle(
        reachSid(home, sid, undefined, false).then((kept) => (kept === undefined ? null : storedOf(kept))),
        answer,
      ),
    set: (sid, session, answer) => settle(set(sid, session), answer),
    destroy: (sid, answer) => settle(destroy(sid), answer),
    touch: (sid, _session, answer) =>
      settle(
        reachSid(home, sid, undefined).then(() => undefined),
        answer,
      ),
    all: (answer) => settle(all(), answer),
    length: (answer) => settle(count(), answer),
    clear: (answer) => settle(clear(), answer),
  } satisfies Partial<Store>);
}
