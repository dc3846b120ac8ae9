import type { Clock } from "./clock.ts";

/** The machine's clock has jumped. */
export interface ClockJump {
  /** ms by which it is ahead of the time that goes on; below 0: behind. */
  readonly by: number;
  /** `held`: the time goes on as before. `believed`: it was held for long, and now the machine's clock is followed. `over`: the clock came back. */
  readonly state: "held" | "believed" | "over";
}

/** Where the time comes from. */
export interface TimeSources {
  /** Epoch ms; can be set. */
  readonly wall?: () => number;
  /** ms since some moment; runs on whatever is set. */
  readonly monotonic?: () => number;
}

/** A smaller difference is followed at once (ms). */
const tolerance = 1_000;
/** A jump that lasts longer is believed (ms): the machine was asleep, or had been wrong. */
const patience = 600_000;

/**
 * The machine's clock, but for its jumps. A clock that is set a day ahead by mistake would log everybody out and erase what they had; one that is
 * set back would keep alive what has been over. So the time goes on as it did. A jump ahead that lasts is believed after 10 minutes; behind a
 * clock that was set back the time then goes at half speed until that has caught up. It never runs backwards.
 */
export function steadyClock(tell: (jump: ClockJump) => void, { wall = Date.now, monotonic = () => performance.now() }: TimeSources = {}): Clock {
  /** The last look at both clocks, and the time that was given then. */
  let seenWall = wall();
  let seenMonotonic = monotonic();
  let time = seenWall;
  /** How far the machine's clock was ahead when it jumped, and since when (monotonic). */
  let jump: { readonly by: number; readonly since: number; readonly believed: boolean } | undefined;
  let given = time;

  function look(w: number): number {
    const m = monotonic();
    const behind = jump?.believed === true;
    const passed = Math.max(0, m - seenMonotonic);
    const elapsed = behind ? Math.max(passed / 2, Math.min(passed, w - time)) : passed;
    const ahead = w - (time + elapsed);
    seenWall = w;
    seenMonotonic = m;
    time += elapsed;
    if (Math.abs(ahead) <= tolerance) {
      time = w;
      if (jump !== undefined) tell({ by: Math.round(ahead), state: "over" });
      jump = undefined;
    } else if (jump === undefined || Math.sign(jump.by) !== Math.sign(ahead) || (!behind && Math.abs(ahead - jump.by) > tolerance)) {
      jump = { by: ahead, since: m, believed: false };
      tell({ by: Math.round(ahead), state: "held" });
    } else if (!behind && m - jump.since > patience) {
      tell({ by: Math.round(ahead), state: "believed" });
      if (ahead > 0) time = w;
      jump = ahead > 0 ? undefined : { ...jump, believed: true };
    }
    return time;
  }

  return {
    now() {
      const w = wall();
      // Asking the monotonic clock too would cost more than all the rest: once a second is enough to see a jump.
      const next = jump === undefined && w >= seenWall && w - seenWall < tolerance ? w : Math.floor(look(w));
      return (given = Math.max(given, next));
    },
  };
}
