import type { IncomingMessage, ServerResponse } from "node:http";
import { SojournError } from "../../core/errors.ts";
import type { Resumable } from "../../core/resumable.ts";
import type { Session } from "../../core/session.ts";
import type { WebOptions, WebSessions } from "../door.ts";
import { nodeWeb } from "../node-web.ts";

/** As much of a Fastify request as is needed. */
export interface FastifyRequest {
  readonly raw: IncomingMessage;
  /** What a parser made of the body. */
  readonly body?: unknown;
}

/**
 * Where the response of a request is found: a request of Fastify knows its reply as little as one of Node knows its response. A private symbol on Node's own
 * request, for a WeakMap with a key for each request doubles what a bare request costs, most of it in the garbage collector.
 */
const place = Symbol("sojourn");
type Answered = IncomingMessage & { [place]?: ServerResponse };

/** As much of a Fastify reply as is needed. */
export interface FastifyReply {
  readonly raw: ServerResponse;
}

/** As much of a Fastify application as is needed. */
export interface FastifyApp {
  addHook(name: "onRequest", hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void): unknown;
}

/** Sessions for Fastify 5. */
export interface FastifySessions<Data> extends WebSessions<Data> {
  /**
   * For `app.register()`, before the routes. Acts on the whole application, not only on what is registered inside: answers 403 when a page of another
   * origin sent the request. Nothing is put on requests, replies or the application.
   */
  readonly plugin: (app: FastifyApp, options: object, done: (error?: Error) => void) => void;
  /**
   * The session of this request; asking never creates one. What is written to it is committed before the first byte of the answer leaves, however it is
   * sent (`reply.send`, a returned value, a stream, an error handler, `reply.hijack()`).
   * @throws {SojournError} `cross_site`, `store_unavailable`: their `status` is what Fastify answers with; `invalid_option` when the plugin is not registered
   */
  session(request: FastifyRequest): Promise<Session<Data>>;
}

/** @throws {SojournError} `invalid_option` */
export function fastifySessions<Data>(sessions: Resumable<Data>, options: WebOptions): FastifySessions<Data> {
  const web = nodeWeb(sessions, options);
  const plugin: FastifySessions<Data>["plugin"] = (app, _options, done) => {
    app.addHook("onRequest", (request, reply, next) => {
      if (!web.admits(request.raw, reply.raw)) return;
      (request.raw as Answered)[place] = reply.raw;
      next();
    });
    done();
  };

  return {
    manager: sessions,
    carriers: options.carriers,
    plugin: Object.assign(plugin, {
      // Without this a hook would act on the plugin's own scope only (Fastify, "Plugins", "Handle the scope").
      [Symbol.for("skip-override")]: true,
      [Symbol.for("fastify.display-name")]: "sojourn",
      [Symbol.for("plugin-meta")]: { name: "sojourn", fastify: "5.x" },
    }),
    session(request) {
      const response = (request.raw as Answered)[place];
      if (response !== undefined) return web.session(request.raw, response, () => request.body);
      return Promise.reject(
        new SojournError(
          "invalid_option",
          "web.session(request) was called for a request that the plugin has not seen. Register it first: app.register(web.plugin).",
        ),
      );
    },
  };
}
