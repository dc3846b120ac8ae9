import { milliseconds, type Duration } from "./duration.ts";
import type { Engine, SessionState } from "./engine.ts";
import { own, type Entry } from "./entry.ts";
import { SojournError } from "./errors.ts";
import { objectOf } from "./own-fields.ts";
import { adopt, persist, refusal, reload } from "./persist.ts";
import type { Change, SessionId, SessionRecord } from "./seam.ts";

/** How a lease is taken. */
export interface LeaseOptions {
  /** How long it lasts unless it is renewed. Default 30 seconds. */
  readonly for?: Duration;
  /** Who takes it: a name of the process or of its part. Default: the manager's own, another one in each process. */
  readonly owner?: string;
  /** Takes it from a holder whose time is not over, as when the client has come back to another process. Default false. */
  readonly takeOver?: boolean;
}

/**
 * The right to act for a session, held by one at a time. As long as it is held, everything that the session writes carries its epoch; once
 * another has taken the lease, each such write is refused (`lease_lost`), however late it comes and whatever the clocks say.
 */
export interface Lease {
  /** Grows each time that the lease is taken, and when somebody logs in to a session that had no subject: a lease of before is lost then. */
  readonly epoch: number;
  /** Epoch ms at which others may take it. */
  readonly until: number;
  /** Makes it last for that long from now on. False: it is lost. Default: as long as at first. */
  renew(duration?: Duration): Promise<boolean>;
  /** Gives it back, if it is still held. */
  release(): Promise<void>;
}

const tries = 20;

/** The text of `$lease`. */
interface Holder {
  readonly by: string;
  /** Epoch ms. */
  readonly until: number;
}

/** Takes the lease of a session: `undefined` while another holds it. @throws {SojournError} `session_missing`, `session_ended`, `stale` */
export async function lease(engine: Engine, state: SessionState, options: LeaseOptions): Promise<Lease | undefined> {
  const { clock } = engine.settings;
  const length = milliseconds(options.for ?? "30s", "for");
  const by = options.owner ?? engine.owner;
  if (state.entry === undefined) throw new SojournError("session_missing", "There is no session to take the lease of. The first write begins one.");
  await persist(engine, state);
  await state.touched;
  for (let n = 0; n < tries; n++) {
    const entry: Entry = state.entry;
    const { id, version, epoch } = entry.record;
    const now = clock.now();
    const holder = holderOf(entry.record);
    const free = holder === undefined || holder.until <= now || holder.by === by || options.takeOver === true;
    // What this request knows may be old: a holder is only believed after a look at the store.
    if (!free && n > 0) return undefined;
    const change: Change = { id, expect: version, epoch: epoch + 1, set: { [own.lease]: textOf(by, now + length) } };
    if (free) {
      const outcome = await engine.calls.commit(change);
      if (outcome.ok) {
        adopt(engine, state, change, outcome);
        state.fence = epoch + 1;
        return held(engine, state, { id, by, epoch: epoch + 1 }, now + length, length);
      }
      if (outcome.why !== "stale") throw refusal(outcome, state, change);
    }
    await reload(engine, state, change);
  }
  throw new SojournError("stale", `The session was changed by others ${tries} times in a row; its lease was not taken. Try again.`);
}

/** Of which session, for whom, and the how manyth. */
interface Taken {
  readonly id: SessionId;
  readonly by: string;
  readonly epoch: number;
}

function held(engine: Engine, state: SessionState, taken: Taken, first: number, length: number): Lease {
  const { by, epoch } = taken;
  let until = first;
  const drop = (): void => {
    if (state.fence === epoch && isOf(state, taken)) state.fence = undefined;
  };
  return {
    epoch,
    get until() {
      return until;
    },
    async renew(duration) {
      const next = engine.settings.clock.now() + (duration === undefined ? length : milliseconds(duration, "renew"));
      if (!(await written(engine, state, taken, { set: { [own.lease]: textOf(by, next) } }))) return false;
      until = next;
      return true;
    },
    async release() {
      await written(engine, state, taken, { unset: [own.lease] });
      drop();
    },
  };
}

/** Whether the request still has the session that the lease is of: a log-in as another begins a new one, whose epochs begin anew. */
function isOf({ entry }: SessionState, { id }: Taken): boolean {
  return entry === undefined || entry.record.id === id;
}

/** False when the lease is lost, or the session is over. */
async function written(engine: Engine, state: SessionState, taken: Taken, part: Pick<Change, "set" | "unset">): Promise<boolean> {
  if (state.entry === undefined || !isOf(state, taken)) return false;
  const change: Change = { id: taken.id, expect: "live", fence: taken.epoch, ...part };
  const outcome = await engine.calls.commit(change);
  if (outcome.ok) adopt(engine, state, change, outcome);
  return outcome.ok;
}

function holderOf(record: SessionRecord): Holder | undefined {
  const text = record.fields[own.lease];
  if (text === undefined) return undefined;
  try {
    const { by, until } = objectOf(text);
    return { by: String(by), until: Number(until) || 0 };
  } catch {
    return undefined;
  }
}

function textOf(by: string, until: number): string {
  return JSON.stringify({ by, until } satisfies Holder);
}
