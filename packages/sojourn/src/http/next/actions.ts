import { SojournError } from "../../core/errors.ts";
import type { HandBack, Resumable } from "../../core/resumable.ts";
import type { MaybePromise } from "../../core/seam.ts";
import type { Session } from "../../core/session.ts";
import { linesOf } from "../cookie.ts";
import { webDoor, type WebOptions } from "../door.ts";
import { putInJar, type CookieJar } from "./cookie-jar.ts";
import { readOnlyHere, readonlySession, type ReadonlySession } from "./readonly-session.ts";
import { isNextSignal } from "./thrown-answer.ts";

/** As much of what `headers()` of `next/headers` gives as is needed. */
export interface NextHeaders {
  get(name: string): string | null;
}

/** Where a function that is given no request finds it. */
export interface ActionOptions extends WebOptions {
  /** `headers` of `next/headers`. */
  headers(): MaybePromise<NextHeaders>;
  /** `cookies` of `next/headers`. */
  cookies(): MaybePromise<CookieJar>;
}

/** Sessions where there is no request in hand. */
export interface NextActions<Data> {
  /**
   * A server action with a session as its first argument. Commits when the function has returned or thrown, and sets the cookie, before Next.js goes on; also
   * when it throws `redirect()` or `notFound()`. An action that is called by another one shares its session.
   *
   * A CSRF token (`csrf` of the options) is not asked of actions: Next.js calls them by itself, from its own pages only, and the origin is checked here as well.
   *
   * Rejects with `session_ended` or `store_unavailable`, without a cookie, when the commit fails, and with `cross_site`, without calling the function, when a
   * page of another origin sent the request.
   */
  action<Args extends readonly unknown[], Result>(fn: (session: Session<Data>, ...args: Args) => MaybePromise<Result>): (...args: Args) => Promise<Result>;
  /**
   * The session for looking, in server components: it can be read and not written to. Loaded once for each request; after an action in the same request it is
   * the action's. Asking makes a page dynamic, as `headers()` does.
   * @throws {SojournError} `store_unavailable`
   */
  read(): Promise<ReadonlySession<Data>>;
}

/** An action under way or done. */
interface Acting<Data> {
  readonly session: Promise<Session<Data>>;
  open: boolean;
  pending: boolean;
  back: HandBack | undefined;
  /** Cookies that this request's actions have put into the jar, as `name=value`. */
  put: readonly string[];
}

/** @throws {SojournError} `invalid_option` */
export function nextActions<Data>(sessions: Resumable<Data>, options: ActionOptions): NextActions<Data> {
  const door = webDoor<NextHeaders>(options, {
    // Next.js takes actions by no other.
    method: () => "POST",
    header: (headers, name) => headers.get(name) ?? undefined,
    host: (headers) => headers.get("host") ?? undefined,
    peer: () => undefined,
    encrypted: () => false,
  });
  // Next.js gives the same headers during one request, through its action and the page that is rendered after it.
  const acted = new WeakMap<NextHeaders, Acting<Data>>();
  const looked = new WeakMap<NextHeaders, Promise<ReadonlySession<Data>>>();

  function begin(headers: NextHeaders, before: Acting<Data> | undefined): Acting<Data> {
    const knock = door.knock(headers, () => {
      if (!acting.open) throw tooLate();
      acting.pending = true;
    });
    // The request still brings what the action before this one replaced.
    const visit = before?.back === undefined ? knock : { ...knock, token: before.back.token };
    const acting: Acting<Data> = { session: (async () => sessions.visit(visit))(), open: true, pending: false, back: before?.back, put: before?.put ?? [] };
    acted.set(headers, acting);
    return acting;
  }

  async function settle(headers: NextHeaders, acting: Acting<Data>): Promise<void> {
    acting.open = false;
    if (!acting.pending) return;
    const back = await sessions.settle(await acting.session);
    if (back === undefined) return;
    acting.back = back;
    const knock = door.knock(headers, () => undefined);
    // A long token that an action before this one handed back has cookies in the jar that the request did not bring.
    const lines = linesOf(door.setCookie(knock, back, [headers.get("cookie") ?? "", ...acting.put].join("; ")));
    if (lines.length === 0) return;
    acting.put = [...acting.put, ...lines.map((line) => line.split(";", 1)[0] ?? "")];
    const jar = await options.cookies();
    for (const line of lines) putInJar(jar, line);
  }

  return {
    action:
      (fn) =>
      async (...args) => {
        const headers = await options.headers();
        const before = acted.get(headers);
        if (before?.open === true) return fn(await before.session, ...args);
        const refusal = door.refusal(headers);
        if (refusal !== undefined) throw told(refusal);
        const acting = begin(headers, before);
        const session = await acting.session;
        let thrown: { readonly error: unknown } | undefined;
        let result: unknown;
        try {
          result = await fn(session, ...args);
        } catch (error) {
          thrown = { error };
        }
        try {
          await settle(headers, acting);
        } catch (error) {
          told(error);
          throw thrown === undefined || isNextSignal(thrown.error) ? error : thrown.error;
        }
        if (thrown !== undefined) throw thrown.error;
        return result as Awaited<ReturnType<typeof fn>>;
      },
    async read() {
      const headers = await options.headers();
      const acting = acted.get(headers);
      if (acting !== undefined) return readonlySession(await acting.session);
      const known = looked.get(headers) ?? look(headers);
      looked.set(headers, known);
      return known;
    },
  };

  async function look(headers: NextHeaders): Promise<ReadonlySession<Data>> {
    const refuse = (): never => {
      throw readOnlyHere("write");
    };
    return readonlySession(await sessions.visit({ ...door.knock(headers, refuse), rotates: false }));
  }

  function told(error: unknown): unknown {
    door.problem(error);
    return error;
  }
}

function tooLate(): SojournError {
  return new SojournError("response_started", "The action is over, so its session takes no more writes. Write before it returns.");
}
