import type { ServerResponse } from "node:http";
import { SojournError } from "../core/errors.ts";
import { isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/seam.ts";
import { addedTo, type HeadArgument } from "./answer-head.ts";
import { varying } from "./caching.ts";
import { headersSent, hold, phraseOf, tell, type Held, type Verb } from "./held-answer.ts";
import { staysWithProblem, type Problem } from "./problem.ts";

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
  /** Commits, and gives the Set-Cookie value if something is to be handed back. Throws or rejects when the commit failed. */
  settle(asked: Asked): MaybePromise<string | undefined>;
  /** The answer in place of the handler's. */
  problem(error: unknown): Problem;
}

/**
 * `asking`: nothing was sent · `settling`: the answer waits for the commit · `settled`: the next `writeHead` is ours to complete · `begun` ·
 * `refused`: a problem was sent instead.
 */
type Phase = "asking" | "settling" | "settled" | "begun" | "refused";

/**
 * Lives on the response under a symbol of this module, next to the `writeHead` that has to be there anyway. A WeakMap would cost each request 1.2 µs
 * (of 25), mostly in the garbage collector; this costs nothing that can be measured. The request carries nothing.
 */
interface Gate {
  asked: Asked;
  phase: Phase;
  cookies: readonly string[];
  readonly writeHead: ServerResponse["writeHead"];
  /** The response's own ways to begin, while ours stand in their place. */
  write: ServerResponse["write"] | undefined;
  end: ServerResponse["end"] | undefined;
  flushHeaders: ServerResponse["flushHeaders"] | undefined;
  held: Held | undefined;
}

const gateOf = Symbol("sojourn");
type Gated = ServerResponse & { [gateOf]?: Gate };

/** What was asked for this response by this owner. */
export function findAsked(response: ServerResponse, owner: AskedOwner): Asked | undefined {
  for (let asked = (response as Gated)[gateOf]?.asked; asked !== undefined; asked = asked.next) if (asked.owner === owner) return asked;
  return undefined;
}

/** Whatever was asked for this response so far: what the next {@link Asked} points to. */
export function lastAsked(response: ServerResponse): Asked | undefined {
  return (response as Gated)[gateOf]?.asked;
}

/** Notes that a session was asked for: from now on the answer is private. A read puts nothing but `writeHead` in the response's way. */
export function ask(response: ServerResponse, asked: Asked): void {
  const mine: Gated = response;
  const gate = mine[gateOf];
  if (gate !== undefined) {
    gate.asked = asked;
    return;
  }
  const begun = response.headersSent;
  mine[gateOf] = {
    asked,
    phase: begun ? "begun" : "asking",
    cookies: none,
    writeHead: response.writeHead,
    write: undefined,
    end: undefined,
    flushHeaders: undefined,
    held: undefined,
  };
  if (!begun) mine.writeHead = gatedWriteHead;
}

/**
 * From now on there is something to commit: every way in which the response can begin waits for it.
 * @throws {SojournError} `response_started`
 */
export function arm(response: ServerResponse, asked: Asked): void {
  const mine: Gated = response;
  const gate = mine[gateOf] as Gate;
  if (gate.phase !== "asking" || response.headersSent)
    throw new SojournError(
      "response_started",
      "The answer has begun, so the session takes no more writes. Write before the first byte is sent, and commit() before a long stream.",
    );
  asked.pending = true;
  if (gate.write !== undefined) return;
  gate.write = mine.write;
  gate.end = mine.end;
  gate.flushHeaders = mine.flushHeaders;
  mine.write = gatedWrite;
  mine.end = gatedEnd;
  mine.flushHeaders = gatedFlushHeaders;
}

const none: readonly string[] = Object.freeze([]);

/** Every beginning comes here: Node's own `write`, `end` and `flushHeaders` call it when no head was written. */
function gatedWriteHead(this: Gated, status: number, reason?: string | HeadArgument, headers?: HeadArgument): ServerResponse {
  const gate = this[gateOf] as Gate;
  const phrase = typeof reason === "string" ? reason : undefined;
  const given = phrase === undefined ? ((reason as HeadArgument) ?? headers) : headers;
  const before = gate.phase;
  switch (gate.write === undefined ? before : begin(this, gate)) {
    case "refused":
      return this;
    case "settling":
      if (before === "settling") throw headersSent("write");
      (gate.held as Held).head(status, phrase, given);
      return this;
    case "begun":
      return Reflect.apply(gate.writeHead, this, [status, reason, headers]) as ServerResponse;
    default: {
      const all = addedTo(this, given, varyOf(gate), gate.cookies);
      Reflect.apply(gate.writeHead, this, phrase === undefined ? [status, all] : [status, phrase, all]);
      // Only now: a status or header that Node refuses leaves the head to be written by an error handler, and that needs ours too.
      gate.phase = "begun";
      return this;
    }
  }
}

function gatedWrite(this: Gated, ...args: readonly unknown[]): boolean {
  return gated(this, "write", args, false) as boolean;
}

function gatedEnd(this: Gated, ...args: readonly unknown[]): ServerResponse {
  return gated(this, "end", args, this) as ServerResponse;
}

function gatedFlushHeaders(this: Gated): void {
  gated(this, "flushHeaders", [], undefined);
}

/** @param otherwise what a call gives that is held back or dropped. */
function gated(response: Gated, verb: Verb, args: readonly unknown[], otherwise: unknown): unknown {
  const gate = response[gateOf] as Gate;
  switch (begin(response, gate)) {
    case "settling":
      (gate.held as Held).call(verb, args);
      return otherwise;
    case "refused":
      tell(args, new SojournError("response_started", "The session could not be committed; a problem answer was sent in place of this one."));
      return otherwise;
    default:
      return Reflect.apply(gate[verb] as (...args: never) => unknown, response, args);
  }
}

/** The first beginning commits; the phase afterwards says what is to become of the call. A store that answers at once defers nothing. */
function begin(response: Gated, gate: Gate): Phase {
  if (gate.phase !== "asking") return gate.phase;
  let cookies: MaybePromise<readonly string[]>;
  try {
    cookies = settleAll(gate.asked);
  } catch (error) {
    refuse(response, gate, error);
    return gate.phase;
  }
  if (!isPromise(cookies)) {
    open(response, gate, cookies);
    return gate.phase;
  }
  const held = hold(response);
  gate.phase = "settling";
  gate.held = held;
  cookies.then(
    (given) => {
      held.letGo();
      open(response, gate, given);
      held.replay();
    },
    (error: unknown) => {
      held.letGo();
      refuse(response, gate, error);
      held.drop(error);
    },
  );
  return gate.phase;
}

function settleAll(first: Asked): MaybePromise<readonly string[]> {
  if (first.next === undefined) {
    const cookie = first.pending ? first.owner.settle(first) : undefined;
    return isPromise(cookie) ? cookie.then(listOf) : listOf(cookie);
  }
  return settleSeveral(first);
}

async function settleSeveral(first: Asked): Promise<readonly string[]> {
  const cookies: string[] = [];
  for (let asked: Asked | undefined = first; asked !== undefined; asked = asked.next) {
    if (asked.pending) cookies.push(...listOf(await asked.owner.settle(asked)));
  }
  return cookies;
}

function listOf(cookie: string | undefined): readonly string[] {
  return cookie === undefined ? none : [cookie];
}

function open(response: Gated, gate: Gate, cookies: readonly string[]): void {
  gate.phase = "settled";
  gate.cookies = cookies;
  restore(response, "write", gatedWrite, gate.write);
  restore(response, "end", gatedEnd, gate.end);
  restore(response, "flushHeaders", gatedFlushHeaders, gate.flushHeaders);
}

/** Who came after us and wrapped our function keeps it; ours then passes on. */
function restore(response: Gated, name: Verb, ours: unknown, original: unknown): void {
  if (response[name] === ours) (response as unknown as Record<string, unknown>)[name] = original;
}

/** The commit failed: nothing of the handler's answer leaves, and no cookie. What the handler still sends is dropped. */
function refuse(response: Gated, gate: Gate, error: unknown): void {
  const { status, headers, body } = gate.asked.owner.problem(error);
  for (const name of response.getHeaderNames()) if (!staysWithProblem(name)) response.removeHeader(name);
  const vary = response.getHeader("vary");
  if (phraseOf(response) !== undefined) response.statusMessage = "";
  // Node's `end` may come back through ours.
  gate.phase = "begun";
  gate.writeHead.call(response, status, { ...headers, Vary: varying(vary === undefined ? undefined : String(vary), varyOf(gate)) });
  Reflect.apply(gate.end as (...args: never) => unknown, response, [body]);
  gate.phase = "refused";
}

function varyOf({ asked }: Gate): string {
  let text = asked.owner.vary;
  for (let each = asked.next; each !== undefined; each = each.next) text = varying(text, each.owner.vary);
  return text;
}
