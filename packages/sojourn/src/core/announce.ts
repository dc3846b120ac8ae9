import type { SessionState } from "./engine.ts";
import { SojournError } from "./errors.ts";
import { readOnly } from "./outage.ts";

/** Tells the door once, before the first write. @throws {SojournError} `response_started`; `store_unavailable` while the session is served from memory */
export function announce(state: SessionState): void {
  if (state.closed) {
    throw new SojournError(
      "response_started",
      "The answer has begun, so the session takes no more writes. Write before the first byte is sent, or commit() first.",
    );
  }
  if (state.degraded !== undefined) throw readOnly(state.degraded);
  if (state.announced) return;
  state.visit.onPending?.();
  state.announced = true;
}
