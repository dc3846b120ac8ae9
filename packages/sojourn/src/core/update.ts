import { fenceOf, type Engine, type SessionState } from "./engine.ts";
import type { Entry } from "./entry.ts";
import { SojournError } from "./errors.ts";
import { adopt, persist, refusal, reload } from "./persist.ts";
import type { Change } from "./seam.ts";

const tries = 100;

/**
 * Changes one field by a function of its value: compare-and-set with retries, so that of many at once none is lost. Written at once and not
 * with the answer. The function may be called several times.
 * @throws {SojournError} `session_ended`, `invalid_field`, `stale` after 100 tries
 */
export async function update(engine: Engine, state: SessionState, name: string, fn: (value: unknown) => unknown): Promise<unknown> {
  // What this request has set already comes first: the function sees it.
  await persist(engine, state);
  if (state.entry === undefined) {
    const value = await fn(engine.fields.value(state, name));
    state.pending = new Map([[name, engine.fields.text(name, value)]]);
    await persist(engine, state);
    return value;
  }
  await state.touched;
  for (let n = 0; n < tries; n++) {
    const entry: Entry = state.entry;
    const value = await fn(engine.fields.value(state, name));
    const change: Change = { id: entry.record.id, expect: entry.record.version, ...fenceOf(state), set: { [name]: engine.fields.text(name, value) } };
    const outcome = await engine.calls.commit(change);
    if (outcome.ok) {
      adopt(engine, state, change, outcome);
      return value;
    }
    if (outcome.why !== "stale") throw refusal(outcome, state, change);
    if (n > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(2 ** n, 64)));
    await reload(engine, state, change);
  }
  throw new SojournError("stale", `The field ${JSON.stringify(name)} was changed by others ${tries} times in a row; nothing was written. Try again.`);
}
