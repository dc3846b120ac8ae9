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
