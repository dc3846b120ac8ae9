import { checkCount, commitClaiming, storedAliases } from "./claiming.ts";
import { create } from "./creation.ts";
import type { Engine, SessionState } from "./engine.ts";
import { anonymous, ended, merge, persist } from "./persist.ts";

/**
 * Gives a session further names, all of them or none, written at once, after what is pending. A session that does not exist yet begins.
 * @throws {SojournError} `alias_taken`, `too_large`, `invalid_field`, `session_ended`, `lease_lost`
 */
export async function claim(engine: Engine, state: SessionState, aliases: readonly string[]): Promise<void> {
  const claims = await storedAliases(engine, aliases);
  if (state.entry === undefined) {
    if (state.late) throw ended();
    return create(engine, state, { ...anonymous(engine), claims });
  }
  await persist(engine, state);
  await state.touched;
  checkCount(engine, new Set([...state.entry.record.aliases, ...claims]).size);
  await merge(engine, state, { claim: claims }, (change) => commitClaiming(engine, change));
}

/** Takes names away from a session; those that it does not hold are passed over. @throws {SojournError} `session_ended`, `lease_lost` */
export async function release(engine: Engine, state: SessionState, aliases: readonly string[]): Promise<void> {
  const released = await storedAliases(engine, aliases);
  await persist(engine, state);
  await state.touched;
  if (state.entry === undefined) return;
  await merge(engine, state, { release: released });
}
