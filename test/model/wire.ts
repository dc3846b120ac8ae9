import { SojournError, type MaybePromise, type Store } from "sojourn";
import type { Fault } from "./commands.ts";

/** What lies between one process and the store: it delays, and it fails once when told to. */
export interface Wire {
  readonly store: Store;
  /** Turns of the microtask queue that the next calls and answers take, one after the other; 0: the store answers at once if it can. */
  hops: () => number;
  fault: Fault | undefined;
  /** Whether anything is on its way. */
  busy(): boolean;
}

export function wire(inner: Store): Wire {
  let under = 0;
  let calls = 0;
  let fault: Fault | undefined;

  function pass<T>(writes: boolean, call: () => MaybePromise<T>): MaybePromise<T> {
    calls++;
    const wrong = fault?.call === calls ? fault.what : undefined;
    const there = self.hops();
    if (wrong === undefined && there === 0) return counted(call());
    const back = self.hops();
    const faulted = (): MaybePromise<T> => {
      if (wrong === "fails" || (wrong !== undefined && !writes)) throw new SojournError("store_unavailable", "Planted: nothing was done.");
      if (wrong === undefined) return call();
      const lost = (): never => {
        throw new SojournError("outcome_unknown", "Planted: it was done, and the answer got lost.");
      };
      const answer = call();
      return answer instanceof Promise ? answer.then(lost) : lost();
    };
    return there === 0 ? counted(faulted()) : counted(later(faulted, there, back));
  }

  function counted<T>(answer: MaybePromise<T>): MaybePromise<T> {
    if (!(answer instanceof Promise)) return answer;
    under++;
    return answer.finally(() => under--);
  }

  const self: Wire = {
    store: {
      load: (id, options) => pass(false, () => inner.load(id, options)),
      commit: (change, options) => pass(true, () => inner.commit(change, options)),
      find: (query, page) => pass(false, () => inner.find(query, page)),
      close: () => inner.close(),
    },
    hops: () => 0,
    get fault() {
      return fault;
    },
    set fault(given) {
      fault = given;
      calls = 0;
    },
    busy: () => under > 0,
  };
  return self;
}

async function later<T>(call: () => MaybePromise<T>, there: number, back: number): Promise<T> {
  for (let n = 0; n < there; n++) await undefined;
  const answer = await call();
  for (let n = 0; n < back; n++) await undefined;
  return answer;
}
