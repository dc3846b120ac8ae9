import { inBackground, type Engine, type SessionState } from "./engine.ts";
import { deadlineOf, own, type Entry } from "./entry.ts";
import { SojournError } from "./errors.ts";
import { live } from "./visit.ts";

/** The text of `$due`. @throws {SojournError} `invalid_field` */
export function dueText(at: number): string {
  if (Number.isSafeInteger(at)) return String(at);
  throw new SojournError("invalid_field", `wakeAt is ${String(at)}. Give epoch milliseconds.`);
}

/** Who is called when what sessions asked for is due. */
export interface Wakes {
  /** @param kind as stores know it. @returns takes the handler away. */
  handle(kind: string, handler: Handler): () => void;
  /** To be called with a live session that is due. True when this call moved it on. */
  due(entry: Entry, now: number): Promise<boolean>;
  /** Resolves when no handler is at work any more. */
  idle(): Promise<void>;
}

type Handler = (state: SessionState) => Promise<void>;

/** How long a handler has (ms) before the session is due again, for whoever comes first. */
const hold = 30_000;
/** For how long (ms) a session of a kind that has no handler here is left to processes that have one. */
const courtesy = 3_000;
/** When it is looked at again, if it had none (ms): what is due must not hide other sessions from the sweep. */
const pause = 10_000;
const tries = 5;

/** @param given the engine, which is not whole yet. */
export function wakesOf(given: () => Engine): Wakes {
  const handlers = new Map<string, Handler>();
  const working = new Set<Promise<void>>();

  async function call(engine: Engine, entry: Entry, handler: Handler): Promise<void> {
    // The wake is not the client's doing: it does not count as activity.
    const state = await live(engine, { began: entry.seen }, entry);
    if (state.entry === undefined) return;
    await handler(state);
    await done(engine, entry);
  }

  /** Nothing is due any more, unless the handler, or somebody else meanwhile, has asked for another moment. */
  async function done({ calls, entries }: Engine, { record: { id }, due }: Entry): Promise<void> {
    for (let n = 0; n < tries; n++) {
      const record = await calls.load(id);
      const entry = record === undefined || record.ended !== undefined ? undefined : entries.of(record);
      if (entry === undefined || entry.due !== due) return;
      const outcome = await calls.commit({ id, expect: entry.record.version, unset: [own.due], wake: deadlineOf(entry) });
      if (outcome.ok) return;
    }
  }

  return {
    handle(kind, handler) {
      handlers.set(kind, handler);
      return () => void (handlers.get(kind) === handler && handlers.delete(kind));
    },
    async due(entry, now) {
      const engine = given();
      const { id, version, kind } = entry.record;
      const handler = handlers.get(kind);
      if (handler === undefined && now - (entry.due ?? now) < courtesy) return false;
      const change = { id, expect: version, wake: Math.min(deadlineOf(entry), now + (handler === undefined ? pause : hold)) };
      const outcome = await engine.calls.commit(change);
      if (!outcome.ok || handler === undefined) return outcome.ok;
      const record = outcome.record ?? (await engine.calls.load(id));
      const claimed = record === undefined ? undefined : engine.entries.of(record);
      if (claimed === undefined) return true;
      const work = inBackground(engine, "wake a session", call(engine, claimed, handler)).finally(() => working.delete(work));
      working.add(work);
      return true;
    },
    async idle() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}
