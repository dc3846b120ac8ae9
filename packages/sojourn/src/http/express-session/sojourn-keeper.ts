import { SojournError } from "../../core/errors.ts";
import type { Client } from "../../core/resumable.ts";
import { answered } from "./connect-calls.ts";
import type { Held, Keeper } from "./keeper.ts";
import { aliasOf, cookieIn, fieldOf, endedMeanwhile, isEnded, isShorter, keptCookie, maxAgeOf, storedOf, type Kept } from "./kept-session.ts";
import { replaceSession } from "./replace-session.ts";
import { newLine } from "./lines.ts";
import { logIn } from "./log-in.ts";
import type { Session } from "./request-session.ts";
import { shapeOf } from "./session-cookie.ts";
import { beginSession, clientOf, reachSid, takeOver, type Home } from "./sojourn-home.ts";
import { sojournStore } from "./sojourn-store.ts";
import { deltaOf, textsOf, valuesOf, type Texts } from "./texts.ts";

const tries = 5;

/**
 * Keeps sessions in a Sojourn manager: each property is a field, and a write is what this request changed. What is ended takes no more writes,
 * whichever process they come from.
 */
export function sojournKeeper(home: Home): Keeper {
  return {
    store: sojournStore(home, (sid, kept) => held(home, sid, undefined, kept)),
    touches: true,
    ready: () => true,
    async read(sid, request) {
      const client = clientOf(request);
      return held(home, sid, client, (await reachSid(home, sid, client)) ?? (await takeOver(home, sid, client)));
    },
    begin: (sid, request) => held(home, sid, clientOf(request), undefined),
  };
}

function held(home: Home, sid: string, client: Client | undefined, reached: Kept | undefined): Held {
  const { sessions } = home;
  const line = newLine();
  const found = reached === undefined ? undefined : storedOf(reached);
  let kept = reached;
  let base: Texts = textsOf(found ?? {});
  let shape = shapeOf(found?.cookie);
  /** A write failed: what is pending in `kept`, or became of it, nobody knows. */
  let doubtful = false;

  async function save(session: Session): Promise<boolean> {
    const mine = textsOf(session);
    const form = shapeOf(session.cookie);
    for (let n = 0; n < tries && !line.dead; n++) {
      try {
        if (doubtful && kept !== undefined) kept = (await sessions.reach({ id: kept.id as string }, { touch: false })) ?? (await successor(kept));
        doubtful = false;
        kept = kept === undefined ? await begin(mine, session) : await write(kept, mine, session);
        base = mine;
        shape = form;
        return true;
      } catch (error) {
        doubtful = true;
        if (!isEnded(error) || kept === undefined) throw error;
        const next = await successor(kept).catch((failure: unknown) => (isEnded(failure) ? undefined : Promise.reject(failure as Error)));
        if (next === undefined) line.dead = true;
        else kept = next;
      }
    }
    return false;
  }

  /** A session that was given another lifetime, or another subject, may have become another Sojourn session under the same name. Nothing else is its successor. */
  async function successor(before: Kept): Promise<Kept> {
    const next = await reachSid(home, sid, client, false);
    const first = cookieIn(before)?.first ?? before.id;
    if (next === undefined || (next.id !== before.id && cookieIn(next)?.first !== first)) throw endedMeanwhile();
    return next;
  }

  async function begin(mine: Texts, session: Session): Promise<Kept> {
    try {
      return await beginSession(home, { alias: aliasOf(sid), texts: mine, cookie: session.cookie, client, subject: home.subject(valuesOf(mine)) });
    } catch (error) {
      // An application that makes its own ids may have given this one before.
      const other = error instanceof SojournError && error.code === "alias_taken" ? await reachSid(home, sid, client) : undefined;
      if (other === undefined) throw error;
      return write(other, mine, session);
    }
  }

  async function write(known: Kept, mine: Texts, session: Session): Promise<Kept> {
    const delta = deltaOf(base, mine);
    const notes = cookieIn(known);
    const changed = shapeOf(session.cookie) !== shape;
    const maxAge = maxAgeOf(session.cookie.data);
    const was = home.subject(valuesOf(base));
    const is = home.subject(valuesOf(mine));
    const subject = is === was ? known.subject : is;
    const longer = changed && maxAge !== undefined && notes?.idle !== undefined && isShorter(notes.idle, maxAge);
    if (known.subject === undefined ? longer && subject === undefined : known.subject !== subject) {
      return replaceSession(home, { sid, before: known, delta, cookie: session.cookie, client, subject });
    }
    const idle = longer ? maxAge : notes?.idle;
    const change = (now: Kept): void => {
      for (const [name, text] of delta.set) now.set(fieldOf(name), JSON.parse(text) as unknown);
      for (const name of delta.unset) now.delete(fieldOf(name));
      if (changed || notes?.until !== undefined) now.set("cookie", keptCookie(session.cookie, idle, notes?.first, Date.now()));
    };
    if (subject !== undefined && known.subject === undefined) return logIn(home, known.id as string, subject, change, longer ? maxAge : undefined, client);
    change(known);
    if (longer && subject !== undefined) await known.authenticate(subject, { methods: known.methods, idle: maxAge });
    else await known.commit();
    return known;
  }

  return {
    found,
    save: (session) => line.run(() => save(session)),
    async touch(session) {
      // The visit was the touch, unless the session runs out before the Sojourn session does, or its cookie was changed.
      const maxAge = maxAgeOf(session.cookie.data);
      const until = kept === undefined ? undefined : cookieIn(kept)?.until;
      const due = until !== undefined && maxAge !== undefined && Date.now() + maxAge - until > maxAge / 10;
      if (due || shapeOf(session.cookie) !== shape) await line.run(() => save(session));
    },
    async destroy() {
      line.dead = true;
      await line.run(async () => {
        const { migrateFrom } = home;
        for (let n = 0; n < tries && kept !== undefined; n++) {
          if (await sessions.end({ id: kept.id as string }, "closed")) break;
          kept = await successor(kept).catch((error: unknown) => (isEnded(error) ? undefined : Promise.reject(error as Error)));
        }
        if (migrateFrom !== undefined) await answered((answer) => migrateFrom.destroy(sid, answer));
      });
    },
  };
}
