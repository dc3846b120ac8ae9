/** What every web adapter takes: how tokens travel, which proxies and origins to believe. */
export { bearer, cookie, formerCookie, header } from "./carriers.ts";
export type { BearerOptions, Carrier, CookieOptions, FormerCookieOptions, HeaderCarrier, HeaderOptions } from "./carriers.ts";
export type { ClearedData } from "./clear-site-data.ts";
export { readCookie, writeCookie } from "./cookie.ts";
export { checkCsrf, csrfToken } from "./csrf.ts";
export type { CsrfOptions } from "./csrf.ts";
export type { WebOptions, WebSessions } from "./door.ts";
export { isCrossOrigin, isSafe, isUnstated } from "./origin.ts";
export type { Provenance } from "./origin.ts";
export { rewriter } from "./page-rewriter.ts";
export type { HtmlRewriter, HtmlStream, PageStream, PageToken } from "./page-rewriter.ts";
export { formField, urlParameter } from "./parameters.ts";
export type { FormFieldOptions, ParameterCarrier, UrlParameterOptions } from "./parameters.ts";
export { withRoute } from "./route.ts";
export { trustedProxies } from "./trusted-proxies.ts";
export type { Forwarding, TrustedProxies } from "./trusted-proxies.ts";
