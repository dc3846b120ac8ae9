import { z } from "zod";
import { readJson } from "../body.ts";
import { Problem } from "../problem.ts";
import { anObject, fields, texts } from "../schemas.ts";
import { validated } from "../validate.ts";
import { ownSession, settled } from "./own-session.ts";
import { nothing, type Api, type Route } from "./route.ts";

const path = "/v1/session";

/** `GET /v1/session`: the session of the token, with its data. */
export function readSession({ sessions }: Api): Route {
  return {
    method: "GET",
    path,
    answer: async (ask) => settled(sessions, await ownSession(sessions, ask)),
  };
}

const change = z.strictObject(
  {
    set: fields.optional(),
    unset: texts.optional(),
    ifVersion: z.int("a version: a whole number from 1").min(1, "a version: a whole number from 1").optional(),
  },
  anObject,
);

/** `PATCH /v1/session`: sets and takes away fields, the others are not touched. With `ifVersion` only if the session is still at that version. */
export function changeSession({ sessions }: Api): Route {
  return {
    method: "PATCH",
    path,
    async answer(ask) {
      const { set = {}, unset = [], ifVersion } = validated(change, await readJson(ask.req.raw), "field");
      const both = unset.find((name) => Object.hasOwn(set, name));
      if (both !== undefined) throw new Problem(400, "invalid_request", `${both} is in set and in unset. Leave it in one of them.`, { field: `unset.${both}` });
      const session = await ownSession(sessions, ask);
      for (const [name, value] of Object.entries(set)) session.set(name, value);
      for (const name of unset) session.delete(name);
      await session.commit(ifVersion === undefined ? {} : { ifVersion });
      return settled(sessions, session);
    },
  };
}

/** `DELETE /v1/session`: ends it, for good. */
export function endSession({ sessions }: Api): Route {
  return {
    method: "DELETE",
    path,
    async answer(ask) {
      const session = await ownSession(sessions, ask);
      await session.end("closed");
      return nothing();
    },
  };
}
