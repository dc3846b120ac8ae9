import type { CountableStore, MaybePromise, Store, WatchableStore } from "../core/seam.ts";

/**
 * The same store, but every answer is a promise, and both the call and its answer take up to a millisecond on their way:
 * the store's work falls between them, as it does with an engine at the other end of a wire.
 */
export function delayed<S extends Store>(store: S): S {
  // A fixed sequence instead of chance: a failure can be repeated.
  let step = 0;
  const pause = (): Promise<void> => new Promise((resolve) => ((step = (step * 5 + 3) % 16) < 11 ? setImmediate(resolve) : setTimeout(resolve, 1)));
  const late = async <T>(answer: () => MaybePromise<T>): Promise<T> => {
    await pause();
    const value = await answer();
    await pause();
    return value;
  };
  const { watch, count } = store as Partial<WatchableStore & CountableStore>;
  return {
    ...store,
    load: (id, options) => late(() => store.load(id, options)),
    commit: (change, options) => late(() => store.commit(change, options)),
    find: (query, page) => late(() => store.find(query, page)),
    close: () => late(() => store.close()),
    ...(watch && { watch: (...args: Parameters<typeof watch>) => late(() => watch.apply(store, args)) }),
    ...(count && { count: (...args: Parameters<typeof count>) => late(() => count.apply(store, args)) }),
  } satisfies Store & Partial<WatchableStore & CountableStore>;
}
