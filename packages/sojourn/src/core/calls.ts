import { outlivesRequests } from "#platform";
import { breaker, noBreaker, type Breaker, type BreakerSettings, type Outage } from "./breaker.ts";
import { outcomeUnknown, SojournError, storeUnavailable } from "./errors.ts";
import { isPromise } from "./maybe.ts";
import type { Change, CountableStore, Found, MaybePromise, Outcome, Page, Query, SessionId, SessionRecord, Store } from "./seam.ts";

/**
 * The store's verbs with a deadline on each: a store that hangs or breaks becomes a typed error, never a request that waits for ever. One that
 * keeps failing is left alone for a while, reads and writes apart: a store may well read and not write.
 */
export interface Calls {
  /** Whether a commit would be sent to the store now. What nobody waits for is better put off than refused. */
  readonly writable: boolean;
  /** Whether a glance may be behind what others have done. */
  readonly lags: boolean;
  /** As the store has it now. */
  load(id: SessionId): MaybePromise<SessionRecord | undefined>;
  /** As it was a moment ago, where the store keeps a copy that may lag. */
  glance(id: SessionId): MaybePromise<SessionRecord | undefined>;
  commit(change: Change): MaybePromise<Outcome>;
  find(query: Query, page?: Page): MaybePromise<Found>;
  /** How many of a kind have not ended; absent where the store does not count. */
  readonly count?: (query: { readonly kind: string }) => MaybePromise<number>;
}

/** How long a call may take (ms, by the machine's clock, whatever clock the manager judges by), and when the store is left alone; `undefined`: never. */
export interface CallLimits {
  readonly deadline: number;
  readonly breaker: BreakerSettings | undefined;
}

/** @param tell when reads or writes are given up, and when they are back. */
export function callsOf(store: Store, limits: CallLimits, tell: (what: "reads" | "writes", outage: Outage) => void): Calls {
  const { deadline: limit, breaker: rests } = limits;
  // A timer that dies with the request of one call must not be what another waits for.
  const inTime: InTime = outlivesRequests ? giveUpAfter(limit) : (answer, what, late, health) => giveUpAfter(limit)(answer, what, late, health);
  const reads = rests === undefined ? noBreaker : breaker("reads", rests, (outage) => tell("reads", outage));
  const writes = rests === undefined ? noBreaker : breaker("writes", rests, (outage) => tell("writes", outage));
  // Written out for each verb: a closure a call would cost as much as a read from memory does.
  return {
    lags: "lag" in store,
    get writable() {
      return writes.admits;
    },
    load(id) {
      if (reads.alert) reads.admit();
      let answer: MaybePromise<SessionRecord | undefined>;
      try {
        answer = store.load(id, { deadline: Date.now() + limit, fresh: true });
      } catch (error) {
        throw failed(reads, reads.round, typed(error, "load", storeUnavailable));
      }
      if (isPromise(answer)) return inTime(answer, "load", storeUnavailable, reads);
      if (reads.alert) reads.answered(reads.round);
      return answer;
    },
    glance(id) {
      if (reads.alert) reads.admit();
      let answer: MaybePromise<SessionRecord | undefined>;
      try {
        answer = store.load(id, { deadline: Date.now() + limit });
      } catch (error) {
        throw failed(reads, reads.round, typed(error, "load", storeUnavailable));
      }
      if (isPromise(answer)) return inTime(answer, "load", storeUnavailable, reads);
      if (reads.alert) reads.answered(reads.round);
      return answer;
    },
    commit(change) {
      if (writes.alert) writes.admit();
      let answer: MaybePromise<Outcome>;
      try {
        answer = store.commit(change, { deadline: Date.now() + limit });
      } catch (error) {
        throw failed(writes, writes.round, typed(error, "commit", outcomeUnknown));
      }
      if (isPromise(answer)) return inTime(answer, "commit", outcomeUnknown, writes);
      if (writes.alert) writes.answered(writes.round);
      return answer;
    },
    find(query, page) {
      if (reads.alert) reads.admit();
      let answer: MaybePromise<Found>;
      try {
        answer = store.find(query, { ...page, deadline: Date.now() + limit });
      } catch (error) {
        throw failed(reads, reads.round, typed(error, "find", storeUnavailable));
      }
      if (isPromise(answer)) return inTime(answer, "find", storeUnavailable, reads);
      if (reads.alert) reads.answered(reads.round);
      return answer;
    },
    ...("count" in store && {
      count(query) {
        if (reads.alert) reads.admit();
        let answer: MaybePromise<number>;
        try {
          answer = (store as Store & CountableStore).count(query);
        } catch (error) {
          throw failed(reads, reads.round, typed(error, "count", storeUnavailable));
        }
        if (isPromise(answer)) return inTime(answer, "count", storeUnavailable, reads);
        if (reads.alert) reads.answered(reads.round);
        return answer;
      },
    }),
  };
}

/** Gives an answer up when it takes too long. */
type InTime = <T>(answer: Promise<T>, what: string, late: typeof storeUnavailable, health: Breaker) => Promise<T>;

interface Waiting {
  readonly until: number;
  /** `undefined` once the answer came, or was given up. */
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

  return <T>(answer: Promise<T>, what: string, late: typeof storeUnavailable, health: Breaker) =>
    new Promise<T>((resolve, reject) => {
      const { round } = health;
      const waiting: Waiting = {
        until: performance.now() + limit,
        giveUp: () => reject(failed(health, round, late(`${what} took longer than ${limit} ms`))),
      };
      forgetAnswered();
      queue.push(waiting);
      if (timer === undefined) arm(limit);
      answer.then(
        (value) => {
          if (waiting.giveUp === undefined) return;
          waiting.giveUp = undefined;
          if (health.alert) health.answered(round);
          resolve(value);
        },
        (error: unknown) => {
          if (waiting.giveUp === undefined) return;
          waiting.giveUp = undefined;
          reject(failed(health, round, typed(error, what, late)));
        },
      );
    });
}

function failed(health: Breaker, round: number, error: SojournError): SojournError {
  health.failed(round, error);
  return error;
}

/** A store that throws anything but our own error gave no word on whether the write landed. */
function typed(error: unknown, what: string, late: typeof storeUnavailable): SojournError {
  return error instanceof SojournError ? error : late(`${what} failed`, error);
}
