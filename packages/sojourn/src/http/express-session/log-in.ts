import { SojournError } from "../../core/errors.ts";
import type { Client } from "../../core/resumable.ts";
import type { Home } from "./sojourn-home.ts";
import { endedMeanwhile, type Kept } from "./kept-session.ts";

const tries = 20;
const overtaken: unique symbol = Symbol("overtaken");

/**
 * Gives an anonymous session its subject and keeps all that is in it, also what others write at that moment. A log-in keeps the fields that it names and
 * is tried again by itself when somebody else wrote first, at a version whose new fields it does not name: so it is stopped before it does, and tried
 * again here, by names that are read anew.
 *
 * @param change puts what is to be written into the session as it is then
 * @throws {SojournError} `session_ended`, also when another request gave it a subject first; `limit_reached`, `stale` …
 */
export async function logIn(home: Home, id: string, subject: string, change: (now: Kept) => void, idle: number | undefined, client?: Client): Promise<Kept> {
  for (let n = 0; n < tries; n++) {
    // Each try of the log-in asks once who the client is.
    let asked = 0;
    let trying = true;
    const ask = (): Client => {
      asked += 1;
      if (trying && asked > 1) throw overtaken as unknown as Error;
      return client ?? {};
    };
    const now = await home.sessions.reach({ id }, { touch: false, client: ask as unknown as Client });
    if (now === undefined || now.subject !== undefined) throw endedMeanwhile();
    change(now);
    try {
      await now.authenticate(subject, { keep: Object.keys(now.data), ...(idle === undefined ? undefined : { idle }) });
      return now;
    } catch (error) {
      if (error !== overtaken) throw error;
    } finally {
      trying = false;
    }
  }
  throw new SojournError("stale", `The session was changed by others ${tries} times in a row while its user logged in; nothing was written. Try again.`);
}
