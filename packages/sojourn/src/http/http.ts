/** What every web adapter takes: how tokens travel, which proxies and origins to believe. */
export { bearer, cookie } from "./carriers.ts";
export type { BearerOptions, Carrier, CookieOptions } from "./carriers.ts";
export { readCookie, writeCookie } from "./cookie.ts";
export type { WebOptions, WebSessions } from "./door.ts";
export { isCrossOrigin, isSafe, isUnstated } from "./origin.ts";
export type { Provenance } from "./origin.ts";
export { trustedProxies } from "./trusted-proxies.ts";
export type { Forwarding, TrustedProxies } from "./trusted-proxies.ts";
