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
  forwardAuth: "GET /v1/forward-auth",
  createKey: "POST /v1/keys",
  listKeys: "GET /v1/keys",
  revokeKey: "DELETE /v1/keys/{id}",
  openApi: "GET /v1/openapi.json",
  health: "GET /healthz",
  readiness: "GET /readyz",
} as const;

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
