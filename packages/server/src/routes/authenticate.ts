import { z } from "zod";
import { readJson } from "../body.ts";
import { anObject, subject, texts } from "../schemas.ts";
import { validated } from "../validate.ts";
import { ownSession, settled } from "./own-session.ts";
import type { Api, Route } from "./route.ts";

const body = z.strictObject({ subject, methods: texts.optional(), keep: texts.optional() }, anObject);

/** `POST /v1/session/authenticate`: the application has checked who it is; this records it. The answer has the new token, the old one is void. */
export function authenticate({ sessions }: Api): Route {
  return {
    method: "POST",
    path: "/v1/session/authenticate",
    async answer(ask) {
      const { subject: whose, methods = [], keep = [] } = validated(body, await readJson(ask.req.raw), "field");
      const session = await ownSession(sessions, ask);
      await session.authenticate(whose, { methods, keep });
      return settled(sessions, session);
    },
  };
}
