import { SojournError } from "../../core/errors.ts";
import type { Client } from "../../core/resumable.ts";
import { answered } from "./connect-calls.ts";
import type { Held, Keeper } from "./keeper.ts";
import { aliasOf, cookieIn, fieldOf, endedMeanwhile, isEnded, isShorter, keptCookie, maxAgeOf, storedOf, type Kept, type KeptCookie } from "./kept-session.ts";
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
  let known = knownOf(reached);
  let base: Texts = textsOf(found ?? {});
  let shape = shapeOf(found?.cookie);
  /** A write failed: what is pending in the session, or became of it, nobody knows. */
  let doubtful = false;

  async function save(session: Session): Promise<boolean> {
    const mine = textsOf(session);
    const form = shapeOf(session.cookie);
    for (let n = 0; n < tries && !line.dead; n++) {
      try {
        if (doubtful && known !== undefined) known = knownOf(await sessions.reach({ id: known.id }, { touch: false })) ?? (await successor(known));
        doubtful = false;
        known = knownOf(known === undefined ? await begin(mine, session) : await write(known, mine, session));
        base = mine;
        shape = form;
        return true;
      } catch (error) {
        doubtful = true;
        if (!isEnded(error) || known === undefined) throw error;
        const next = await successorIfAny(known);
        if (next === undefined) line.dead = true;
        else known = next;
      }
    }
    return false;
  }

  /** A session that was given another lifetime, or another subject, may have become another Sojourn session under the same name. Nothing else is its successor. */
  async function successor({ id, first }: Known): Promise<Known> {
    const next = knownOf(await reachSid(home, sid, client, false));
    if (next === undefined || (next.id !== id && next.first !== first)) throw endedMeanwhile();
    return next;
  }

  async function successorIfAny(before: Known): Promise<Known | undefined> {
    try {
      return await successor(before);
    } catch (error) {
      if (isEnded(error)) return undefined;
      throw error;
    }
  }

  async function begin(mine: Texts, session: Session): Promise<Kept> {
    try {
      return await beginSession(home, { alias: aliasOf(sid), texts: mine, cookie: session.cookie, client, subject: home.subject(valuesOf(mine)) });
    } catch (error) {
      // An application that makes its own ids may have given this one before.
      const other = error instanceof SojournError && error.code === "alias_taken" ? await reachSid(home, sid, client) : undefined;
      if (other === undefined) throw error;
      return write(knownOf(other) as Known, mine, session);
    }
  }

  async function write({ kept, id }: Known, mine: Texts, session: Session): Promise<Kept> {
    const delta = deltaOf(base, mine);
    const notes = cookieIn(kept);
    const changed = shapeOf(session.cookie) !== shape;
    const maxAge = maxAgeOf(session.cookie.data);
    const was = home.subject(valuesOf(base));
    const is = home.subject(valuesOf(mine));
    const subject = is === was ? kept.subject : is;
    const longer = changed && maxAge !== undefined && notes?.idle !== undefined && isShorter(notes.idle, maxAge);
    if (kept.subject === undefined ? longer && subject === undefined : kept.subject !== subject) {
      return replaceSession(home, { sid, id, delta, cookie: session.cookie, client, subject });
    }
    const change = (now: Kept): void => {
      for (const [name, text] of delta.set) now.set(fieldOf(name), JSON.parse(text) as unknown);
      for (const name of delta.unset) now.delete(fieldOf(name));
      if (changed) now.set("cookie", keptCookie(session.cookie, longer ? maxAge : notes?.idle, notes?.first, Date.now()));
    };
    if (subject !== undefined && kept.subject === undefined) return logIn(home, id, subject, change, longer ? maxAge : undefined, client);
    change(kept);
    if (longer && subject !== undefined) await kept.authenticate(subject, { methods: kept.methods, idle: maxAge });
    else await kept.commit();
    if (!changed) await prolong(kept);
    return kept;
  }

  return {
    found,
    save: (session) => line.run(() => save(session)),
    touch: (session) =>
      line.run(async () => {
        if (line.dead || known === undefined) return;
        if (shapeOf(session.cookie) !== shape) await save(session);
        else
          await prolong(known.kept).catch((error: unknown) => {
            doubtful = true;
            if (!isEnded(error)) throw error;
          });
      }),
    async destroy() {
      line.dead = true;
      await line.run(async () => {
        const { migrateFrom } = home;
        for (let n = 0; n < tries && known !== undefined; n++) {
          if (await sessions.end({ id: known.id }, "closed")) break;
          known = await successorIfAny(known);
        }
        if (migrateFrom !== undefined) await answered((answer) => migrateFrom.destroy(sid, answer));
      });
    },
  };
}

/** A Sojourn session as a request came upon it. Of one that has ended since, the object itself tells nothing. */
interface Known {
  readonly kept: Kept;
  readonly id: string;
  /** The first of those that it took the place of; itself, if of none. */
  readonly first: string;
}

function knownOf(kept: Kept | undefined): Known | undefined {
  const id = kept?.id;
  return kept === undefined || id === undefined ? undefined : { kept, id, first: cookieIn(kept)?.first ?? id };
}

/** The visit was the touch, unless the session runs out before the Sojourn session does: then that is moved, when it has a tenth to go. */
async function prolong(kept: Kept): Promise<void> {
  const due = ({ until, originalMaxAge }: KeptCookie): boolean =>
    until !== undefined && typeof originalMaxAge === "number" && Date.now() + originalMaxAge - until > originalMaxAge / 10;
  const seen = cookieIn(kept);
  if (seen === undefined || !due(seen)) return;
  await kept.update("cookie", (now) => {
    const latest = now as KeptCookie;
    return due(latest) ? { ...latest, until: Date.now() + (latest.originalMaxAge as number) } : latest;
  });
}
