import type { Resumable } from "../../core/resumable.ts";
import type { Session } from "../../core/session.ts";
import type { WebSessions } from "../door.ts";
import { fetchSessions, type FetchHandler, type FetchOptions } from "../fetch-web.ts";
import { nextActions, type ActionOptions, type NextActions } from "./actions.ts";
import { isNextSignal, thrownAnswer, type ThrownAnswer } from "./thrown-answer.ts";

export { keptOnReload } from "./kept-on-reload.ts";
export type { ReadonlySession } from "./readonly-session.ts";

/** Settings of {@link nextSessions}. */
export interface NextOptions extends FetchOptions, ActionOptions {}

/** Sessions for Next.js 15 and 16, App Router. */
export interface NextSessions<Data> extends WebSessions<Data>, NextActions<Data> {
  /**
   * A route handler with sessions around it: refuses requests sent by pages of other origins, and commits when the handler has answered, before the answer
   * goes on; also when it answers by `redirect()`, `notFound()` and the like. Those become the response that Next.js would make of them, with the cookie:
   * Next.js itself gives a thrown `notFound()` none. Other errors go on to Next.js unless the session was changed; then the answer is a problem.
   */
  route<Rest extends readonly unknown[]>(handler: FetchHandler<Rest>): (request: Request, ...rest: Rest) => Promise<Response>;
  /**
   * The session of a request that `route` handles; asking never creates one.
   * @throws {SojournError} `cross_site`, `store_unavailable`; `invalid_option` outside `route`; `response_started` once the handler has answered
   */
  session(request: Request): Promise<Session<Data>>;
}

/** @throws {SojournError} `invalid_option` */
export function nextSessions<Data>(sessions: Resumable<Data>, options: NextOptions): NextSessions<Data> {
  const web = fetchSessions(sessions, options);
  const asked = new WeakSet<Request>();
  return {
    manager: sessions,
    carriers: options.carriers,
    session(request) {
      asked.add(request);
      return web.session(request);
    },
    route(handler) {
      return async (request, ...rest) => {
        let signal: { readonly error: unknown } | undefined;
        const answer = await web.handle(async () => {
          try {
            return await handler(request, ...rest);
          } catch (error) {
            if (!isNextSignal(error)) throw error;
            const thrown = asked.has(request) ? thrownAnswer(error) : undefined;
            if (thrown === undefined) signal = { error };
            return responseFor(thrown);
          }
        })(request);
        if (signal !== undefined) throw signal.error;
        return answer;
      };
    },
    ...nextActions(sessions, options),
  };
}

function responseFor(thrown: ThrownAnswer | undefined): Response {
  const { status = 204, location } = thrown ?? {};
  return new Response(null, { status, ...(location !== undefined && { headers: { Location: location } }) });
}
