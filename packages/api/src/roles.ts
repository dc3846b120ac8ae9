/**
 * What an application key may do.
 * - `app`: sessions of its tenant, by their tokens and from outside. What an application's own back end has.
 * - `gateway`: nothing but to ask whether a request has a session (`/v1/forward-auth`). What a proxy has.
 * - `operator`: see, search and end sessions; no token works in its hands.
 * - `auditor`: see, and change nothing.
 * - `admin`: all of it, and make and revoke keys.
 */
export const roles = ["app", "gateway", "operator", "auditor", "admin"] as const;

/** One of {@link roles}. */
export type Role = (typeof roles)[number];

/** Who may hold and use tokens. */
export const holders = ["app", "admin"] as const satisfies readonly Role[];
/** Who may see sessions from outside. */
export const seers = ["app", "operator", "auditor", "admin"] as const satisfies readonly Role[];
/** Who may end sessions, and change them from outside. */
export const rulers = ["app", "operator", "admin"] as const satisfies readonly Role[];
/** Who may ask for a visitor of theirs. */
export const proxies = ["app", "gateway", "admin"] as const satisfies readonly Role[];
/** Who may look at the server. */
export const watchers = ["operator", "auditor", "admin"] as const satisfies readonly Role[];
/** Who may end everything, and see what sessions hold. */
export const operators = ["operator", "admin"] as const satisfies readonly Role[];
/** Who may make and revoke keys. */
export const admins = ["admin"] as const satisfies readonly Role[];

/** Whether somebody at the console may ask it too. What hands out tokens, or works by them, is for programs alone. */
export function isForPeople(may: readonly Role[]): boolean {
  return !may.includes("app") || may.includes("operator");
}
