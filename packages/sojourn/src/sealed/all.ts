import { isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/seam.ts";

/** All of them: at once where none is a promise. */
export function all<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  return values.some(isPromise) ? Promise.all(values) : (values as readonly T[]);
}
