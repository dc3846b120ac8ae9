import type { ServerResponse } from "node:http";
import { SojournError } from "../core/errors.ts";
import { isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/seam.ts";
import { addedTo, eachHeader, setOn, type HeadArgument } from "./answer-head.ts";
import { varying } from "./caching.ts";
import { linesOf, type SetCookies } from "./cookie.ts";
import { gatePlaces, type Placed } from "./gate-places.ts";
import { headersSent, hold, phraseOf, tell, type Held, type Verb } from "./held-answer.ts";
import { staysWithProblem, type Problem } from "./problem.ts";
import { originalsFor, replaceForAll, type ResponseMethods } from "./response-methods.ts";

/** A session that was asked for while a response is made. What an adapter knows of it is its own affair. */
export interface Asked {
  /** Which adapter asked. */
  readonly owner: AskedOwner;
  /** Whether there is something to commit. */
  pending: boolean;
  /** An application may keep sessions of several kinds: one response, several askers. */
  readonly next: Asked | undefined;
}

/** The adapter's part in the beginning of a response. */
export interface AskedOwner {
  /** Names of request headers, with comma and space between them. */
  readonly vary: string;
  /** Commits, and gives the Set-Cookie values if something is to be handed back. Throws or rejects when the commit failed. */
  settle(asked: Asked): MaybePromise<SetCookies | undefined>;
  /** The answer in place of the handler's. */
  problem(error: unknown): Problem;
}

/**
 * `asking`: nothing was sent · `settling`: the answer waits for the commit · `settled`: the next `writeHead` is ours to complete · `begun` ·
 * `refused`: a problem was sent instead.
 */
type Phase = "asking" | "settling" | "settled" | "begun" | "refused";

/** What is known of a response for which a session was asked for. */
export interface Gate extends Placed {
  /** The last that was asked for. */
  asked: Asked | undefined;
  phase: Phase;
  cookies: readonly string[];
  /** Whether there is something to commit, and every way to begin is ours. */
  armed: boolean;
  /** Whether our methods stand in the response's prototype, and not on the response itself. */
  shared: boolean;
  /** The response's own ways to begin. */
  original: ResponseMethods;
  held: Held | undefined;
}

const gates = gatePlaces<Gate>();

/**
 * The gate of a response; made at the first asking. From then on the answer is private.
 * @param outermost whether it stands before all that wrapped the response until now, and on the response itself; where another adapter's does not already.
 */
export function gateFor(response: ServerResponse, outermost: boolean = false): Gate {
  const known = gates.find(response);
  if (known !== undefined) return known;
  const begun = response.headersSent;
  const shared = begun || (outermost && originalsFor(response) === undefined) ? undefined : replaceForAll(response, ours);
  const gate: Gate = {
    response,
    before: undefined,
    asked: undefined,
    phase: begun ? "begun" : "asking",
    cookies: none,
    armed: false,
    shared: shared !== undefined,
    original: shared ?? methodsOf(response),
    held: undefined,
  };
  gates.put(gate, shared === undefined);
  if (shared === undefined && !begun) {
    // All of them, though a read needs only the first: the fewer shapes responses have, the better V8 compiles what Node does with them. With a third
    // shape for those that were written to, everything a server does can become a quarter slower.
    response.writeHead = gatedWriteHead;
    response.write = gatedWrite;
    response.end = gatedEnd;
    response.flushHeaders = gatedFlushHeaders;
  }
  return gate;
}

/** Gets ready for the responses to come. What wraps them after that wraps ours. */
export function prepareFor(response: ServerResponse): void {
  if (!response.headersSent) replaceForAll(response, ours);
}

/** Puts something between the gate and the response's own ways to begin. It stays for the whole answer. */
export function layer(gate: Gate, over: (inner: ResponseMethods) => ResponseMethods): void {
  gate.original = over(gate.original);
  gate.shared = false;
}

/** What this owner asked for. */
export function findAsked(gate: Gate, owner: AskedOwner): Asked | undefined {
  let asked = gate.asked;
  while (asked !== undefined && asked.owner !== owner) asked = asked.next;
  return asked;
}

function methodsOf({ writeHead, write, end, flushHeaders }: ServerResponse): ResponseMethods {
  return { writeHead, write, end, flushHeaders };
}

/**
 * From now on there is something to commit: every way in which the response can begin waits for it.
 * @throws {SojournError} `response_started`
 */
export function arm(gate: Gate, asked: Asked): void {
  const { response } = gate;
  if (gate.phase !== "asking" || response.headersSent)
    throw new SojournError(
      "response_started",
      "The answer has begun, so the session takes no more writes. Write before the first byte is sent, and commit() before a long stream.",
    );
  asked.pending = true;
  gate.armed = true;
}

const none: readonly string[] = Object.freeze([]);

/** Every beginning comes here: Node's own `write`, `end` and `flushHeaders` call it when no head was written. */
function gatedWriteHead(this: ServerResponse, status: number, reason?: string | HeadArgument, headers?: HeadArgument): ServerResponse {
  const gate = gates.find(this);
  if (gate === undefined) return Reflect.apply(original(this, "writeHead"), this, [status, reason, headers]) as ServerResponse;
  const phrase = typeof reason === "string" ? reason : undefined;
  const given = phrase === undefined ? ((reason as HeadArgument) ?? headers) : headers;
  const before = gate.phase;
  switch (gate.armed ? begin(this, gate, given) : before) {
    case "refused":
      return this;
    case "settling":
      if (before === "settling") throw headersSent("write");
      (gate.held as Held).head(status, phrase, given);
      return this;
    case "begun":
      return Reflect.apply(gate.original.writeHead, this, [status, reason, headers]) as ServerResponse;
    default: {
      const all = given === undefined && gate.cookies.length === 0 ? setOn(this, varyOf(gate)) : addedTo(this, given, varyOf(gate), gate.cookies);
      Reflect.apply(gate.original.writeHead, this, phrase === undefined ? [status, all] : [status, phrase, all]);
      // Only now: a status or header that Node refuses leaves the head to be written by an error handler, and that needs ours too.
      gate.phase = "begun";
      done(this, gate);
      return this;
    }
  }
}

function gatedWrite(this: ServerResponse, chunk?: unknown, encoding?: unknown, callback?: unknown): boolean {
  return gated(this, "write", [chunk, encoding, callback], false) as boolean;
}

function gatedEnd(this: ServerResponse, chunk?: unknown, encoding?: unknown, callback?: unknown): ServerResponse {
  return gated(this, "end", [chunk, encoding, callback], this) as ServerResponse;
}

function gatedFlushHeaders(this: ServerResponse): void {
  gated(this, "flushHeaders", [], undefined);
}

/** Stands in the prototype of all responses of an application, most of which ask for no session. */
const ours: ResponseMethods = { writeHead: gatedWriteHead, write: gatedWrite, end: gatedEnd, flushHeaders: gatedFlushHeaders };

function original<Name extends keyof ResponseMethods>(response: ServerResponse, name: Name): ResponseMethods[Name] {
  return (originalsFor(response) as ResponseMethods)[name];
}

/** @param otherwise what a call gives that is held back or dropped. */
function gated(response: ServerResponse, verb: Verb, args: readonly unknown[], otherwise: unknown): unknown {
  const gate = gates.find(response);
  if (gate === undefined || !gate.armed) return Reflect.apply(gate?.original[verb] ?? original(response, verb), response, args);
  switch (begin(response, gate)) {
    case "settling":
      (gate.held as Held).call(verb, args);
      return otherwise;
    case "refused":
      tell(args, new SojournError("response_started", "The session could not be committed; a problem answer was sent in place of this one."));
      return otherwise;
    default:
      return Reflect.apply(gate.original[verb], response, args);
  }
}

/** The first beginning commits; the phase afterwards says what is to become of the call. A store that answers at once defers nothing. */
function begin(response: ServerResponse, gate: Gate, given?: HeadArgument): Phase {
  if (gate.phase !== "asking") return gate.phase;
  let cookies: MaybePromise<readonly string[]>;
  try {
    cookies = settleAll(gate.asked);
  } catch (error) {
    refuse(response, gate, error, given);
    return gate.phase;
  }
  if (!isPromise(cookies)) {
    open(gate, cookies);
    return gate.phase;
  }
  const held = hold(response);
  gate.phase = "settling";
  gate.held = held;
  cookies.then(
    (all) => {
      held.letGo();
      open(gate, all);
      held.replay(ours);
    },
    (error: unknown) => {
      held.letGo();
      refuse(response, gate, error);
      held.drop(error);
    },
  );
  return gate.phase;
}

function settleAll(first: Asked | undefined): MaybePromise<readonly string[]> {
  if (first === undefined) return none;
  if (first.next === undefined) {
    const cookie = first.pending ? first.owner.settle(first) : undefined;
    return isPromise(cookie) ? cookie.then(linesOf) : linesOf(cookie);
  }
  return settleSeveral(first);
}

async function settleSeveral(first: Asked): Promise<readonly string[]> {
  const cookies: string[] = [];
  for (let asked: Asked | undefined = first; asked !== undefined; asked = asked.next) {
    if (asked.pending) cookies.push(...linesOf(await asked.owner.settle(asked)));
  }
  return cookies;
}

function open(gate: Gate, cookies: readonly string[]): void {
  gate.phase = "settled";
  gate.cookies = cookies;
}

/** From here on the response is Node's again. Who came after us and wrapped our function keeps it; ours then passes on. */
function done(response: ServerResponse, gate: Gate): void {
  if (gate.shared) return gates.drop(gate);
  const { write, end, flushHeaders } = gate.original;
  if (response.write === gatedWrite) response.write = write;
  if (response.end === gatedEnd) response.end = end;
  if (response.flushHeaders === gatedFlushHeaders) response.flushHeaders = flushHeaders;
}

/** The commit failed: nothing of the handler's answer leaves, and no cookie. What the handler still sends is dropped. */
function refuse(response: ServerResponse, gate: Gate, error: unknown, given?: HeadArgument): void {
  const { status, headers, body } = (gate.asked as Asked).owner.problem(error);
  // What the handler passed with its head is as good as what it set before.
  eachHeader(given, (name, value) => {
    if (staysWithProblem(name) && value !== undefined) response.setHeader(name, value);
  });
  for (const name of response.getHeaderNames()) if (!staysWithProblem(name)) response.removeHeader(name);
  const vary = response.getHeader("vary");
  if (phraseOf(response) !== undefined) response.statusMessage = "";
  // Node's `end` may come back through ours.
  gate.phase = "begun";
  gate.original.writeHead.call(response, status, { ...headers, Vary: varying(vary === undefined ? undefined : String(vary), varyOf(gate)) });
  Reflect.apply(gate.original.end, response, [body]);
  gate.phase = "refused";
}

function varyOf({ asked }: Gate): string {
  let text = asked?.owner.vary ?? "";
  for (let each = asked?.next; each !== undefined; each = each.next) text = varying(text, each.owner.vary);
  return text;
}
