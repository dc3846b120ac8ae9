import type { IncomingMessage, ServerResponse } from "node:http";
import { SojournError } from "../../core/errors.ts";
import type { Resumable } from "../../core/resumable.ts";
import type { Session } from "../../core/session.ts";
import type { WebOptions, WebSessions } from "../door.ts";
import { nodeWeb } from "../node-web.ts";

/** As much of an Express request as is needed. Express links it to its response. */
export interface ExpressRequest extends IncomingMessage {
  res?: ServerResponse | undefined;
}

/** Sessions for Express 5 (and 4). */
export interface ExpressSessions<Data> extends WebSessions<Data> {
  /** For `app.use()`, before the routes: answers 403 when a page of another origin sent the request. */
  readonly middleware: (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void;
  /**
   * The session of this request; asking never creates one. What is written to it is committed before the first byte of the response leaves.
   * @throws {SojournError} `cross_site`, `store_unavailable`: their `status` is what Express answers with
   */
  session(request: ExpressRequest): Promise<Session<Data>>;
}

/** @throws {SojournError} `invalid_option` */
export function expressSessions<Data>(sessions: Resumable<Data>, options: WebOptions): ExpressSessions<Data> {
  const web = nodeWeb(sessions, options);
  return {
    manager: sessions,
    carriers: options.carriers,
    middleware(request, response, next) {
      if (web.admits(request, response)) next();
    },
    session(request) {
      const { res } = request;
      if (res !== undefined) return web.session(request, res);
      return Promise.reject(
        new SojournError("invalid_option", "web.session(req): this request has no res, so it is not from Express. Use nodeSessions() for node:http."),
      );
    },
  };
}
