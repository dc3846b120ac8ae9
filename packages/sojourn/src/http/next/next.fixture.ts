import { AsyncLocalStorage } from "node:async_hooks";
import type { HttpHarness } from "../../testing/http-contract-harness.ts";
import { at, optionsOf, responseOf, routeFor, servingFetch } from "../harness.fixture.ts";
import type { CookieJar, JarAttributes } from "./cookie-jar.ts";
import { nextSessions } from "./next.ts";

/** What Next.js keeps for a request. */
export interface NextRequestStore {
  readonly headers: Headers;
  /** What was set, as Set-Cookie values. */
  readonly set: string[];
}

/** `headers` and `cookies` of `next/headers`, and a way to be in a request. */
export interface NextWorld {
  headers(): Promise<Headers>;
  cookies(): Promise<CookieJar>;
  within<T>(store: NextRequestStore, act: () => Promise<T>): Promise<T>;
}

/** Requests as Next.js has them: found by those who are called without one. */
export function nextWorld(): NextWorld {
  const stores = new AsyncLocalStorage<NextRequestStore>();
  const current = (): NextRequestStore => {
    const store = stores.getStore();
    if (store === undefined) throw new Error("`headers` was called outside a request scope.");
    return store;
  };
  return {
    headers: async () => current().headers,
    cookies: async () => ({ set: (name, value, attributes) => void current().set.push(written(name, value, attributes)) }),
    within: (store, act) => stores.run(store, act),
  };
}

/** As Next.js writes what was set in its jar. */
function written(name: string, value: string, { path = "/", domain, maxAge, secure, httpOnly, sameSite, partitioned }: JarAttributes): string {
  return [
    `${name}=${encodeURIComponent(value)}`,
    `Path=${path}`,
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    ...(secure === true ? ["Secure"] : []),
    ...(httpOnly === true ? ["HttpOnly"] : []),
    ...(sameSite === undefined ? [] : [`SameSite=${sameSite}`]),
    ...(partitioned === true ? ["Partitioned"] : []),
  ].join("; ");
}

/** What `redirect()` throws. */
export function redirectError(url: string, status = 307): Error {
  return Object.assign(new Error("NEXT_REDIRECT"), { digest: `NEXT_REDIRECT;replace;${url};${status};` });
}

/** What `notFound()`, `forbidden()` and `unauthorized()` throw. */
export function fallbackError(status: number): Error {
  return Object.assign(new Error(`NEXT_HTTP_ERROR_FALLBACK;${status}`), { digest: `NEXT_HTTP_ERROR_FALLBACK;${status}` });
}

/** {@link nextSessions} in route handlers under the contract. Redirects without headers of their own are thrown. */
export const nextHarness: HttpHarness = {
  start(site) {
    const world = nextWorld();
    const webs = site.doors.map((door) => nextSessions(door.sessions, { ...optionsOf(door), headers: world.headers, cookies: world.cookies }));
    const handler = async (request: Request): Promise<Response> => {
      const route = routeFor(site, request.method, new URL(request.url).pathname);
      const reply = (await route?.((door) => at(webs, door).session(request))) ?? { status: 404 };
      if (reply.redirect !== undefined && reply.headers === undefined) throw redirectError(reply.redirect);
      return responseOf(reply);
    };
    const answer = webs.reduce((inner, web) => web.route(inner), handler);
    return servingFetch((request) => world.within({ headers: request.headers, set: [] }, () => answer(request)));
  },
};
