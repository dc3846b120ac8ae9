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
  function guarded<T>(what: string, late: typeof storeUnavailable, call: () => MaybePromise<T>): MaybePromise<T> {
    let answer: MaybePromise<T>;
    try {
      answer = call();
    } catch (error) {
      throw typed(error, what, late);
    }
    return isPromise(answer) ? inTime(answer, what, late) : answer;
  }

  function inTime<T>(answer: Promise<T>, what: string, late: typeof storeUnavailable): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(late(`${what} took longer than ${limit} ms`)), limit);
      answer.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(typed(error, what, late));
        },
      );
    });
  }

  return {
    load: (id) => guarded("load", storeUnavailable, () => store.load(id, { deadline: Date.now() + limit })),
    commit: (change) => guarded("commit", outcomeUnknown, () => store.commit(change, { deadline: Date.now() + limit })),
    find: (query, page) => guarded("find", storeUnavailable, () => store.find(query, { ...page, deadline: Date.now() + limit })),
  };
}

/** A store that throws anything but our own error gave no word on whether the write landed. */
function typed(error: unknown, what: string, late: typeof storeUnavailable): SojournError {
  return error instanceof SojournError ? error : late(`${what} failed`, error);
}
