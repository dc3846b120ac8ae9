import { storeUnavailable } from "../core/errors.ts";
import type { Change, CountableStore, MaybePromise, Page, Query, SessionId, Store, WatchableStore } from "../core/seam.ts";

/** A call of a store, as a {@link FaultPlan} sees it. */
export type StoreCall = {
  /** How many calls came before this one. */
  readonly n: number;
} & (
  | { readonly verb: "load"; readonly id: SessionId }
  | { readonly verb: "commit"; readonly id: SessionId; readonly change: Change }
  | { readonly verb: "find"; readonly query: Query; readonly page: Page | undefined }
  | { readonly verb: "watch" | "count" | "close" }
);

/** What goes wrong with a call. */
export type Fault =
  /** It fails with `store_unavailable`; the store is not asked, so nothing lands. */
  | { readonly fault: "before" }
  /** The store does it, and the connection breaks before the answer comes: a write has landed, and nobody knows. */
  | { readonly fault: "after" }
  /** There is no answer, ever, and nothing lands. */
  | { readonly fault: "hang" }
  /** There is no answer, ever, and the store does it only after so many ms: a write lands when nobody waits for it any more. */
  | { readonly fault: "hang-then-land"; readonly ms: number }
  /** The answer takes so many ms longer. */
  | { readonly fault: "slow"; readonly ms: number }
  /** It throws this, as a driver throws its own errors; the store is not asked. */
  | { readonly fault: "throw"; readonly error: unknown };

/** Called with each call, in their order: says what goes wrong with it, or `undefined` for nothing. Plain code, so a test may change its mind. */
export type FaultPlan = (call: StoreCall) => Fault | undefined;

/**
 * The same store, whose calls go wrong as the plan says. It keeps the store's powers (`watch`, `count`, …). A call that goes right is answered as
 * the store answers it, at once or later.
 */
export function failingStore<S extends Store>(store: S, plan: FaultPlan): S {
  let calls = 0;

  function faulty<T>(call: StoreCall, run: () => MaybePromise<T>): MaybePromise<T> {
    const given = plan(call);
    if (given === undefined) return run();
    switch (given.fault) {
      case "before":
        throw storeUnavailable("the plan of faults says so");
      case "throw":
        throw given.error;
      case "after":
        return lostAnswer(run);
      case "hang":
        return new Promise(() => undefined);
      case "hang-then-land":
        setTimeout(() => void settled(run), given.ms);
        return new Promise(() => undefined);
      case "slow":
        return later(given.ms).then(run);
    }
  }

  const { watch, count } = store as Partial<WatchableStore & CountableStore>;
  return {
    ...store,
    load: (id, options) => faulty({ n: calls++, verb: "load", id }, () => store.load(id, options)),
    commit: (change, options) => faulty({ n: calls++, verb: "commit", id: change.id, change }, () => store.commit(change, options)),
    find: (query, page) => faulty({ n: calls++, verb: "find", query, page }, () => store.find(query, page)),
    close: () => faulty({ n: calls++, verb: "close" }, () => store.close()),
    ...(watch && { watch: (...args: Parameters<typeof watch>) => faulty({ n: calls++, verb: "watch" }, () => watch.apply(store, args)) }),
    ...(count && { count: (...args: Parameters<typeof count>) => faulty({ n: calls++, verb: "count" }, () => count.apply(store, args)) }),
  } satisfies Store & Partial<WatchableStore & CountableStore>;
}

/** As a driver has it whose connection breaks: an error of its own, which is no {@link SojournError}. */
async function lostAnswer<T>(run: () => MaybePromise<T>): Promise<T> {
  await run();
  throw new Error("The connection broke before the answer came.");
}

async function settled(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch {
    // Nobody waits for it.
  }
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
