import type { Engine, SessionState } from "./engine.ts";
import { expiryOf, type Entry } from "./entry.ts";
import { SojournError } from "./errors.ts";
import { andThen, isPromise } from "./maybe.ts";
import type { Visit } from "./resumable.ts";
import type { MaybePromise } from "./seam.ts";
import { idOf, type Token } from "./token.ts";
import { isProven, newState, stateOfVisit } from "./visit.ts";

/**
 * The state of a visit; while the store cannot be read, and if the settings say so, that of a session which this process knows, read-only.
 * @throws {SojournError} `store_unavailable`
 */
export function stateInOutage(engine: Engine, visit: Visit): MaybePromise<SessionState> {
  if (engine.settings.serve === 0) return stateOfVisit(engine, visit);
  try {
    const state = stateOfVisit(engine, visit);
    return isPromise(state) ? state.catch((error: unknown) => fromMemory(engine, visit, error)) : state;
  } catch (error) {
    return fromMemory(engine, visit, error);
  }
}

/**
 * Memory can show that a session was good a moment ago, and never that it is over or that a token is wrong: another process may have moved a
 * deadline or replaced the secret meanwhile. So a session is served or the error stands; nobody is told that they are not logged in.
 */
function fromMemory(engine: Engine, visit: Visit, error: unknown): MaybePromise<SessionState> {
  if (!(error instanceof SojournError) || error.code !== "store_unavailable") throw error;
  // Whoever got as far as the store has the shape of a token.
  const token = visit.token as Token;
  const entry = engine.entries.last(idOf(token));
  if (entry === undefined || !isGood(engine, entry)) throw error;
  return andThen(isProven(engine, entry, token), (proven) => {
    if (!proven) throw error;
    const state = newState(visit, entry, undefined);
    state.degraded = error;
    return state;
  });
}

function isGood(engine: Engine, entry: Entry): boolean {
  const { settings, names, floors } = engine;
  const now = settings.clock.now();
  if (Math.abs(now - entry.confirmed) > settings.serve) return false;
  if (entry.record.ended !== undefined || names.kindOf(entry.record.kind) === undefined) return false;
  return expiryOf(entry, now) === undefined && !floors.belowKnown(entry);
}

/** What a write to a session hears that is served from memory. */
export function readOnly(cause: SojournError): SojournError {
  return new SojournError(
    "store_unavailable",
    "The session store is unavailable: this session is served from memory, read-only, as it was a moment ago. Nothing was written. Try again when the store is back.",
    { cause },
  );
}
