import type { MaybePromise, Store } from "sojourn";
import { latencyGauge, type Latency, type LatencyGauge } from "./latency.ts";

/** A store, and how long it takes. */
export interface MeasuredStore {
  readonly store: Store;
  /** Loads and searches, and commits, of the last minute. */
  read(): { readonly reads: Latency; readonly writes: Latency };
}

/** The same store with all its powers; calls of it are timed, those that fail too. */
export function measuredStore(inner: Store): MeasuredStore {
  const reads = latencyGauge();
  const writes = latencyGauge();

  /** Written out for each verb: a closure a call would cost more than to look at the clock. */
  function noted<T>(gauge: LatencyGauge, began: number, answer: MaybePromise<T>): MaybePromise<T> {
    if (answer instanceof Promise) {
      const note = (): void => end(gauge, began);
      answer.then(note, note);
    } else end(gauge, began);
    return answer;
  }

  // Powers are found with `in`, which sees what is inherited; what a store's methods call `this` is still all of it.
  const store = Object.assign(Object.create(inner) as Store, {
    load(id, options) {
      const began = performance.now();
      let answer: ReturnType<Store["load"]>;
      try {
        answer = inner.load(id, options);
      } catch (error) {
        end(reads, began);
        throw error;
      }
      return noted(reads, began, answer);
    },
    find(query, page) {
      const began = performance.now();
      let answer: ReturnType<Store["find"]>;
      try {
        answer = inner.find(query, page);
      } catch (error) {
        end(reads, began);
        throw error;
      }
      return noted(reads, began, answer);
    },
    commit(change, options) {
      const began = performance.now();
      let answer: ReturnType<Store["commit"]>;
      try {
        answer = inner.commit(change, options);
      } catch (error) {
        end(writes, began);
        throw error;
      }
      return noted(writes, began, answer);
    },
  } satisfies Partial<Store>);
  return {
    store,
    read() {
      const now = performance.now();
      return { reads: reads.read(now), writes: writes.read(now) };
    },
  };
}

function end(gauge: LatencyGauge, began: number): void {
  const now = performance.now();
  gauge.note(now - began, now);
}
