import { expiryOf, type Entry } from "./entry.ts";
import { eventOf, type Engine } from "./engine.ts";
import type { EndReason } from "./events.ts";
import { andThen } from "./maybe.ts";
import type { Change, Ending, MaybePromise } from "./seam.ts";

/**
 * Ends what an entry shows. True when this call did it; false when it had ended already or is gone.
 * @param exactly only this version: what was judged to be over may have been touched meanwhile.
 */
export function endEntry(engine: Engine, entry: Entry, reason: EndReason, by?: string, exactly = false): MaybePromise<boolean> {
  const { record } = entry;
  const at = engine.settings.clock.now();
  const ending: Ending = { at, reason, ...(by === undefined ? undefined : { by }) };
  const change: Change = {
    id: record.id,
    expect: exactly ? record.version : "live",
    ended: JSON.stringify(ending),
    wake: at + entry.life.retention,
  };
  return andThen(engine.calls.commit(change), (outcome) => {
    if (!outcome.ok) return false;
    // A sweep meets the sessions of every tenant in the store; only its own are its listeners' business.
    if (engine.names.kindOf(record.kind) !== undefined) engine.events.emit("ended", { ...eventOf(engine, record), at, reason, by });
    return true;
  });
}

/** Ends an entry whose deadline has passed, as whoever meets it does; a touch that came between wins. */
export function endExpired(engine: Engine, entry: Entry): MaybePromise<boolean> {
  const expiry = expiryOf(entry, engine.settings.clock.now());
  return expiry === undefined ? false : endEntry(engine, entry, expiry, undefined, true);
}
