import { Problem } from "../problem.ts";
import { infoView } from "../views.ts";
import { json, nothing, type Api, type Route } from "./route.ts";

const path = "/v1/sessions/:id";

/** `GET /v1/sessions/{id}`: what is known of a session, ended ones too while they are kept. */
export function showSession({ sessions }: Api): Route {
  return {
    method: "GET",
    path,
    async answer(ask) {
      const info = await sessions.info({ id: ask.req.param("id") ?? "" });
      if (info === undefined) throw missing();
      return json(infoView(info));
    },
  };
}

/** `DELETE /v1/sessions/{id}`: ends it for its holder. One that has ended already is as good as missing. */
export function revokeSession({ sessions }: Api): Route {
  return {
    method: "DELETE",
    path,
    async answer(ask) {
      if (!(await sessions.end({ id: ask.req.param("id") ?? "" }, "revoked", ask.var.key.name))) throw missing();
      return nothing();
    },
  };
}

function missing(): Problem {
  return new Problem(404, "session_missing", "There is no such session. Ids are what POST and GET /v1/sessions give.");
}
