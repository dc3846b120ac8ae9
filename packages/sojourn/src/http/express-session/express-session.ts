import type { IncomingMessage, ServerResponse } from "node:http";
import { SojournError } from "../../core/errors.ts";
import { problem } from "../problem.ts";
import { gateAnswer } from "./answer-gate.ts";
import type { Keeper } from "./keeper.ts";
import { keeperOf } from "./keeper-of.ts";
import { MemoryStore } from "./memory-store.ts";
import { settingsOf, type SessionOptions, type Settings } from "./options.ts";
import { pathOf, type SessionRequest } from "./request.ts";
import { Session, settle } from "./request-session.ts";
import { stateOf } from "./request-state.ts";
import { Cookie } from "./session-cookie.ts";
import { idOf } from "./signed-id.ts";
import { createSession, Store } from "./store.ts";

export { Cookie, MemoryStore, Session, Store };
export type { SessionOptions } from "./options.ts";
export type { SessionRequest } from "./request.ts";
export type { StoredSession } from "./request-session.ts";
export type { CookieData, CookieOptions } from "./session-cookie.ts";
export type { Secret } from "./signed-id.ts";
export type { Answer, ConnectStore } from "./store.ts";

/** For `app.use()`, and for whatever else speaks `node:http`. */
export type SessionMiddleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** The function, with express-session's constructors as its properties. */
export interface SessionFunction {
  (options?: SessionOptions): SessionMiddleware;
  readonly Cookie: typeof Cookie;
  readonly MemoryStore: typeof MemoryStore;
  readonly Session: typeof Session;
  readonly Store: typeof Store;
}

/**
 * express-session 1.19 on Sojourn: the same options, cookie, `req.session` and stores. Parallel requests lose nothing of what they put into different
 * properties, what was destroyed stays destroyed, and an answer leaves when its session has been written: on a Sojourn store everywhere, on a store made
 * for express-session within one process.
 * @throws {SojournError} `invalid_option`
 */
export const session: SessionFunction = Object.assign(middlewareOf, { Cookie, MemoryStore, Session, Store });

// oxlint-disable-next-line import/no-default-export -- it takes the place of a module that has one
export default session;
// What `require()` gives.
export { session as "module.exports" };

function middlewareOf(options: SessionOptions = {}): SessionMiddleware {
  const settings = settingsOf(options);
  const keeper = keeperOf(options);
  serve(keeper, settings);

  return (given, response, next) => {
    const request = given as SessionRequest;
    if (request.session !== undefined && request.session !== null) return next();
    if (!keeper.ready() || !pathOf(request).startsWith(settings.cookie(request).path ?? "/")) return next();
    const secrets = settings.secrets ?? (request.secret === undefined ? [] : [request.secret]);
    if (secrets.length === 0) return next(new SojournError("invalid_option", "secret option required for sessions"));
    request.sessionStore = keeper.store;
    request.sessionID = idOf(request, settings.name, secrets);
    const state = stateOf(request, keeper, settings);
    gateAnswer(response, {
      commit: state.commit,
      cookie: state.cookie,
      problem: (error) => (settings.strict ? refusalOf(error) : undefined),
      failed: (error) => afterwards(response, () => next(error)),
    });
    if (request.sessionID === undefined) {
      state.generate();
      return next();
    }
    keeper
      .read(request.sessionID, request)
      .then((held) => (held.found === undefined ? state.generate() : state.inflate(held, held.found)))
      // What a handler throws is its framework's to catch, not this promise's.
      .then(
        () => setImmediate(next),
        (error: unknown) => setImmediate(next, error),
      );
  };
}

/** What a request asks of `req.sessionStore`, and what programs without a request ask of it: `load`. */
function serve(keeper: Keeper, settings: Settings): void {
  const { store } = keeper;
  store.generate = (request) => stateOf(request, keeper, settings).generate();
  store.createSession = (request, kept) => {
    // A request that passed no middleware: it still has to know how its session is saved.
    stateOf(request, keeper, settings);
    return createSession(request, kept);
  };
  store.regenerate = (request, done) => {
    const { session: current } = request;
    if (current instanceof Session) return void current.regenerate(done);
    const held = typeof request.sessionID === "string" ? keeper.read(request.sessionID, request) : undefined;
    settle(
      (held?.then((known) => known.destroy()) ?? Promise.resolve()).finally(() => store.generate(request)),
      done,
    );
  };
  store.load = (sid, done) => {
    const request = { sessionID: sid, sessionStore: store } as SessionRequest;
    const loaded = keeper.read(sid, request).then((held) => {
      return held.found === undefined ? undefined : stateOf(request, keeper, settings).detach(held, held.found);
    });
    settle(loaded, done);
  };
}

/** 401 when the session ended meanwhile; whatever else keeps it from being written is a fault of the server's. */
function refusalOf(error: unknown): ReturnType<typeof problem> {
  return problem(error instanceof SojournError && error.code === "session_ended" ? error : undefined);
}

/** Error handlers of Express close the connection of an answer that has begun: they are told when it has left. */
function afterwards(response: ServerResponse, tell: () => void): void {
  let told = false;
  const once = (): void => {
    if (told) return;
    told = true;
    setImmediate(tell);
  };
  if (response.destroyed || response.writableFinished) return once();
  response.once("finish", once);
  response.once("close", once);
}
