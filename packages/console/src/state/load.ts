import { useSignal, type Signal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { asked, toldOf } from "./proof.ts";

/** Something from the server, and how it stands with it. */
export interface Loaded<Value> {
  /** The last that came; it stays while it is asked for again. */
  readonly value: Value | undefined;
  readonly problem: string | undefined;
  readonly loading: boolean;
  readonly reload: () => Promise<void>;
}

/** Asks the server when it is first shown, and again when `key` changes; what comes late for another key is dropped. */
export function useLoaded<Value>(key: string, load: (signal: AbortSignal) => Promise<Value>): Loaded<Value> {
  const state: Signal<{ readonly key: string; readonly value?: Value; readonly problem?: string; readonly loading: boolean }> = useSignal({
    key,
    loading: true,
  });
  const running = useRef<AbortController | undefined>(undefined);
  const latest = useRef(load);
  latest.current = load;
  const reload = useCallback(async () => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    const before = state.peek();
    state.value = { ...(before.key === key ? before : undefined), key, loading: true };
    try {
      const value = await asked(() => latest.current(signal));
      if (!signal.aborted) state.value = { key, value, loading: false };
    } catch (error) {
      const problem = toldOf(error);
      const { value } = state.peek();
      if (!signal.aborted) state.value = { key, loading: false, ...(value !== undefined && { value }), ...(problem !== undefined && { problem }) };
    }
  }, [key]);
  useEffect(() => {
    void reload();
    return () => running.current?.abort();
  }, [reload]);
  const { value, problem, loading, key: of } = state.value;
  return of === key ? { value, problem, loading, reload } : { value: undefined, problem: undefined, loading: true, reload };
}
