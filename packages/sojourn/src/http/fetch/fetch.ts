/** Sessions for what speaks `Request` and `Response`. What adapters of frameworks share with it stands beside this folder. */
export { fetchSessions } from "../fetch-web.ts";
export type { FetchHandler, FetchOptions, FetchSessions } from "../fetch-web.ts";
