import { outcomeUnknown, SojournError, storeUnavailable } from "./errors.ts";
import { isPromise } from "./maybe.ts";
import type { Change, Found, MaybePromise, Outcome, Page, Query, SessionId, SessionRecord, Store } from "./seam.ts";

/** The store's verbs with a deadline on each: a store that hangs or breaks becomes a typed error, never a request that waits for ever. */
export interface Calls {
  load(id: SessionId): MaybePromise<SessionRecord | undefined>;
  commit(change: Change): MaybePromise<Outcome>;
  find(query: Query, page?: Page): MaybePromise<Found>;
}

/** @param limit ms that a call may take. Deadlines are given by the machine's clock, whatever clock the manager judges by. */
export function callsOf(store: Store, limit: number): Calls {
  const inTime = giveUpAfter(limit);
  // Written out three times, for a closure a call would cost as much as a read from memory does.
  return {
    load(id) {
      let answer: MaybePromise<SessionRecord | undefined>;
      try {
        answer = store.load(id, { deadline: Date.now() + limit });
      } catch (error) {
        throw typed(error, "load", storeUnavailable);
      }
      return isPromise(answer) ? inTime(answer, "load", storeUnavailable) : answer;
    },
    commit(change) {
      let answer: MaybePromise<Outcome>;
      try {
        answer = store.commit(change, { deadline: Date.now() + limit });
      } catch (error) {
        throw typed(error, "commit", outcomeUnknown);
      }
      return isPromise(answer) ? inTime(answer, "commit", outcomeUnknown) : answer;
    },
    find(query, page) {
      let answer: MaybePromise<Found>;
      try {
        answer = store.find(query, { ...page, deadline: Date.now() + limit });
      } catch (error) {
        throw typed(error, "find", storeUnavailable);
      }
      return isPromise(answer) ? inTime(answer, "find", storeUnavailable) : answer;
    },
  };
}

/** Gives an answer up when it takes too long. */
type InTime = <T>(answer: Promise<T>, what: string, late: typeof storeUnavailable) => Promise<T>;

interface Waiting {
  readonly until: number;
  /** `undefined` once the answer came. */
  giveUp: (() => void) | undefined;
}

/** All calls may take equally long, so they run out in the order in which they began: one timer serves them all, and none costs a timer of its own. */
function giveUpAfter(limit: number): InTime {
  const queue: Waiting[] = [];
  let head = 0;
  let timer: { unref?(): void } | number | undefined;

  /** Those in front that were answered are forgotten, mostly long before they are old. */
  function forgetAnswered(): Waiting | undefined {
    while (head < queue.length && queue[head]?.giveUp === undefined) head++;
    if (head === queue.length || head > 1_000) head -= queue.splice(0, head).length;
    return queue[head];
  }

  function look(): void {
    const now = performance.now();
    let first = forgetAnswered();
    while (first !== undefined && first.until <= now) {
      first.giveUp?.();
      first.giveUp = undefined;
      first = forgetAnswered();
    }
    timer = undefined;
    if (first !== undefined) arm(first.until - now);
  }

  function arm(ms: number): void {
    timer = setTimeout(look, Math.max(1, ms));
    // A store that is at work keeps the process alive by itself; a script that ends is not held back.
    if (typeof timer === "object") timer.unref?.();
  }

  return <T>(answer: Promise<T>, what: string, late: typeof storeUnavailable) =>
    new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { until: performance.now() + limit, giveUp: () => reject(late(`${what} took longer than ${limit} ms`)) };
      forgetAnswered();
      queue.push(waiting);
      if (timer === undefined) arm(limit);
      answer.then(
        (value) => {
          waiting.giveUp = undefined;
          resolve(value);
        },
        (error: unknown) => {
          waiting.giveUp = undefined;
          reject(typed(error, what, late));
        },
      );
    });
}

/** A store that throws anything but our own error gave no word on whether the write landed. */
function typed(error: unknown, what: string, late: typeof storeUnavailable): SojournError {
  return error instanceof SojournError ? error : late(`${what} failed`, error);
}
