import type { IncomingMessage, ServerResponse } from "node:http";
import type { Resumable } from "../../core/resumable.ts";
import type { Session } from "../../core/session.ts";
import type { WebOptions, WebSessions } from "../door.ts";
import { nodeWeb } from "../node-web.ts";

/** Sessions for `node:http` (and `node:https`, and the compatibility API of `node:http2`). */
export interface NodeSessions<Data> extends WebSessions<Data> {
  /**
   * To be called first. Gives `true`, and calls `next` if there is one, when the request may go on; answers 403 and gives `false` when a page of
   * another origin sent it.
   */
  middleware(request: IncomingMessage, response: ServerResponse, next?: () => void): boolean;
  /**
   * The session of this request; asking never creates one. What is written to it is committed before the first byte of the response leaves.
   * Takes the response too: Node has no way from a request to its response.
   * @throws {SojournError} `cross_site`, `store_unavailable`
   */
  session(request: IncomingMessage, response: ServerResponse): Promise<Session<Data>>;
}

/** @throws {SojournError} `invalid_option` */
export function nodeSessions<Data>(sessions: Resumable<Data>, options: WebOptions): NodeSessions<Data> {
  const web = nodeWeb(sessions, options);
  return {
    manager: sessions,
    carriers: options.carriers,
    middleware(request, response, next) {
      if (!web.admits(request, response)) return false;
      next?.();
      return true;
    },
    session: web.session,
  };
}
