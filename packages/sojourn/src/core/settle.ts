import { outlivesRequests } from "#platform";
import type { Engine, SessionState } from "./engine.ts";
import type { SojournError } from "./errors.ts";
import { isPromise } from "./maybe.ts";
import { offerSuccessor, persist } from "./persist.ts";
import type { HandBack } from "./resumable.ts";
import type { MaybePromise } from "./seam.ts";

/** The end of a visit: commits what is pending, offers a due successor, and says what to hand back. */
export function settle(engine: Engine, state: SessionState): MaybePromise<HandBack | undefined> {
  state.closed = true;
  const written = state.pending === undefined ? undefined : persist(engine, state);
  const waits = state.rotating || (!outlivesRequests && state.touched !== undefined);
  return isPromise(written) || waits ? settleLater(engine, state, written) : handBackOf(engine, state);
}

function handBackOf({ seals }: Engine, state: SessionState): MaybePromise<HandBack | undefined> {
  return seals === undefined ? state.handBack : seals.handBack(state);
}

async function settleLater(engine: Engine, state: SessionState, written: MaybePromise<void>): Promise<HandBack | undefined> {
  await written;
  if (state.rotating || !outlivesRequests) await state.touched;
  if (state.rotating) {
    try {
      await offerSuccessor(engine, state);
    } catch (error) {
      // Nobody asked for it, and the old secret is as good as it was: a store that cannot be written now is no reason to refuse the answer.
      engine.events.emit("failed", { doing: "offer a successor", error: error as SojournError });
    }
  }
  return handBackOf(engine, state);
}
