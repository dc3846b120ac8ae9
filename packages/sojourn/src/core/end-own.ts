import { endEntry } from "./ending.ts";
import { fenceOf, type Engine, type SessionState } from "./engine.ts";
import { SojournError } from "./errors.ts";
import type { EndReason } from "./events.ts";
import { reload } from "./persist.ts";

/**
 * Ends the session that a request sees, and has its client forget it.
 * @throws {SojournError} `lease_lost`; `session_ended` when it has become somebody's since this request saw it without a subject
 */
export async function endOwn(engine: Engine, state: SessionState, reason: EndReason): Promise<void> {
  for (let entry = state.entry; entry !== undefined; entry = state.entry) {
    const { id, subject } = entry.record;
    try {
      await endEntry(engine, entry, reason, { by: subject === undefined ? undefined : engine.names.subjectOf(subject), ...fenceOf(state) });
      break;
    } catch (error) {
      // Somebody took a lease, which is no concern of a request without one, or logged in, which is.
      if (!(error instanceof SojournError) || error.code !== "lease_lost" || state.fence !== undefined) throw error;
      await reload(engine, state, { id, expect: "live" });
    }
  }
  Object.assign(state, {
    entry: undefined,
    fence: undefined,
    token: undefined,
    rotating: false,
    handBack: { token: undefined },
  } satisfies Partial<SessionState>);
}
