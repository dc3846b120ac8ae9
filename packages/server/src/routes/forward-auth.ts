import { SojournError, type Session } from "sojourn";
import { cookie, trustedProxies } from "sojourn/http";
import { fetchSessions } from "sojourn/http/fetch";
import type { Log } from "../log.ts";
import { Problem, problemResponse, sessionChallenge } from "../problem.ts";
import type { Fields } from "../views.ts";
import { type Api, type Route, route } from "./route.ts";

type Handler = (request: Request, peer: string | undefined) => Promise<Response>;

/** Names of cookies come with requests: no more of them are remembered than this. */
const mostDoors = 64;

/** Tells a proxy whether a request of its visitor has the session of somebody who is logged in, and whose. */
export function forwardAuth({ visitors }: Api, log: Log): Route {
  const doors = new Map<string, Handler>();

  function doorOf(tenant: string, name: string | undefined): Handler {
    const key = `${tenant} ${name ?? ""}`;
    const known = doors.get(key);
    if (known !== undefined) return known;
    const peers = new WeakMap<Request, string>();
    const web = fetchSessions(visitors(tenant), {
      carriers: [cookie(name === undefined ? {} : { name })],
      // Who has a key is believed about whose request it is.
      client: trustedProxies(1),
      peer: (request) => peers.get(request),
      onFailure: (error) => {
        if (!(error instanceof SojournError) || error.status >= 500) log.error("forward-auth: a request failed", error);
      },
    });
    const handle = web.handle(async (request) => identified(await web.session(request)));
    if (doors.size >= mostDoors) doors.clear();
    const door: Handler = (request, peer) => {
      if (peer !== undefined) peers.set(request, peer);
      return handle(request);
    };
    doors.set(key, door);
    return door;
  }

  return route("forwardAuth", (ask, { query }) => doorOf(ask.var.caller.tenant, query.cookie)(ask.req.raw, ask.env.incoming.socket.remoteAddress));
}

const nobody = new Problem(401, "session_missing", "The request has no session of somebody who is logged in. Send its visitor to the log-in.", {
  headers: sessionChallenge,
});

function identified({ id, subject, authenticatedAt, methods }: Session<Fields>): Response {
  if (subject === undefined) return problemResponse(nobody);
  return new Response(null, {
    headers: {
      "Sojourn-Subject": subject.replaceAll(/[^\x21-\x24\x26-\x7e]/gu, escaped),
      "Sojourn-Session-Id": id ?? "",
      "Sojourn-Authenticated-At": String(authenticatedAt ?? ""),
      "Sojourn-Methods": methods.map((method) => encodeURIComponent(method)).join(","),
    },
  });
}

/** In UTF-8, also what `encodeURIComponent` leaves alone, and half of a pair of surrogates, which is no character. */
function escaped(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
