import { isPromise } from "../../core/maybe.ts";
import type { MaybePromise, SessionId, StoreEvent } from "../../core/seam.ts";

/** Where a near cache hears of changes, if not from the store's feed: Redis' client tracking, for example. */
export interface Invalidations {
  /**
   * Tells the id of each session that changed, until the returned function is called. `"gap"`: some were missed, and from now on it tells again.
   * `"lost"`: it hears nothing until it says `"gap"`. A throw or a rejection is tried again.
   */
  subscribe(tell: (what: SessionId | "gap" | "lost") => void): MaybePromise<() => void>;
  /**
   * Whether it tells of every session, also of those that this process has not loaded. Default false, as with Redis' `CLIENT TRACKING` without `BCAST`:
   * then what a commit answers is not kept, for nobody would tell when it changes.
   */
  readonly everySession?: boolean;
}

/** What a near cache is told. */
export type Tell = (what: SessionId | StoreEvent | "gap" | "lost") => void;

/** A subscription that is begun again when it fails. */
export interface News {
  close(): void;
}

const shortest = 100;
const longest = 10_000;

/**
 * Keeps a subscription going.
 * @param heard called with whatever it tells, and with `"gap"` when it begins.
 */
export function news(subscribe: (tell: Tell) => MaybePromise<() => void>, heard: Tell): News {
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let pause = shortest;
  let lost = false;

  function begin(): void {
    timer = undefined;
    lost = false;
    let stopped: MaybePromise<() => void>;
    try {
      stopped = subscribe((what) => {
        if (what === "lost" || what === "gap") lost = what === "lost";
        if (!closed) heard(what);
      });
    } catch {
      return again();
    }
    if (isPromise(stopped)) stopped.then(began, again);
    else began(stopped);
  }

  function began(stopped: () => void): void {
    if (closed) return stopped();
    stop = stopped;
    pause = shortest;
    if (!lost) heard("gap");
  }

  /** Whoever reads goes to the store meanwhile, and hears from it what is wrong. */
  function again(): void {
    if (closed) return;
    timer = setTimeout(begin, pause);
    timer.unref();
    pause = Math.min(pause * 2, longest);
  }

  begin();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      stop?.();
    },
  };
}
