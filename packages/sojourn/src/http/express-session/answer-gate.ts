import type { ServerResponse } from "node:http";
import { eachHeader, type HeadArgument } from "../answer-head.ts";
import { headersSent, hold, tell, type Held, type Verb } from "../held-answer.ts";
import { staysWithProblem, type Problem } from "../problem.ts";
import type { ResponseMethods } from "../response-methods.ts";

/** A cookie that waits with its head. */
export interface HeadCookie {
  /** The Set-Cookie value. */
  readonly text: string;
  /** Whether, after the wait, there is a session that it can stand for. */
  stands(): boolean;
}

/** What an answer waits for. */
export interface AnswerOwner {
  /** The work to be done before the answer goes on, `undefined` when nothing. @param ending whether the answer ends here */
  commit(ending: boolean): Promise<void> | undefined;
  /** The cookie that goes with the head, as it is to be when the handler begins the answer. */
  cookie(): HeadCookie | undefined;
  /** The answer in place of the handler's, when the work failed; `undefined`: the handler's leaves all the same. */
  problem(error: unknown): Problem | undefined;
  /** Told of what failed, once the answer has left. */
  failed(error: unknown): void;
}

/** `open`: the head waits for nothing any more. `ending`: the head is out, and the end waits. */
type Phase = "asking" | "waiting" | "open" | "begun" | "ending" | "refused";

const verbs = ["writeHead", "write", "end", "flushHeaders"] as const;

/**
 * Has an answer wait: before its head for what was changed until then, before its end for what was changed since. Unlike the other adapters' gate it
 * leaves the answer's caching headers alone, as express-session does, and looks twice, because express-session writes what a handler changes while it
 * streams.
 */
export function gateAnswer(response: ServerResponse, owner: AnswerOwner): void {
  const own: Partial<ResponseMethods> = {};
  for (const verb of verbs) if (Object.hasOwn(response, verb)) Object.assign(own, { [verb]: response[verb] });
  let phase: Phase = "asking";
  let held: Held | undefined;
  let ended = false;
  let failed = false;
  let cookie: HeadCookie | undefined;

  /** What stood there before; looked up late, for others replace the methods of all responses at once. */
  function inner<Name extends keyof ResponseMethods>(name: Name): ResponseMethods[Name] {
    return own[name] ?? (Object.getPrototypeOf(response) as ResponseMethods)[name];
  }

  function begin(ending: boolean): Phase {
    if (phase !== "asking") return phase;
    const work = started(ending);
    cookie = cookieNow();
    if (work === undefined) return (phase = "open");
    const holding = hold(response);
    held = holding;
    phase = "waiting";
    work.then(
      () => goOn(holding),
      (error: unknown) => stop(holding, error),
    );
    return phase;
  }

  /** What throws at once fails like what fails later. */
  function started(ending: boolean): Promise<void> | undefined {
    try {
      return owner.commit(ending);
    } catch (error) {
      // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- what is thrown may be no Error, and another rule asks for one
      return Promise.reject(error as Error);
    }
  }

  function cookieNow(): HeadCookie | undefined {
    try {
      return owner.cookie();
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  function fail(error: unknown): void {
    if (!failed) owner.failed(error);
    failed = true;
  }

  function goOn(holding: Held): void {
    holding.letGo();
    phase = "open";
    // By our own methods: it has come through those who put theirs over ours (compression) already.
    holding.replay(ours);
  }

  function stop(holding: Held, error: unknown): void {
    fail(error);
    const problem = owner.problem(error);
    if (problem === undefined) return goOn(holding);
    holding.letGo();
    for (const name of response.getHeaderNames()) if (!staysWithProblem(name)) response.removeHeader(name);
    phase = "begun";
    Reflect.apply(inner("writeHead"), response, [problem.status, problem.headers]);
    Reflect.apply(inner("end"), response, [problem.body]);
    phase = "refused";
    holding.drop(error);
  }

  function writeHead(status: number, reason?: string | HeadArgument, headers?: HeadArgument): ServerResponse {
    const phrase = typeof reason === "string" ? reason : undefined;
    const given = phrase === undefined ? ((reason as HeadArgument) ?? headers) : headers;
    const before = phase;
    switch (begin(false)) {
      case "refused":
        return response;
      case "waiting":
        if (before === "waiting") throw headersSent("write");
        held?.head(status, phrase, given);
        return response;
      case "open":
        phase = "begun";
        return head(status, phrase, given);
      default:
        return Reflect.apply(inner("writeHead"), response, [status, reason, headers]) as ServerResponse;
    }
  }

  function head(status: number, phrase: string | undefined, given: HeadArgument): ServerResponse {
    const rest = phrase === undefined ? [status] : [status, phrase];
    if (cookie?.stands() !== true) return Reflect.apply(inner("writeHead"), response, given === undefined ? rest : [...rest, given]) as ServerResponse;
    eachHeader(given, (name, value) => response.setHeader(name, value as string));
    const before = response.getHeader("set-cookie");
    response.setHeader("Set-Cookie", before === undefined ? [cookie.text] : [...(Array.isArray(before) ? before : [String(before)]), cookie.text]);
    return Reflect.apply(inner("writeHead"), response, rest) as ServerResponse;
  }

  function gated(verb: Verb, args: readonly unknown[], otherwise: unknown): unknown {
    switch (begin(verb === "end")) {
      case "waiting":
        held?.call(verb, args);
        return otherwise;
      case "refused":
      case "ending":
        tell(args, Object.assign(new Error("The answer has ended."), { code: "ERR_STREAM_WRITE_AFTER_END" }));
        return otherwise;
      case "begun":
        if (verb === "end" && endLater(args)) return otherwise;
        return Reflect.apply(inner(verb), response, args);
      default:
        return Reflect.apply(inner(verb), response, args);
    }
  }

  /** The head is out: only the end can still wait. All of its chunk waits too, or a client that counts octets would go on before the session is written. */
  function endLater(args: readonly unknown[]): boolean {
    // Not `writableEnded`, which says so already while the head waits.
    if (ended) return false;
    ended = true;
    const work = started(true);
    if (work === undefined) return false;
    phase = "ending";
    Object.defineProperty(response, "writableEnded", { value: true, configurable: true });
    const end = (): void => void Reflect.apply(inner("end"), response, args);
    work.then(end, (error: unknown) => {
      fail(error);
      if (owner.problem(error) === undefined) end();
      else response.destroy(error as Error);
    });
    return true;
  }

  const ours: ResponseMethods = {
    writeHead,
    write: (...args: unknown[]) => gated("write", args, false) as boolean,
    end: (...args: unknown[]) => gated("end", args, response) as ServerResponse,
    flushHeaders: () => void gated("flushHeaders", [], undefined),
  };
  Object.assign(response, ours);
}
