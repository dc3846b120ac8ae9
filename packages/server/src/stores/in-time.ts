import { SojournError, type MaybePromise, type Store } from "sojourn";

/** Gives up a promise that takes too long. @throws what `late` makes */
export function inTime<T>(answer: MaybePromise<T>, ms: number, late: () => Error): MaybePromise<T> {
  if (!(answer instanceof Promise)) return answer;
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    answer.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

/**
 * A store whose every call is given up after so many ms: what a session manager sees to itself, for those who call a store without one. An engine that was
 * stopped, or that is cut off, does not answer and does not refuse either.
 */
export function storeInTime(store: Store, ms: number): Store {
  const silent = (): Error => new SojournError("store_unavailable", `The session store is unavailable: it did not answer within ${ms} ms.`);
  const unknown = (): Error =>
    new SojournError("outcome_unknown", `The session store did not say within ${ms} ms whether a write landed. Look before repeating it.`);
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + ms });
  return {
    load: (id) => inTime(store.load(id, deadline()), ms, silent),
    commit: (change) => inTime(store.commit(change, deadline()), ms, unknown),
    find: (query, page) => inTime(store.find(query, { ...page, ...deadline() }), ms, silent),
    close: () => store.close(),
  };
}
