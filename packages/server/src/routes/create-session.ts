import { z } from "zod";
import { readJson } from "../body.ts";
import { anObject, duration, fields, kind, subject } from "../schemas.ts";
import { validated } from "../validate.ts";
import { sessionView } from "../views.ts";
import { json, type Api, type Route } from "./route.ts";

const body = z.strictObject(
  { kind: kind.optional(), subject: subject.optional(), data: fields.optional(), idle: duration.optional(), absolute: duration.optional() },
  anObject,
);

/** `POST /v1/sessions`: begins a session. Its token is in this answer and nowhere else. */
export function createSession({ sessions }: Api): Route {
  return {
    method: "POST",
    path: "/v1/sessions",
    async answer(ask) {
      const { kind: sort, subject: whose, data, idle, absolute } = validated(body, await readJson(ask.req.raw), "field");
      const session = await sessions.create({
        ...(sort === undefined ? undefined : { kind: sort }),
        ...(whose === undefined ? undefined : { subject: whose }),
        ...(data === undefined ? undefined : { data }),
        ...(idle === undefined ? undefined : { idle }),
        ...(absolute === undefined ? undefined : { absolute }),
      });
      return json(sessionView(session), 201, { Location: `/v1/sessions/${session.id}` });
    },
  };
}
