import type { IncomingMessage, ServerResponse } from "node:http";
import type { Resumable } from "../../core/resumable.ts";
import type { Session } from "../../core/session.ts";
import type { WebOptions, WebSessions } from "../door.ts";
import { nodeWeb } from "../node-web.ts";

/** As much of a Koa context as is needed. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Koa's own request; a parser puts what it made of the body there. */
  readonly request?: object & { readonly body?: unknown };
  /** Whether Koa makes the answer. */
  respond?: boolean | undefined;
}

/** Sessions for Koa 3 (and 2). */
export interface KoaSessions<Data> extends WebSessions<Data> {
  /** For `app.use()`, before the routes: answers 403 when a page of another origin sent the request. */
  readonly middleware: (context: KoaContext, next: () => Promise<unknown>) => Promise<unknown>;
  /**
   * The session of this request; asking never creates one. What is written to it is committed before the first byte of the answer leaves: `ctx.body`,
   * a redirect, what `ctx.throw` and `app.on("error")` make of an error, and what a handler writes itself after `ctx.respond = false`.
   * @throws {SojournError} `cross_site`, `store_unavailable`: their `status` is what Koa answers with
   */
  session(context: KoaContext): Promise<Session<Data>>;
}

/** @throws {SojournError} `invalid_option` */
export function koaSessions<Data>(sessions: Resumable<Data>, options: WebOptions): KoaSessions<Data> {
  const web = nodeWeb(sessions, options);
  return {
    manager: sessions,
    carriers: options.carriers,
    middleware(context, next) {
      if (web.admits(context.req, context.res)) return next();
      context.respond = false;
      return Promise.resolve();
    },
    session: (context) => web.session(context.req, context.res, () => context.request?.body),
  };
}
