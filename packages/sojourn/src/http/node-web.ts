import type { IncomingMessage, ServerResponse } from "node:http";
import { isPromise } from "../core/maybe.ts";
import type { HandBack, Resumable } from "../core/resumable.ts";
import type { MaybePromise } from "../core/seam.ts";
import type { Session } from "../core/session.ts";
import type { SetCookies } from "./cookie.ts";
import { webDoor, type Knock, type WebOptions } from "./door.ts";
import { nodeRequest } from "./node-request.ts";
import { nodeWide } from "./node-wide.ts";
import { arm, findAsked, gateFor, prepareFor, type Asked, type AskedOwner } from "./response-gate.ts";
import { together } from "./together.ts";
import { wideDoor } from "./wide-door.ts";

/** What `node:http` and the frameworks on it share. */
export interface NodeWeb<Data> {
  /** Answers 403 and gives `false` when a page of another origin sent the request. Costs a safe request one comparison. */
  admits(request: IncomingMessage, response: ServerResponse): boolean;
  /**
   * The session; the same one however often it is asked for.
   * @param form what the framework made of the request's form, for {@link formField} and CSRF tokens. Default: `request.body`.
   */
  session(request: IncomingMessage, response: ServerResponse, form?: () => unknown): Promise<Session<Data>>;
}

interface AskedSession<Data> extends Asked {
  knock: Knock<IncomingMessage>;
  session: MaybePromise<Session<Data>>;
}

/** @throws {SojournError} `invalid_option` */
export function nodeWeb<Data>(sessions: Resumable<Data>, options: WebOptions): NodeWeb<Data> {
  const door = webDoor(options, nodeRequest);
  const wide = wideDoor(options, nodeRequest, door);

  const owner: AskedOwner = {
    vary: door.vary,
    problem: door.problem,
    settle(asked) {
      const { session: given, knock } = asked as AskedSession<Data>;
      // A handler may answer without waiting for the session that it asked for.
      return isPromise(given) ? given.then((known) => settle(known, knock)) : settle(given, knock);
    },
  };

  function settle(known: Session<Data>, knock: Knock<IncomingMessage>): MaybePromise<SetCookies | undefined> {
    const back = sessions.settle(known);
    return isPromise(back) ? back.then((given) => cookieFor(given, knock)) : cookieFor(back, knock);
  }

  function cookieFor(back: HandBack | undefined, knock: Knock<IncomingMessage>): SetCookies | undefined {
    return back === undefined ? undefined : door.setCookie(knock, back);
  }

  const visit = together((asked: AskedSession<Data>) => {
    const given = sessions.visit(asked.knock);
    if (!isPromise(given)) asked.session = given;
    return given;
  });

  /** No async function and one promise: each costs more than the visit itself. */
  function session(request: IncomingMessage, response: ServerResponse): Promise<Session<Data>> {
    const refusal = door.refusal(request);
    if (refusal !== undefined) return Promise.reject(refusal);
    const gate = gateFor(response);
    const before = findAsked(gate, owner) as AskedSession<Data> | undefined;
    if (before !== undefined) return Promise.resolve(before.session);
    const asked: AskedSession<Data> = { owner, pending: false, next: gate.asked, knock: undefined as never, session: undefined as never };
    asked.knock = door.knock(request, () => arm(gate, asked));
    gate.asked = asked;
    const given = visit(asked);
    asked.session = given;
    return given;
  }

  const refuses = (wide ?? door).refusal;
  // Pages are rewritten above what compresses them, so there each response has its own gate.
  let prepared = wide?.changesAnswers === true;

  return {
    admits(request, response) {
      if (!prepared) {
        prepareFor(response);
        prepared = true;
      }
      const refusal = refuses(request);
      if (refusal === undefined) return true;
      const { status, headers, body } = door.problem(refusal);
      response.writeHead(status, headers).end(body);
      return false;
    },
    session: wide === undefined ? session : nodeWide(sessions, door, wide),
  };
}
