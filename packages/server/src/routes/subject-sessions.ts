import { subject } from "../schemas.ts";
import { validated } from "../validate.ts";
import { json, type Api, type Route } from "./route.ts";

/** `DELETE /v1/subjects/{subject}/sessions`: ends all of them; a log-in that races with it is ended too. */
export function revokeSubject({ sessions }: Api): Route {
  return {
    method: "DELETE",
    path: "/v1/subjects/:subject/sessions",
    async answer(ask) {
      // From the path as it was sent: a router's own decoding leaves it open what %2F and %25 were.
      const sent = new URL(ask.req.url).pathname.split("/")[3] ?? "";
      const whose = validated(subject, decodeURIComponent(sent), "parameter");
      return json({ ended: await sessions.endAll({ subject: whose }, "revoked", ask.var.key.name) });
    },
  };
}
