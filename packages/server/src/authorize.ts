import { isForPeople, type Operation } from "@sojourn/client/operations";
import type { Caller } from "./caller.ts";
import { consoleTenant, type ConsoleSessions } from "./console/console-sessions.ts";
import type { Keys } from "./keys.ts";
import { Problem } from "./problem.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Ask } from "./routes/route.ts";

const challenge = { "WWW-Authenticate": 'Bearer realm="sojourn"' };

/** Who may ask what. */
export interface Authorizer {
  /**
   * Lets requests pass that need no proof, or carry an application key (RFC 6750 §2.1) or the cookie of somebody at the console who may ask this.
   * @throws {Problem} 401, 403, 429
   */
  authorize(ask: Ask, operation: Operation): Promise<void>;
  /** Whether a caller of before could still ask: their key was not revoked, their session at the console is not over. */
  stillMay(caller: Caller): Promise<boolean>;
}

/**
 * @param console without it nobody comes by a cookie
 * @param addressOf where a request comes from
 */
export function authorizer(keys: Keys, console: ConsoleSessions | undefined, limits: RateLimits, addressOf: (ask: Ask) => string): Authorizer {
  async function callerOf(ask: Ask): Promise<Caller> {
    const header = ask.req.header("authorization");
    if (header === undefined) {
      const person = await console?.caller(ask);
      if (person !== undefined) {
        limits.count(person);
        return person;
      }
      throw refused("The request carries no application key.");
    }
    const key = /^bearer +(\S+)$/i.exec(header)?.[1];
    if (key === undefined) throw refused("The request carries no application key.");
    const address = addressOf(ask);
    limits.checkAddress(address, key);
    const known = await keys.check(key);
    if (known === undefined) {
      limits.wrongKey(address, key);
      throw refused("The application key is not one of ours, or was revoked.");
    }
    limits.count(known, key);
    return known;
  }

  return {
    async authorize(ask, { roles, fresh }) {
      if (roles === undefined) return;
      const caller = await callerOf(ask);
      if (!roles.includes(caller.role))
        throw new Problem(403, "forbidden", `The application key has the role ${caller.role}; this is for ${roles.join(", ")}. Use a key of one of these.`);
      if (caller.session !== undefined && !isForPeople(roles))
        throw new Problem(403, "forbidden", "This is for programs: it hands out tokens of sessions, or works by them. Ask with an application key.");
      // A session of that tenant is somebody who sits at the console, with all that they may do.
      if (caller.tenant === consoleTenant && !isForPeople(roles))
        throw new Problem(403, "forbidden", `The tenant ${consoleTenant} has the sessions of people at the console: nobody else begins or holds one of them.`);
      if (fresh === true && caller.fresh === false)
        throw new Problem(
          403,
          "reauthentication_required",
          "Prove again who you are, with POST /v1/console/session, or at the provider by /console/oidc/start?fresh=1: this needs a proof of the last five minutes.",
        );
      ask.set("caller", caller);
    },
    async stillMay(caller) {
      if (caller.session !== undefined) return (await console?.lives(caller)) === true;
      return (await keys.find(caller.id)) !== undefined;
    },
  };
}

function refused(why: string): Problem {
  return new Problem(401, "invalid_key", `${why} Send one in Authorization: Bearer; "sojournd keys new" makes one.`, { headers: challenge });
}
