import { z } from "zod";
import { readJson } from "../body.ts";
import { Problem } from "../problem.ts";
import { anObject } from "../schemas.ts";
import { validated } from "../validate.ts";
import { ownSession, settled } from "./own-session.ts";
import type { Api, Route } from "./route.ts";

const body = z.strictObject({}, anObject);

/** `POST /v1/session/rotate`: a new token. The old one stays good until the new one has been seen, and 30 seconds longer. */
export function rotate({ sessions }: Api): Route {
  return {
    method: "POST",
    path: "/v1/session/rotate",
    async answer(ask) {
      validated(body, await readJson(ask.req.raw), "field");
      const session = await ownSession(sessions, ask);
      await session.rotate();
      if (session.token === undefined)
        throw new Problem(409, "stale", "Another request changed the session at this moment. Use the token that it was given, or ask again.");
      return settled(sessions, session);
    },
  };
}
