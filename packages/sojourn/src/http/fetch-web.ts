import { SojournError } from "../core/errors.ts";
import type { Resumable } from "../core/resumable.ts";
import type { MaybePromise } from "../core/seam.ts";
import type { Session } from "../core/session.ts";
import { isTargeted, privately, tokenAnswer, varying } from "./caching.ts";
import { linesOf, type SetCookies } from "./cookie.ts";
import { copiedResponse } from "./copied-response.ts";
import { webDoor, type Door, type Knock, type RequestReader, type WebOptions, type WebSessions } from "./door.ts";
import { formOf } from "./fetch-form.ts";
import { changed } from "./fetch-page.ts";
import { staysWithProblem, type Problem } from "./problem.ts";
import { wideDoor, type WideDoor, type WideKnock } from "./wide-door.ts";

/** Settings of {@link fetchSessions}. */
export interface FetchOptions extends WebOptions {
  /** The address at the other end of the connection, which a Fetch request does not carry. Default: unknown; `client` then goes by X-Forwarded-For alone. */
  readonly peer?: (request: Request) => string | undefined;
}

/** A handler of Fetch requests; what else the platform passes comes after the request. */
export type FetchHandler<Rest extends readonly unknown[]> = (request: Request, ...rest: Rest) => MaybePromise<Response>;

/** Sessions for what speaks `Request` and `Response`: Workers, Deno, Bun, Hono, and servers of that kind on Node. */
export interface FetchSessions<Data> extends WebSessions<Data> {
  /**
   * The session of this request; asking never creates one. To be asked while `handle` handles this very request object.
   * @throws {SojournError} `cross_site`, `store_unavailable`; `invalid_option` outside `handle`; `response_started` once the handler has answered
   */
  session(request: Request): Promise<Session<Data>>;
  /**
   * The handler with sessions around it: refuses requests sent by pages of other origins, and commits when the handler has answered, before the answer goes on.
   * An error that the handler throws goes on to the platform, unless a session was changed (what was committed by then, such as a log-in, has a cookie to bring) or
   * the error is a {@link SojournError}: then the answer is a problem, and `onFailure` is told.
   */
  handle<Rest extends readonly unknown[]>(handler: FetchHandler<Rest>): (request: Request, ...rest: Rest) => Promise<Response>;
}

/** What happened to sessions while one request is handled. */
interface Handling<Data> {
  knock: Knock<Request> | undefined;
  session: Promise<Session<Data>> | undefined;
  pending: boolean;
  answered: boolean;
}

/** @throws {SojournError} `invalid_option` */
export function fetchSessions<Data>(sessions: Resumable<Data>, options: FetchOptions): FetchSessions<Data> {
  const { peer } = options;
  const reader: RequestReader<Request> = {
    method: ({ method }) => method,
    header: ({ headers }, name) => headers.get(name) ?? undefined,
    host: ({ headers, url }) => headers.get("host") ?? new URL(url).host,
    peer: (request) => peer?.(request),
    encrypted: ({ url }) => url.startsWith("https:"),
    url: ({ url }) => url,
  };
  const door: Door<Request> = webDoor<Request>(options, reader);
  const wide = wideDoor(options, reader, door);
  const { vary, refusal: refuses } = wide ?? door;
  const handled = new WeakMap<Request, Handling<Data>>();

  async function visit(knock: Knock<Request>): Promise<Session<Data>> {
    return sessions.visit(knock);
  }

  /** The same where a form may have to be read first, and may have to prove where it comes from. */
  async function visitWide(handling: Handling<Data>, request: Request, onPending: () => void, by: WideDoor<Request>): Promise<Session<Data>> {
    const form = by.wantsForm(request) ? await formOf(request, by.formLimit) : undefined;
    const knock = by.knock(request, onPending, form);
    handling.knock = knock;
    const session = await sessions.visit(knock);
    const unproven = by.unproven(knock, session, form);
    if (unproven !== undefined) throw unproven;
    return session;
  }

  async function finishWide(handling: Handling<Data>, request: Request, response: Response, by: WideDoor<Request>): Promise<Response> {
    handling.answered = true;
    // Who did not wait for it, or was refused it, has been answered all the same.
    const session = await handling.session?.catch(() => undefined);
    const knock = handling.knock as WideKnock<Request> | undefined;
    if (knock === undefined) return response;
    const back = session !== undefined && handling.pending ? await sessions.settle(session) : undefined;
    const cookie = back === undefined ? undefined : by.setCookie(knock, back);
    return changed(used(response, by.vary, cookie), request.method, by.rewriter, by.plan(knock, session, back));
  }

  async function settled(handling: Handling<Data>): Promise<SetCookies | undefined> {
    const { knock, session, pending } = handling;
    handling.answered = true;
    if (!pending || knock === undefined || session === undefined) return undefined;
    const back = await sessions.settle(await session);
    return back === undefined ? undefined : door.setCookie(knock, back);
  }

  return {
    manager: sessions,
    carriers: options.carriers,
    session(request) {
      const handling = handled.get(request);
      if (handling === undefined)
        return Promise.reject(
          new SojournError(
            "invalid_option",
            "web.session(request) was called for a request that web.handle() does not handle. Wrap the handler: fetch: web.handle(handler), and pass on the same request.",
          ),
        );
      if (handling.session !== undefined) return handling.session;
      const refusal = refuses(request);
      if (refusal !== undefined) return Promise.reject(refusal);
      const onPending = (): void => {
        if (handling.answered)
          throw new SojournError(
            "response_started",
            "The handler has answered, so the session takes no more writes. Write before returning the response, and commit() before a long stream.",
          );
        handling.pending = true;
      };
      if (wide !== undefined) return (handling.session = visitWide(handling, request, onPending, wide));
      handling.knock = door.knock(request, onPending);
      handling.session = visit(handling.knock);
      return handling.session;
    },
    handle(handler) {
      return async (request, ...rest) => {
        const refusal = refuses(request);
        if (refusal !== undefined) return answer(door.problem(refusal));
        const handling: Handling<Data> = { knock: undefined, session: undefined, pending: false, answered: false };
        handled.set(request, handling);
        let response: Response;
        try {
          response = await handler(request, ...rest);
        } catch (error) {
          if (!handling.pending && !(error instanceof SojournError)) {
            handling.answered = true;
            throw error;
          }
          response = answer(door.problem(error));
        }
        try {
          if (wide !== undefined) return await finishWide(handling, request, response, wide);
          const cookie = await settled(handling);
          return handling.knock === undefined ? response : used(response, vary, cookie);
        } catch (error) {
          // Whatever becomes of a body that nobody will read, what went wrong is the commit.
          await response.body?.cancel().catch(() => undefined);
          return used(answer(door.problem(error), response.headers), vary, undefined);
        }
      };
    },
  };
}

/** The response with what a session adds: always another object. */
function used(response: Response, vary: string, cookies: SetCookies | undefined): Response {
  // A network error, and a change of protocol: `new Response` makes neither, and no cache keeps them.
  if (response.status < 200) return response;
  const made = copiedResponse(response);
  const { headers } = made;
  for (const name of [...headers.keys()]) if (isTargeted(name)) headers.delete(name);
  headers.set("Cache-Control", cookies === undefined ? privately(headers.get("cache-control") ?? undefined) : tokenAnswer);
  headers.set("Vary", varying(headers.get("vary") ?? undefined, vary));
  for (const cookie of linesOf(cookies)) headers.append("Set-Cookie", cookie);
  return made;
}

/** @param before headers of the handler's answer that the problem replaces. */
function answer({ status, headers, body }: Problem, before?: Headers): Response {
  const kept = new Headers();
  before?.forEach((value, name) => {
    if (staysWithProblem(name)) kept.append(name, value);
  });
  for (const [name, value] of Object.entries(headers)) kept.set(name, value);
  return new Response(body, { status, headers: kept });
}
