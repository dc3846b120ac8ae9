import { endExpired } from "./ending.ts";
import { inBackground, type Engine } from "./engine.ts";
import { expiryOf, wakeOf } from "./entry.ts";
import { isOwnKind } from "./names.ts";
import type { MaybePromise, SessionRecord } from "./seam.ts";

/** Claims due wakes until it is stopped. */
export interface Sweep {
  stop(): Promise<void>;
}

const pageSize = 256;

/**
 * Every interval: what is due is ended, re-armed or erased. Each record is claimed by compare-and-set, so any number of processes may sweep;
 * the order within a page is random, so that they seldom meet. A touch moves no wake, so what was touched is re-armed here.
 */
export function startSweep(engine: Engine): Sweep {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> = Promise.resolve();

  function tick(): void {
    running = inBackground(
      engine,
      "sweep",
      sweepOnce(engine, () => stopped),
    ).then(() => {
      // Jitter keeps the sweeps of several processes apart.
      if (!stopped) timer = setTimeout(tick, engine.settings.sweep * (0.75 + Math.random() / 2));
    });
  }

  tick();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Handles all that is due now. */
export async function sweepOnce(engine: Engine, stopped: () => boolean = () => false): Promise<void> {
  for (;;) {
    const now = engine.settings.clock.now();
    const { records } = await engine.calls.find({ wakeBefore: now }, { limit: pageSize });
    const handled = await Promise.all(shuffled(records).map((record) => handle(engine, record, now)));
    // Somebody else took them all, or there was nothing: the rest waits for the next tick.
    if (records.length < pageSize || stopped() || !handled.includes(true)) return;
    await turn();
  }
}

/** A store that answers at once would otherwise have its requests wait until all that is due is done. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** True when this call moved the record on. Records of other tenants too: the store's wakes have one order. */
function handle(engine: Engine, record: SessionRecord, now: number): MaybePromise<boolean> {
  const { id, version } = record;
  const entry = isOwnKind(record.kind) ? undefined : engine.entries.of(record);
  // Floors and checkpoints have one wake: the end of their time.
  if (record.ended !== undefined || isOwnKind(record.kind)) {
    return committed(engine.calls.commit({ id, expect: version, erase: true }));
  }
  // What cannot be read is left alone, and looked at again later.
  if (entry === undefined) return committed(engine.calls.commit({ id, expect: version, wake: now + unreadablePause }));
  if (expiryOf(entry, now) !== undefined) return endExpired(engine, entry);
  if (entry.due !== undefined && entry.due <= now) return engine.wakes.due(entry, now);
  return committed(engine.calls.commit({ id, expect: version, wake: wakeOf(entry) }));
}

const unreadablePause = 3_600_000;

async function committed(outcome: MaybePromise<{ readonly ok: boolean }>): Promise<boolean> {
  return (await outcome).ok;
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
