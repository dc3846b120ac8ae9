import type { Resumable } from "../../core/resumable.ts";
import type { MaybePromise } from "../../core/seam.ts";
import type { Session } from "../../core/session.ts";
import type { WebSessions } from "../door.ts";
import { fetchSessions, type FetchOptions } from "../fetch-web.ts";

/** As much of an h3 event as is needed. */
export interface H3Event {
  readonly req: Request;
  readonly app?: { readonly config: object } | undefined;
}

/** Settings of {@link h3Sessions}. */
export interface H3Options extends FetchOptions {
  /** `toResponse` of `h3`: how it makes a response of what a handler gives. */
  toResponse(value: unknown, event: H3Event, config?: object): MaybePromise<Response>;
}

/** Sessions for h3 2, wherever it runs. */
export interface H3Sessions<Data> extends WebSessions<Data> {
  /**
   * For `app.use()`, before the routes. Answers 403 when a page of another origin sent the request, and commits when the handler has answered, before the
   * answer goes on: values, streams, what was prepared on `event.res`, and what h3 or `onError` makes of an error. What used no session goes on untouched.
   */
  readonly middleware: (event: H3Event, next: () => unknown) => Promise<unknown>;
  /**
   * The session of this request; asking never creates one. What is written to it is committed before the answer leaves: before a stream begins, too.
   * @throws {SojournError} `cross_site`, `store_unavailable`: their `status` is what h3 answers with; `invalid_option` when the middleware has not seen the
   *   request; `response_started` once the handler has answered
   */
  session(event: H3Event): Promise<Session<Data>>;
}

/** @throws {SojournError} `invalid_option` */
export function h3Sessions<Data>(sessions: Resumable<Data>, options: H3Options): H3Sessions<Data> {
  const web = fetchSessions(sessions, options);
  const asked = new WeakSet<Request>();
  return {
    manager: sessions,
    carriers: options.carriers,
    async middleware(event, next) {
      const { req } = event;
      let value: unknown;
      let untouched: Response | undefined;
      const answer = await web.handle(async () => {
        try {
          value = await next();
        } catch (error) {
          if (!asked.has(req)) throw error;
          value = error;
        }
        if (!asked.has(req)) return (untouched = new Response());
        // h3 tells onResponse of what this middleware gives.
        return options.toResponse(value, event, { ...event.app?.config, onResponse: undefined });
      })(req);
      return answer === untouched ? value : answer;
    },
    session({ req }) {
      asked.add(req);
      return web.session(req);
    },
  };
}
