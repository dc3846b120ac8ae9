import { outlivesRequests } from "#platform";
import { clientField } from "./creation.ts";
import { endEntry, endExpired } from "./ending.ts";
import { endingOf } from "./events.ts";
import { eventOf, fenceOf, type Engine, type Refusal, type SessionState } from "./engine.ts";
import { expiryOf, never, own, type Entry } from "./entry.ts";
import type { SojournError } from "./errors.ts";
import { andThen, isPromise } from "./maybe.ts";
import { adopt } from "./persist.ts";
import type { Visit } from "./resumable.ts";
import type { Change, MaybePromise, Outcome, SessionRecord } from "./seam.ts";
import { judge, seen } from "./secrets.ts";
import { hashOf, idOf, isToken, tokenLength, type Token } from "./token.ts";

/** The state of a visit: of the session that its token resumes, else of one that does not exist yet. @throws {SojournError} `store_unavailable` */
export function stateOfVisit(engine: Engine, visit: Visit): MaybePromise<SessionState> {
  const { token } = visit;
  if (token === undefined) return newState(visit, undefined, undefined);
  if (token.length !== tokenLength) return newState(visit, undefined, "malformed");
  const id = idOf(token);
  // A token that passed before has the shape of one.
  const last = engine.entries.last(id);
  const passed = last !== undefined && passedBefore(last, token);
  if (!passed && !isToken(token)) return newState(visit, undefined, "malformed");
  const record = engine.calls.glance(id);
  if (engine.calls.lags) return andThen(record, (given) => surely(engine, visit, token, given));
  if (isPromise(record)) return record.then((given) => resume(engine, visit, token, given));
  return passed && last.record === record ? live(engine, visit, last) : resume(engine, visit, token, record);
}

/** Nobody is refused, and no session ended, by a copy that may be behind: another process may have made or touched the session, or replaced its secret, a moment ago. */
function surely(engine: Engine, visit: Visit, token: Token, copy: SessionRecord | undefined): MaybePromise<SessionState> {
  return andThen(stands(engine, token, copy), (good) => {
    if (good) return resume(engine, visit, token, copy);
    return andThen(engine.calls.load(idOf(token)), (record) => resume(engine, visit, token, record));
  });
}

/** Whether the store, too, would let this token pass, unless something happened in the last moments; or refuse it, whatever happened. */
function stands(engine: Engine, token: Token, record: SessionRecord | undefined): MaybePromise<boolean> {
  if (record === undefined) return false;
  if (record.ended !== undefined) return true;
  const entry = engine.entries.of(record);
  if (entry === undefined || expiryOf(entry, engine.settings.clock.now()) !== undefined) return false;
  return isProven(engine, entry, token);
}

/** Whether the token's secret is one of the session's that are good now. */
export function isProven({ settings }: Engine, entry: Entry, token: Token): MaybePromise<boolean> {
  if (passedBefore(entry, token)) return true;
  return andThen(hashOf(token), (hash) => {
    const presented = judge(entry.secrets, hash, settings.clock.now(), settings.grace);
    return presented === "current" || presented === "successor" || presented === "grace";
  });
}

/** A state that nobody has written to. */
export function newState(visit: Visit, entry: Entry | undefined, refusal: Refusal | undefined): SessionState {
  return {
    visit,
    entry,
    refusal,
    late: refusal === "replaced",
    shown: entry?.secrets.hashes[entry.secrets.seen],
    pending: undefined,
    token: undefined,
    handBack: undefined,
    fence: undefined,
    degraded: undefined,
    rotating: false,
    touched: undefined,
    announced: false,
    closed: false,
  };
}

function resume(engine: Engine, visit: Visit, token: Token, record: SessionRecord | undefined): MaybePromise<SessionState> {
  if (record === undefined || engine.names.kindOf(record.kind) === undefined) return newState(visit, undefined, "missing");
  const entry = engine.entries.of(record);
  if (entry === undefined) {
    engine.events.emit("unreadable", { ...eventOf(engine, record), field: own.secret });
    return newState(visit, undefined, "missing");
  }
  if (passedBefore(entry, token)) return live(engine, visit, entry);
  const hash = hashOf(token);
  return isPromise(hash) ? hash.then((text) => proven(engine, visit, token, entry, text)) : proven(engine, visit, token, entry, hash);
}

/** Whether it is the secret that passed last. In place and in constant time: a slice of the token would keep the whole header alive. */
function passedBefore({ verified }: Entry, token: Token): boolean {
  if (verified.length !== 32) return false;
  let difference = 0;
  for (let i = 0; i < 32; i++) difference |= token.charCodeAt(i + 27) ^ verified.charCodeAt(i);
  return difference === 0;
}

function proven(engine: Engine, visit: Visit, token: Token, entry: Entry, hash: string): MaybePromise<SessionState> {
  const now = engine.settings.clock.now();
  switch (judge(entry.secrets, hash, now, engine.settings.grace)) {
    case "current":
      entry.verified = copied(token);
      return live(engine, visit, entry);
    case "successor":
      return live(engine, visit, entry, hash);
    case "grace":
      return live(engine, visit, entry);
    case "replaced":
      return newState(visit, undefined, "replaced");
    case "reuse":
      return reused(engine, visit, entry);
    default:
      return newState(visit, undefined, "missing");
  }
}

const codes: number[] = [];

/** A string of its own. A slice would keep the header that it was cut from. */
function copied(token: Token): string {
  for (let i = 0; i < 32; i++) codes[i] = token.charCodeAt(i + 27);
  return String.fromCharCode(...codes);
}

/** Two parties hold a copy of this session: it ends, with one event, whoever shows the old secret. */
function reused(engine: Engine, visit: Visit, entry: Entry): MaybePromise<SessionState> {
  if (entry.record.ended !== undefined) return newState(visit, undefined, "replaced");
  return andThen(endEntry(engine, entry, "reuse"), (byUs) => {
    if (byUs) engine.events.emit("reuse", eventOf(engine, entry.record));
    return newState(visit, undefined, "replaced");
  });
}

/** The state of a visit to a session that was proven, or needs no proof. @param successor the hash of an offered secret that showed itself for the first time. */
export function live(engine: Engine, visit: Visit, entry: Entry, successor?: string): MaybePromise<SessionState> {
  const { record } = entry;
  if (record.ended !== undefined) {
    const { at, reason } = endingOf(record.ended);
    const expired = reason === "idle" || reason === "absolute";
    const state = newState(visit, undefined, expired ? "expired" : "ended");
    state.late = !expired && engine.settings.clock.now() - at <= engine.settings.grace;
    return state;
  }
  const now = engine.settings.clock.now();
  if (expiryOf(entry, now) !== undefined) {
    void aside(engine, "end an expired session", () => endExpired(engine, entry));
    return newState(visit, undefined, "expired");
  }
  const below = engine.floors.below(entry, now);
  return isPromise(below) ? below.then((is) => above(engine, visit, entry, now, is, successor)) : above(engine, visit, entry, now, below, successor);
}

function above(engine: Engine, visit: Visit, entry: Entry, now: number, below: boolean, successor: string | undefined): SessionState {
  if (below) {
    void aside(engine, "end a session below a floor", () => endEntry(engine, entry, "revoked"));
    return newState(visit, undefined, "ended");
  }
  if (entry.confirmed !== never) entry.confirmed = now;
  const state = newState(visit, entry, undefined);
  if (successor !== undefined) confirm(engine, state, entry, successor, now);
  touch(engine, state, entry, visit.began ?? now);
  const { rotates } = visit;
  const due = rotates === true ? now - entry.secrets.issued >= engine.settings.rotateEvery : rotates === "now" && entry.secrets.seen === 0;
  if (due && successor === undefined && engine.calls.writable) state.rotating = announced(state);
  return state;
}

/**
 * Whether the door will settle. One that cannot hand anything back any more is no reason to refuse the session: the next request will be offered a
 * successor, and tries again what was lost.
 */
function announced(state: SessionState): boolean {
  try {
    if (!state.announced) state.visit.onPending?.();
    return (state.announced = true);
  } catch {
    return false;
  }
}

/** The successor has arrived: from now on the old secret has its grace and no more. If this is not written down, the next request tries again. */
function confirm(engine: Engine, state: SessionState, entry: Entry, hash: string, now: number): void {
  const change: Change = { id: entry.record.id, expect: entry.record.version, set: { [own.secret]: JSON.stringify(seen(entry.secrets, hash, now)) } };
  write(engine, state, "note that a successor was seen", change);
}

/** Activity is written down when it has run ahead of the record by more than `touch`; no request waits for it. */
function touch(engine: Engine, state: SessionState, entry: Entry, began: number): void {
  if (began - Math.max(entry.seen, entry.touching) <= engine.settings.touch) return;
  const before = entry.touching;
  entry.touching = began;
  const set = { [own.seen]: String(began), ...moved(entry, state.visit) };
  // The next request tries again: nobody who is active may seem idle because the store could not be written for a moment.
  const undone = (): void => {
    const latest = engine.entries.last(entry.record.id) ?? entry;
    if (latest.touching === began) latest.touching = before;
  };
  write(engine, state, "touch a session", { id: entry.record.id, expect: "live", ...fenceOf(state), set }, undone);
}

function moved(entry: Entry, visit: Visit): Readonly<Record<string, string>> | undefined {
  const field = clientField(visit);
  return field === undefined || field[own.client] === entry.record.fields[own.client] ? undefined : field;
}

/** A write that no request waits for. While the store takes no writes it is not tried: it would fail with each request, and be told each time. */
function write(engine: Engine, state: SessionState, doing: string, change: Change, undone?: () => void): void {
  if (!engine.calls.writable) {
    undone?.();
    return;
  }
  const done = (given: Outcome): void => {
    // Ended meanwhile: the request's own writes will hear it. A record that the store did not give may lack what others changed.
    const known = state.entry?.record;
    if (given.ok && given.record !== undefined && known?.id === change.id && known.version < given.version) adopt(engine, state, change, given);
  };
  const begun = aside(engine, doing, () => andThen(engine.calls.commit(change), done), undone);
  if (begun === undefined) return;
  state.touched = Promise.all([state.touched, begun]);
  // The answer would break it off: the door is to wait.
  if (!outlivesRequests) announced(state);
}

/** Does what no request waits for; its failure is told as an event. */
function aside(engine: Engine, doing: string, work: () => MaybePromise<unknown>, undone?: () => void): Promise<void> | undefined {
  const failed = (error: unknown): void => {
    undone?.();
    engine.events.emit("failed", { doing, error: error as SojournError });
  };
  try {
    const begun = work();
    return isPromise(begun) ? begun.then(() => undefined, failed) : undefined;
  } catch (error) {
    failed(error);
    return undefined;
  }
}
