import { SojournError } from "../../core/errors.ts";
import type { Client } from "../../core/resumable.ts";
import { aliasOf, cookieIn, endedMeanwhile, fieldOf, nextAliasOf, textsIn, type Kept } from "./kept-session.ts";
import type { Cookie } from "./session-cookie.ts";
import { beginSession, type Home } from "./sojourn-home.ts";
import { deltaOf, mergedOver, type Delta } from "./texts.ts";

/** Whose place is taken, and by what. */
export interface Replacement {
  readonly sid: string;
  /** Of the Sojourn session. */
  readonly id: string;
  readonly delta: Delta;
  readonly cookie: Cookie;
  readonly client: Client | undefined;
  readonly subject: string | undefined;
}

/** After this time (ms) whoever was to take a place is taken for dead. */
const patience = 10_000;

/**
 * Has another Sojourn session take the place of one under the same id: a session has one subject in its life, and an anonymous one keeps its idle time.
 * The other exists, under a name of its own, before the first ends, so that there is no moment at which the id names nothing.
 * @throws {SojournError} `session_ended`, also when another request is at the same; `limit_reached` …
 */
export async function replaceSession(home: Home, { sid, id, delta, cookie, client, subject }: Replacement): Promise<Kept> {
  const { sessions } = home;
  const now = await sessions.reach({ id }, { touch: false });
  if (now === undefined) throw endedMeanwhile();
  const seen = textsIn(now);
  const first = cookieIn(now)?.first ?? id;
  const next = await begun(home, sid, () => beginSession(home, { alias: nextAliasOf(sid), texts: mergedOver(seen, delta), cookie, client, subject, first }));
  if (!(await sessions.end({ id }, "replaced"))) {
    await sessions.end({ id: next.id as string }, "replaced");
    throw endedMeanwhile();
  }
  // What others wrote between our look and the end.
  const late = deltaOf(seen, (await home.last?.(id)) ?? seen);
  for (const [name, text] of late.set) if (!delta.set.has(name) && !delta.unset.includes(name)) next.set(fieldOf(name), JSON.parse(text) as unknown);
  for (const name of late.unset) if (!delta.set.has(name)) next.delete(fieldOf(name));
  await next.claim(aliasOf(sid));
  await next.release(nextAliasOf(sid));
  return next;
}

async function begun(home: Home, sid: string, begin: () => Promise<Kept>): Promise<Kept> {
  try {
    return await begin();
  } catch (error) {
    if (!(error instanceof SojournError) || error.code !== "alias_taken") throw error;
    const other = await home.sessions.reach({ alias: nextAliasOf(sid) }, { touch: false });
    if (other === undefined || Date.now() - Number(other.created) < patience) throw endedMeanwhile();
    // A process died at it. Where the first still has the name the other is of no use; else it is the session, and its name can be given to the next.
    if ((await home.sessions.reach({ alias: aliasOf(sid) }, { touch: false })) === undefined)
      await other.claim(aliasOf(sid)).then(() => other.release(nextAliasOf(sid)));
    else await home.sessions.end({ id: other.id as string }, "replaced");
    throw endedMeanwhile();
  }
}
