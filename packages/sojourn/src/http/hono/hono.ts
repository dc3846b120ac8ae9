import type { IncomingMessage, ServerResponse } from "node:http";
import { SojournError } from "../../core/errors.ts";
import type { Resumable } from "../../core/resumable.ts";
import type { Session } from "../../core/session.ts";
import { webDoor, type WebSessions } from "../door.ts";
import { fetchSessions, type FetchOptions } from "../fetch-web.ts";
import { nodeRequest } from "../node-request.ts";
import { nodeWeb } from "../node-web.ts";
import { wideDoor } from "../wide-door.ts";

/** As much of a Hono context as is needed. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  /** What the server gives. That of Node (`@hono/node-server`) gives Node's own request and response. */
  readonly env: unknown;
  /** The answer. `undefined` takes one away, so that nothing of it is merged into the next. */
  get res(): Response;
  set res(response: Response | undefined);
  /** What a handler threw, if it did. */
  error?: Error | undefined;
}

/** Sessions for Hono 4, wherever it runs. */
export interface HonoSessions<Data> extends WebSessions<Data> {
  /**
   * For `app.use()`, before the routes and before middleware that changes bodies, such as `compress()`. Answers 403 when a page of another origin sent the
   * request, and commits before the first byte of the answer leaves; what `app.onError` and `app.notFound` answer commits as well.
   * A {@link SojournError} that `app.onError` gave no other status than 500 is answered as a problem.
   */
  readonly middleware: (context: HonoContext, next: () => Promise<void>) => Promise<void>;
  /**
   * The session of this request; asking never creates one. What is written to it is committed before the answer leaves: before a stream begins, too.
   * @throws {SojournError} `cross_site`, `store_unavailable`; `invalid_option` when the middleware has not seen the request; `response_started` once the
   *   answer has begun (elsewhere than on Node: once the handler has answered)
   */
  session(context: HonoContext): Promise<Session<Data>>;
}

/** Node's own request and response. */
interface NodePair {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * On Node the answer is held where Node writes it, as for `node:http`: to look into a `Response` and to make another of it costs more there than all that
 * Hono does. Elsewhere, and where forms or pages have a part in it, the response is exchanged.
 * @throws {SojournError} `invalid_option`
 */
export function honoSessions<Data>(sessions: Resumable<Data>, options: FetchOptions): HonoSessions<Data> {
  const door = webDoor(options, nodeRequest);
  const node = nodeWeb(sessions, options);
  const web = fetchSessions(sessions, options);
  const headersOnly = wideDoor(options, nodeRequest, door) === undefined;
  // As it came: other middleware may put another request in its place.
  const requests = new WeakMap<HonoContext, Request>();

  function problemOf(error: SojournError): Response {
    const { status, headers, body } = door.problem(error);
    return new Response(body, { status, headers });
  }

  function onNode(context: HonoContext, next: () => Promise<void>, { incoming }: NodePair): Promise<void> {
    const refusal = door.refusal(incoming);
    if (refusal !== undefined) return Promise.resolve(replace(context, problemOf(refusal)));
    return next().then(() => {
      const { error } = context;
      if (error instanceof SojournError && context.res.status === 500) replace(context, problemOf(error));
    });
  }

  async function elsewhere(context: HonoContext, next: () => Promise<void>): Promise<void> {
    const { raw } = context.req;
    requests.set(context, raw);
    let given: Response | undefined;
    const answer = await web.handle(async () => {
      await next();
      given = context.res;
      const { error } = context;
      if (error instanceof SojournError && given.status === 500) throw error;
      return given;
    })(raw);
    if (answer !== given) replace(context, answer);
  }

  return {
    manager: sessions,
    carriers: options.carriers,
    middleware(context, next) {
      const pair = headersOnly ? pairOf(context) : undefined;
      return pair === undefined ? elsewhere(context, next) : onNode(context, next, pair);
    },
    session(context) {
      const pair = headersOnly ? pairOf(context) : undefined;
      return pair === undefined ? web.session(requests.get(context) ?? context.req.raw) : node.session(pair.incoming, pair.outgoing);
    },
  };
}

function pairOf({ env }: HonoContext): NodePair | undefined {
  const { incoming, outgoing } = (env ?? {}) as Partial<NodePair>;
  return incoming !== undefined && typeof outgoing?.writeHead === "function" ? { incoming, outgoing } : undefined;
}

/** What was there before would be merged into what is set. */
function replace(context: HonoContext, answer: Response): void {
  context.res = undefined;
  context.res = answer;
}
