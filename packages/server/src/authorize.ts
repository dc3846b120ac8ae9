import type { Operation } from "@sojourn/client/operations";
import type { Keys } from "./keys.ts";
import { Problem } from "./problem.ts";
import type { Ask } from "./routes/route.ts";

const challenge = { "WWW-Authenticate": 'Bearer realm="sojourn"' };

/** Lets requests pass that need no application key, or carry one (RFC 6750 §2.1) that may ask this. */
export function authorizer(keys: Keys): (ask: Ask, operation: Operation) => Promise<void> {
  return async (ask, { roles }) => {
    if (roles === undefined) return;
    const key = /^bearer +(\S+)$/i.exec(ask.req.header("authorization") ?? "")?.[1];
    const known = key === undefined ? undefined : await keys.check(key);
    if (known === undefined) {
      const detail = key === undefined ? "The request carries no application key." : "The application key is not one of ours, or was revoked.";
      throw new Problem(401, "invalid_key", `${detail} Send one in Authorization: Bearer; "sojournd keys new" makes one.`, { headers: challenge });
    }
    if (!roles.includes(known.role))
      throw new Problem(403, "forbidden", `The application key has the role ${known.role}; this is for ${roles.join(", ")}. Use a key of one of these.`);
    ask.set("key", known);
  };
}
