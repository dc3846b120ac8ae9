import type { Keys } from "./keys.ts";
import { Problem } from "./problem.ts";
import type { Ask } from "./routes/route.ts";

const challenge = { "WWW-Authenticate": 'Bearer realm="sojourn"' };

/** Lets requests pass that carry an application key (RFC 6750 §2.1). */
export function authorizer(keys: Keys): (ask: Ask) => Promise<void> {
  return async (ask) => {
    const key = /^bearer +(\S+)$/i.exec(ask.req.header("authorization") ?? "")?.[1];
    const known = key === undefined ? undefined : await keys.check(key);
    if (known === undefined) {
      const detail = key === undefined ? "The request carries no application key." : "The application key is not one of ours, or was revoked.";
      throw new Problem(401, "invalid_key", `${detail} Send one in Authorization: Bearer; "sojournd keys new" makes one.`, { headers: challenge });
    }
    ask.set("key", known);
  };
}
