import { sha256 } from "#platform";
import { fenceOf, type Engine, type SessionState } from "./engine.ts";
import type { Entry } from "./entry.ts";
import { SojournError } from "./errors.ts";
import { andThen } from "./maybe.ts";
import { objectOf } from "./own-fields.ts";
import { adopt, persist, refusal, reload } from "./persist.ts";
import type { Visit } from "./resumable.ts";
import type { Change, MaybePromise, SessionRecord } from "./seam.ts";
import { isId, newSecret } from "./token.ts";
import { live } from "./visit.ts";

const prefix = "$ticket.";
/** Tickets that a session may have at a time. */
const most = 32;
const tries = 100;
const idLength = 26;

/** The text of `$ticket.<digest>`. */
interface Ticket {
  /** Epoch ms at which it is good no more. */
  readonly until: number;
  /** Epoch ms of the authentication after which it was given, 0 while there was none: a log-in makes an end of it. */
  readonly since: number;
}

/**
 * Gives a ticket: `<id>-<secret>`, 59 characters that a URL takes unescaped. Its secret has 192 random bits; the session keeps a digest of it and the
 * purpose, so that neither the store nor another purpose can redeem it.
 * @throws {SojournError} `session_missing`, `session_ended`, `limit_reached`, `invalid_field`, `stale`
 */
export async function ticket(engine: Engine, state: SessionState, purpose: string, lasts: number): Promise<string> {
  checkPurpose(purpose);
  await persist(engine, state);
  await state.touched;
  const secret = newSecret();
  const name = await fieldOf(secret, purpose);
  for (let n = 0; n < tries; n++) {
    if (state.entry === undefined) throw new SojournError("session_missing", "There is no session to give a ticket for. The first write begins one.");
    const { record } = state.entry;
    const now = engine.settings.clock.now();
    const given = Object.keys(record.fields).filter((field) => field.startsWith(prefix));
    const over = given.filter((field) => !isGood(record.fields[field], state.entry as Entry, now));
    if (given.length - over.length >= most) {
      throw new SojournError(
        "limit_reached",
        `The session has ${most} tickets that nobody has redeemed, as many as may be. Let them be used, or give them less time.`,
      );
    }
    const text: Ticket = { until: now + lasts, since: sinceOf(state.entry) };
    const change: Change = {
      id: record.id,
      expect: record.version,
      ...fenceOf(state),
      set: { [name]: JSON.stringify(text) },
      ...(over.length === 0 ? undefined : { unset: over }),
    };
    const outcome = await engine.calls.commit(change);
    if (outcome.ok) {
      adopt(engine, state, change, outcome);
      return `${record.id}-${secret}`;
    }
    if (outcome.why !== "stale") throw refusal(outcome, state, change);
    await pause(n);
    await reload(engine, state, change);
  }
  throw new SojournError("stale", `The session was changed by others ${tries} times in a row; no ticket was given. Try again.`);
}

/**
 * The state of a visit to the session that a ticket is for; `undefined` when it is no ticket, was redeemed, is too old, is for another purpose, or its
 * session is over. It is taken by compare-and-set: of many at once one has it.
 * @throws {SojournError} `store_unavailable`, `outcome_unknown`: then it may be used up
 */
export async function redeem(engine: Engine, text: string, purpose: string, visit: Visit): Promise<SessionState | undefined> {
  checkPurpose(purpose);
  const id = typeof text === "string" && text.charCodeAt(idLength) === 45 ? text.slice(0, idLength) : "";
  const secret = typeof text === "string" ? text.slice(idLength + 1) : "";
  if (!isId(id) || !/^[\w-]{32}$/.test(secret)) return undefined;
  const name = await fieldOf(secret, purpose);
  for (let n = 0; n < tries; n++) {
    const record = await engine.calls.load(id);
    const entry = record === undefined ? undefined : entryOf(engine, record);
    if (record === undefined || entry === undefined || !isGood(record.fields[name], entry, engine.settings.clock.now())) return undefined;
    // Whether the session lives is judged as at every visit, and the ticket is taken from the very version that was judged.
    const state = await live(engine, visit, entry);
    if (state.entry === undefined) return undefined;
    await state.touched;
    const change: Change = { id, expect: state.entry.record.version, unset: [name] };
    const outcome = await engine.calls.commit(change);
    if (outcome.ok) {
      adopt(engine, state, change, outcome);
      return state;
    }
    if (outcome.why !== "stale") return undefined;
    await pause(n);
  }
  throw new SojournError("stale", `The session was changed by others ${tries} times in a row; the ticket was not redeemed. Try again.`);
}

function entryOf(engine: Engine, record: SessionRecord): Entry | undefined {
  return engine.names.kindOf(record.kind) === undefined ? undefined : engine.entries.of(record);
}

function sinceOf({ auth }: Entry): number {
  return auth?.at ?? 0;
}

function fieldOf(secret: string, purpose: string): MaybePromise<string> {
  return andThen<string, string>(sha256(`ticket\n${purpose}\n${secret}`), (digest) => prefix + digest);
}

function isGood(text: string | undefined, entry: Entry, now: number): boolean {
  if (text === undefined) return false;
  try {
    const { until, since } = objectOf(text);
    return typeof until === "number" && now < until && since === sinceOf(entry);
  } catch {
    return false;
  }
}

/** After the first try others are at it too. */
function pause(n: number): Promise<void> | undefined {
  return n === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(2 ** n, 64)));
}

function checkPurpose(purpose: string): void {
  if (typeof purpose === "string" && /^[\w:./-]{1,128}$/.test(purpose)) return;
  throw new SojournError(
    "invalid_field",
    `${JSON.stringify(purpose)} cannot name a ticket's purpose. Use 1 to 128 letters, digits and "_:./-", such as "download:42".`,
  );
}
