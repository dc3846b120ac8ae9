import { isPromise } from "../core/maybe.ts";
import type {
  CallOptions,
  Change,
  ClockedStore,
  CountableStore,
  LaggingStore,
  MaybePromise,
  Page,
  Query,
  ScrubbableStore,
  SessionId,
  Store,
  WatchableStore,
} from "../core/seam.ts";
import { errorType } from "./error-type.ts";
import { instruments } from "./instruments.ts";
import type { Attributes, Meter, Span, SpanOptions, Tracer } from "./telemetry-api.ts";

/** Settings of {@link observedStore}. */
export interface ObservedStoreOptions {
  /** Of OpenTelemetry, or anything with its two methods. */
  readonly meter: Meter;
  /** Without it there are no spans. */
  readonly tracer?: Tracer | undefined;
  /** The attribute `db.system.name`: `"postgresql"`, `"redis"`, `"mariadb"`, or a name of your own such as `"lmdb"` where the conventions have none. */
  readonly system: string;
}

/** A store, with the powers of the one around which it is. */
export type Observed<S extends Store> = Store & Pick<S, Extract<keyof S, keyof Powers>>;

interface Powers extends WatchableStore, ClockedStore, LaggingStore, CountableStore, ScrubbableStore {}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR` of the OpenTelemetry API. */
const client = 2;
const failed = { code: 2 };

interface Verb {
  readonly name: "load" | "commit" | "find";
  readonly attributes: Attributes;
  readonly span: SpanOptions;
}

/**
 * A store around a store that measures each `load`, `commit` and `find` (the histogram `db.client.operation.duration`, in seconds) and, with a tracer, makes
 * a span of kind CLIENT of it, by OpenTelemetry's semantic conventions for database clients. A refusal is a value and no failure; of what is thrown,
 * `error.type` is the code.
 *
 * Nothing says which session it was or whose: an id may be logged, but it would make a series of each session, and traces often leave the house. Whoever
 * wants it in a trace puts it on a span of their own. An answer that is no promise stays none.
 */
export function observedStore<S extends Store>(store: S, { meter, tracer, system }: ObservedStoreOptions): Observed<S> {
  const { name, ...options } = instruments.storeDuration;
  const duration = meter.createHistogram(name, options);
  const [load, commit, find] = (["load", "commit", "find"] as const).map((verb) => verbOf(verb, system)) as [Verb, Verb, Verb];
  // Made once: a closure a call would cost as much as a read from memory does.
  const calls = {
    load: (id: SessionId, given: CallOptions | undefined) => store.load(id, given),
    commit: (change: Change, given: CallOptions | undefined) => store.commit(change, given),
    find: (query: Query, page: Page | undefined) => store.find(query, page),
  };

  function over(verb: Verb, span: Span | undefined, began: number): void {
    duration.record((performance.now() - began) / 1000, verb.attributes);
    span?.end();
  }

  function broken(verb: Verb, span: Span | undefined, began: number, error: unknown): never {
    const type = errorType(error);
    duration.record((performance.now() - began) / 1000, { ...verb.attributes, "error.type": type });
    if (span !== undefined) {
      span.setAttribute("error.type", type);
      span.setStatus(failed);
      span.end();
    }
    throw error;
  }

  function timed<A, B, T>(verb: Verb, call: (a: A, b: B) => MaybePromise<T>, a: A, b: B, span?: Span): MaybePromise<T> {
    const began = performance.now();
    let answer: MaybePromise<T>;
    try {
      answer = call(a, b);
    } catch (error) {
      return broken(verb, span, began, error);
    }
    if (isPromise(answer)) {
      return answer.then(
        (value) => {
          over(verb, span, began);
          return value;
        },
        (error: unknown) => broken(verb, span, began, error),
      );
    }
    over(verb, span, began);
    return answer;
  }

  function observed<A, B, T>(verb: Verb, call: (a: A, b: B) => MaybePromise<T>, a: A, b: B): MaybePromise<T> {
    if (tracer === undefined) return timed(verb, call, a, b);
    return tracer.startActiveSpan(verb.name, verb.span, (span) => timed(verb, call, a, b, span));
  }

  const measured: Store = {
    load: (id, given) => observed(load, calls.load, id, given),
    commit: (change, given) => observed(commit, calls.commit, change, given),
    find: (query, page) => observed(find, calls.find, query, page),
    close: () => store.close(),
  };
  return { ...measured, ...powersOf(store) } as Observed<S>;
}

function verbOf(name: Verb["name"], system: string): Verb {
  const attributes = { "db.system.name": system, "db.operation.name": name };
  return { name, attributes, span: { kind: client, attributes } };
}

function powersOf(store: Store & Partial<Powers>): Partial<Powers> {
  return {
    ...(store.lag !== undefined && { lag: store.lag }),
    ...(store.watch && { watch: (...given) => (store as WatchableStore).watch(...given) }),
    ...(store.now && { now: () => (store as ClockedStore).now() }),
    ...(store.count && { count: (query) => (store as CountableStore).count(query) }),
    ...(store.scrub && { scrub: (given) => (store as ScrubbableStore).scrub(given) }),
  } satisfies Partial<Powers>;
}
