import { Problem } from "../problem.ts";
import { infoView, sessionView } from "../views.ts";
import { ofTenant, type Api, type Route, route } from "./route.ts";

/** Begins a session. Its token is in this answer and nowhere else. */
export function createSession(api: Api): Route {
  return route("createSession", async (ask, { body: { kind, subject, data, idle, absolute } }) =>
    sessionView(
      await ofTenant(api, ask).create({
        ...(kind === undefined ? undefined : { kind }),
        ...(subject === undefined ? undefined : { subject }),
        ...(data === undefined ? undefined : { data }),
        ...(idle === undefined ? undefined : { idle }),
        ...(absolute === undefined ? undefined : { absolute }),
      }),
    ),
  );
}

/** A subject's live sessions, or all of a kind, ended ones too, a page at a time. */
export function listSessions(api: Api): Route {
  return route("listSessions", async (ask, { query: { subject, kind, ...page } }) => {
    if (subject === undefined && kind === undefined)
      throw new Problem(400, "invalid_request", "Say whose sessions, with subject=, or of which kind, with kind=.", { field: "subject" });
    const { sessions, next } = await ofTenant(api, ask).page(subject === undefined ? { kind: kind ?? "" } : { subject }, page);
    return { sessions: sessions.filter((info) => kind === undefined || info.kind === kind).map(infoView), ...(next === undefined ? undefined : { next }) };
  });
}

/** What is known of a session, ended ones too while they are kept. */
export function showSession(api: Api): Route {
  return route("showSession", async (ask, { parameters }) => {
    const info = await ofTenant(api, ask).info(parameters);
    if (info === undefined) throw missing();
    return infoView(info);
  });
}

/** Ends it for its holder. One that has ended already is as good as missing. */
export function revokeSession(api: Api): Route {
  return route("revokeSession", async (ask, { parameters }) => {
    if (!(await ofTenant(api, ask).end(parameters, "revoked", ask.var.caller.name))) throw missing();
    return undefined;
  });
}

/** Ends all of a subject's; a log-in that races with it is ended too. */
export function revokeSubject(api: Api): Route {
  return route("revokeSubject", async (ask, { parameters }) => ({ ended: await ofTenant(api, ask).endAll(parameters, "revoked", ask.var.caller.name) }));
}

function missing(): Problem {
  return new Problem(404, "session_missing", "There is no such session. Ids are what POST and GET /v1/sessions give.");
}
