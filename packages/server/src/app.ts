import { Hono } from "hono";
import { routePath } from "hono/route";
import type { Log } from "./log.ts";
import { addOidcRoutes } from "./console/oidc-routes.ts";
import { Problem, problemOf, problemResponse } from "./problem.ts";
import { requestId } from "./request-id.ts";
import { compareCheckpoint, createCheckpoint, dropCheckpoint, listCheckpoints, restoreCheckpoint, revealCheckpoint } from "./routes/checkpoints.ts";
import { closeConsole, consoleOptions, openConsole, showConsole } from "./routes/console.ts";
import { doctor } from "./routes/doctor.ts";
import { forwardAuth } from "./routes/forward-auth.ts";
import { createKey, listKeys, revokeKey } from "./routes/keys.ts";
import { events, followNow, now } from "./routes/live.ts";
import { metrics } from "./routes/metrics.ts";
import { revealSession } from "./routes/reveal.ts";
import { revokeEverything } from "./routes/revoke-everything.ts";
import { addRoutes, type Api, type Ask, type Known } from "./routes/route.ts";
import { searchSessions } from "./routes/search.ts";
import { document, health, readiness } from "./routes/server.ts";
import { authenticate, changeSession, endSession, readSession, rotate } from "./routes/session.ts";
import { createSession, listSessions, revokeSession, revokeSubject, showSession } from "./routes/sessions.ts";
import { status } from "./routes/status.ts";
import { createWebhook, deleteWebhook, listWebhooks } from "./routes/webhooks.ts";

/** Pages that live beside the API under a path of their own. */
export interface Annex {
  /** Such as `/demo`. */
  readonly path: string;
  fetch(request: Request, peer: string | undefined): Response | Promise<Response>;
}

/** The whole of what is answered, as a function of the request. */
export function createApp(api: Api, log: Log, annexes: readonly Annex[] = []): Hono<Known> {
  const app = new Hono<Known>();

  app.use(async (ask, next) => {
    const began = performance.now();
    const id = requestId();
    ask.set("id", id);
    await next();
    const { headers, status: answered } = ask.res;
    headers.set("X-Request-Id", id);
    headers.set("X-Content-Type-Options", "nosniff");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
    log.request({ id, method: ask.req.method, route: routeOf(ask), status: answered, ms: performance.now() - began });
  });

  app.use((ask, next) => {
    checkPath(ask.req.url);
    return next();
  });
  if (api.console !== undefined) {
    app.use("/v1/*", api.console.middleware);
    addOidcRoutes(app, api.console);
  }
  addRoutes(app, routesOf(api, log), api.access.authorize, api.repeats);
  for (const annex of annexes) {
    const answer = (ask: Ask): Response | Promise<Response> => annex.fetch(ask.req.raw, ask.env.incoming.socket.remoteAddress);
    app.all(annex.path, answer);
    app.all(`${annex.path}/*`, answer);
  }
  app.notFound(() => {
    throw new Problem(404, "not_found", "There is nothing at this path. The API's paths begin with /v1; GET /v1/openapi.json describes them.");
  });
  app.onError((error, ask) => {
    const problem = problemOf(error);
    if (problem.status >= 500) log.error(`request ${ask.var.id} failed: ${problem.message}`, problem.cause ?? problem);
    return problemResponse(problem);
  });
  return app;
}

function routesOf(api: Api, log: Log): Parameters<typeof addRoutes>[1] {
  return [
    createSession(api),
    listSessions(api),
    showSession(api),
    revokeSession(api),
    readSession(api),
    changeSession(api),
    endSession(api),
    authenticate(api),
    rotate(api),
    revokeSubject(api),
    revokeEverything(api, log),
    searchSessions(api, log),
    revealSession(api, log),
    createCheckpoint(api),
    listCheckpoints(api),
    compareCheckpoint(api),
    revealCheckpoint(api, log),
    restoreCheckpoint(api),
    dropCheckpoint(api),
    forwardAuth(api, log),
    createKey(api),
    listKeys(api),
    revokeKey(api),
    events(api),
    now(api),
    followNow(api),
    status(api),
    doctor(api),
    createWebhook(api),
    listWebhooks(api),
    deleteWebhook(api),
    openConsole(api),
    showConsole(api),
    closeConsole(api),
    consoleOptions(api),
    document(api),
    health(),
    readiness(api),
    metrics(api),
  ];
}

/** @throws {Problem} 400 when a percent sign begins no encoded UTF-8: nobody can say what was meant. */
function checkPath(url: string): void {
  try {
    decodeURIComponent(url);
  } catch (error) {
    throw new Problem(400, "invalid_request", "The path or the query has a % that begins no UTF-8 text. Write a percent sign as %25.", { cause: error });
  }
}

/** The pattern and not the path, in which a subject may stand. */
function routeOf(ask: Ask): string {
  const pattern = routePath(ask, -1);
  return ask.res.status === 404 && pattern.endsWith("*") ? "(none)" : pattern;
}
