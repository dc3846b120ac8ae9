import { expiryOf, never, type Entry } from "./entry.ts";
import { eventOf, type Engine } from "./engine.ts";
import { leaseLost } from "./errors.ts";
import type { EndReason } from "./events.ts";
import { andThen } from "./maybe.ts";
import type { Change, Ending, MaybePromise } from "./seam.ts";

/** How a session is ended. */
export interface EndOptions {
  /** Who does it. */
  readonly by?: string | undefined;
  /** Only this version: what was judged to be over may have been touched meanwhile. */
  readonly exactly?: boolean;
  /** The epoch of the lease under which it is done. */
  readonly fence?: number | undefined;
}

/**
 * Ends what an entry shows. True when this call did it; false when it had ended already or is gone.
 * @throws {SojournError} `lease_lost`, with a fence
 */
export function endEntry(engine: Engine, entry: Entry, reason: EndReason, { by, exactly = false, fence }: EndOptions = {}): MaybePromise<boolean> {
  const { record } = entry;
  // Whatever comes of it: no outage makes this process serve from memory what it was told to end.
  entry.confirmed = never;
  const latest = engine.entries.last(record.id);
  if (latest !== undefined) latest.confirmed = never;
  const at = engine.settings.clock.now();
  const ending: Ending = { at, reason, ...(by === undefined ? undefined : { by }) };
  const change: Change = {
    id: record.id,
    expect: exactly ? record.version : "live",
    ...(fence === undefined ? undefined : { fence }),
    ended: JSON.stringify(ending),
    wake: at + entry.life.retention,
  };
  return andThen(engine.calls.commit(change), (outcome) => {
    if (!outcome.ok && outcome.why === "fenced") throw leaseLost();
    if (!outcome.ok) return false;
    // A sweep meets the sessions of every tenant in the store; only its own are its listeners' business.
    if (engine.names.kindOf(record.kind) !== undefined) engine.events.emit("ended", { ...eventOf(engine, record), at, reason, by });
    return true;
  });
}

/** Ends an entry whose deadline has passed, as whoever meets it does; a touch that came between wins. */
export function endExpired(engine: Engine, entry: Entry): MaybePromise<boolean> {
  const expiry = expiryOf(entry, engine.settings.clock.now());
  return expiry === undefined ? false : endEntry(engine, entry, expiry, { exactly: true });
}
