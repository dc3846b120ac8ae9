import type { IncomingMessage, ServerResponse } from "node:http";
import { isPromise } from "../core/maybe.ts";
import type { HandBack, Resumable } from "../core/resumable.ts";
import type { MaybePromise } from "../core/seam.ts";
import type { Session } from "../core/session.ts";
import type { SetCookies } from "./cookie.ts";
import type { Door } from "./door.ts";
import { pageResponse } from "./page-response.ts";
import { arm, findAsked, gateFor, layer, type Asked, type AskedOwner } from "./response-gate.ts";
import type { WideDoor, WideKnock } from "./wide-door.ts";

/** What is asked of {@link nodeWeb} where tokens travel outside headers, or forms bring CSRF tokens. */
export type WideSession<Data> = (request: IncomingMessage, response: ServerResponse, form?: () => unknown) => Promise<Session<Data>>;

interface WideAsked<Data> extends Asked {
  readonly knock: WideKnock<IncomingMessage>;
  given: Promise<Session<Data>>;
  /** Once it is there. */
  session: Session<Data> | undefined;
  back: HandBack | undefined;
}

/** The sessions of `node:http` with all that a wide door does. Apart, so that sites with cookies alone have no part in its costs. */
export function nodeWide<Data>(sessions: Resumable<Data>, door: Door<IncomingMessage>, wide: WideDoor<IncomingMessage>): WideSession<Data> {
  const owner: AskedOwner = {
    vary: wide.vary,
    problem: door.problem,
    settle(asked) {
      const known = asked as WideAsked<Data>;
      // A visit that was refused has nothing to commit; the handler was told.
      return known.session === undefined ? known.given.then((session) => settle(known, session), nothing) : settle(known, known.session);
    },
  };

  function settle(asked: WideAsked<Data>, session: Session<Data>): MaybePromise<SetCookies | undefined> {
    const back = sessions.settle(session);
    return isPromise(back) ? back.then((given) => settled(asked, given)) : settled(asked, back);
  }

  function settled(asked: WideAsked<Data>, back: HandBack | undefined): SetCookies | undefined {
    asked.back = back;
    return back === undefined ? undefined : wide.setCookie(asked.knock, back);
  }

  return (request, response, form = () => (request as { readonly body?: unknown }).body) => {
    const refusal = wide.refusal(request);
    if (refusal !== undefined) return Promise.reject(refusal);
    const gate = gateFor(response, wide.changesAnswers);
    const before = findAsked(gate, owner) as WideAsked<Data> | undefined;
    if (before !== undefined) return before.given;
    const parsed = form();
    const knock = wide.knock(request, () => arm(gate, asked), parsed);
    const asked: WideAsked<Data> = { owner, pending: false, next: gate.asked, knock, given: undefined as never, session: undefined, back: undefined };
    gate.asked = asked;
    if (wide.changesAnswers && gate.phase === "asking") {
      // Only a settled session says what its pages are given, so every answer waits for that.
      arm(gate, asked);
      layer(gate, (inner) => pageResponse(response, inner, wide.rewriter, () => wide.plan(knock, asked.session, asked.back)));
    }
    asked.given = (async () => {
      const session = await sessions.visit(knock);
      const unproven = wide.unproven(knock, session, parsed);
      if (unproven !== undefined) throw unproven;
      asked.session = session;
      return session;
    })();
    return asked.given;
  };
}

function nothing(): undefined {}
