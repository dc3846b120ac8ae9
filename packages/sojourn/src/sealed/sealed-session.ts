import { outlivesRequests } from "#platform";
import { announce } from "../core/announce.ts";
import type { Calls } from "../core/calls.ts";
import type { Engine, SessionState } from "../core/engine.ts";
import { belongsSince } from "../core/entry.ts";
import { andThen, isPromise } from "../core/maybe.ts";
import { persist } from "../core/persist.ts";
import type { HandBack, Visit } from "../core/resumable.ts";
import type { MaybePromise } from "../core/seam.ts";
import { newState } from "../core/visit.ts";
import { arrive, nothingHeld, touched, type Arrival } from "./arrival.ts";
import { textBound } from "./box.ts";
import { heldCalls } from "./held-calls.ts";
import { heldEntries, type Held } from "./held.ts";
import type { SealedParts } from "./parts.ts";
import { seal, sealFitting, travelsAgain } from "./sealing.ts";

/** A visit's session and the engine that acts on it: all of core's acts, over one record. */
export interface SealedVisit {
  readonly engine: Engine;
  readonly state: SessionState;
}

/** @throws {SojournError} `store_unavailable` */
export function sealedVisit(parts: SealedParts, visit: Visit): MaybePromise<SealedVisit> {
  const { token } = visit;
  if (token === undefined) return begun(parts, visit, { held: nothingHeld(), refusal: undefined, late: false });
  const arrival = arrive(parts, token, visit);
  return isPromise(arrival) ? arrival.then((given) => begun(parts, visit, given)) : begun(parts, visit, arrival);
}

function begun(parts: SealedParts, visit: Visit, { held, refusal, late }: Arrival): SealedVisit {
  const state = newState(visit, held.entry, refusal);
  state.late = late;
  const engine = engineOf(parts, held);
  if (held.changed) announceQuietly(state);
  else if (held.entry !== undefined) touch(parts, held, state);
  return { engine, state };
}

/** Written out, and without what most visits never ask for: a spread of the shared parts costs as much as to open a token. */
function engineOf(parts: SealedParts, held: Held): Engine {
  const { settings, names, events, fields, floors, wakes } = parts.engine;
  const entries = heldEntries(held, parts.places?.entries);
  let made: Calls | undefined;
  const calls = (): Calls => (made ??= heldCalls(parts, held, entries));
  const engine: Engine = {
    settings,
    names,
    events,
    fields,
    floors,
    wakes,
    // No lease is ever taken.
    owner: "",
    calls: {
      writable: true,
      lags: false,
      load: (id) => calls().load(id),
      glance: (id) => calls().glance(id),
      commit: (change) => calls().commit(change),
      find: (query, page) => calls().find(query, page),
    },
    entries,
    seals: { token: (of) => tokenNow(parts, engine, held, of), handBack: (of) => handBack(parts, held, of) },
  };
  return engine;
}

/** Activity is written down, which here is to seal again, when it has run ahead of the token by more than `touch`. */
function touch(parts: SealedParts, held: Held, state: SessionState): void {
  const { entry } = held;
  const began = state.visit.began ?? parts.settings.clock.now();
  if (entry === undefined || began - entry.seen <= parts.settings.touch || !announceQuietly(state)) return;
  touched(held, began);
  state.entry = held.entry;
  if (parts.places === undefined || entry.auth === undefined) return;
  // The count of sessions has its own deadlines; no request waits for it.
  try {
    const noted = parts.places.touch(entry.record.id, began);
    if (!isPromise(noted)) return;
    const done = noted.catch((error: unknown) => parts.events.emit("failed", { doing: "touch a session", error: error as never }));
    if (!outlivesRequests) state.touched = done;
  } catch (error) {
    parts.events.emit("failed", { doing: "touch a session", error: error as never });
  }
}

/** A door that cannot hand anything back any more is no reason to refuse the session: the next request tries again. */
function announceQuietly(state: SessionState): boolean {
  try {
    announce(state);
    return true;
  } catch {
    return false;
  }
}

/** The token for a program, which no cookie's name is part of. What is pending is written first, where that needs no store. */
function tokenNow(parts: SealedParts, engine: Engine, held: Held, state: SessionState): string | undefined {
  if (state.pending !== undefined && parts.aside === undefined && !state.closed) void persist(engine, state);
  if (!held.changed || state.entry === undefined) return undefined;
  // From now on somebody may have it: what ends the session, or replaces its tokens, is written down.
  held.out = state.entry.record.id;
  const text = parts.asynchronous ? held.text : seal(parts, held, undefined);
  return isPromise(text) ? held.text : text;
}

/** What the client is to carry from now on. */
function handBack(parts: SealedParts, held: Held, state: SessionState): MaybePromise<HandBack | undefined> {
  const { entry, visit } = state;
  // A session that ended, and was not followed by another.
  if (entry === undefined) return state.handBack;
  held.entry = entry;
  const room = visit.room ?? textBound;
  if (!held.changed && !(held.wrote && travelsAgain(held, room))) return undefined;
  const now = parts.settings.clock.now();
  // It was replaced or ended while this request was under way, and wrote nothing itself: no answer of it may reach the newer one's cookie.
  if (
    held.out === entry.record.id &&
    parts.revocations?.refused(entry.record.id, held.generation, entry.record.subject, belongsSince(entry), now) !== undefined
  )
    return undefined;
  return andThen(sealFitting(parts, held, visit.place, room), (token) => ({ token, lasts: entry.life.absolute - now }));
}
