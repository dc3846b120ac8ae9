/** Method and path of every operation, `{name}` being a part that the caller gives: all that a client has to know when it runs. */
export const paths = {
  createSession: "POST /v1/sessions",
  listSessions: "GET /v1/sessions",
  showSession: "GET /v1/sessions/{id}",
  revokeSession: "DELETE /v1/sessions/{id}",
  readSession: "GET /v1/session",
  changeSession: "PATCH /v1/session",
  endSession: "DELETE /v1/session",
  authenticate: "POST /v1/session/authenticate",
  rotate: "POST /v1/session/rotate",
  revokeSubject: "DELETE /v1/subjects/{subject}/sessions",
  revokeEverything: "POST /v1/revocations",
  searchSessions: "GET /v1/search",
  revealSession: "GET /v1/sessions/{id}/data",
  createCheckpoint: "POST /v1/sessions/{id}/checkpoints",
  listCheckpoints: "GET /v1/sessions/{id}/checkpoints",
  compareCheckpoint: "GET /v1/sessions/{id}/checkpoints/{name}",
  revealCheckpoint: "GET /v1/sessions/{id}/checkpoints/{name}/data",
  restoreCheckpoint: "POST /v1/sessions/{id}/checkpoints/{name}/restore",
  dropCheckpoint: "DELETE /v1/sessions/{id}/checkpoints/{name}",
  forwardAuth: "GET /v1/forward-auth",
  createKey: "POST /v1/keys",
  listKeys: "GET /v1/keys",
  revokeKey: "DELETE /v1/keys/{id}",
  events: "GET /v1/events",
  now: "GET /v1/now",
  followNow: "GET /v1/now/stream",
  status: "GET /v1/status",
  doctor: "GET /v1/doctor",
  createWebhook: "POST /v1/webhooks",
  listWebhooks: "GET /v1/webhooks",
  deleteWebhook: "DELETE /v1/webhooks/{id}",
  openConsole: "POST /v1/console/session",
  showConsole: "GET /v1/console/session",
  closeConsole: "DELETE /v1/console/session",
  consoleOptions: "GET /v1/console/options",
  openApi: "GET /v1/openapi.json",
  health: "GET /healthz",
  readiness: "GET /readyz",
  metrics: "GET /metrics",
} as const;

/** Those that are answered with a stream of events, of which some have no end. */
export const streaming: ReadonlySet<string> = new Set<keyof typeof paths>(["searchSessions", "revokeEverything", "events", "followNow"]);

/** What can be asked, by name. */
export type OperationName = keyof typeof paths;

/** A method and a path with its `{name}`s. */
export interface Path {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
}

/** Where an operation is. */
export function pathOf(name: OperationName): Path {
  const [method, path] = paths[name].split(" ") as [Path["method"], string];
  return { method, path };
}
