import { milliseconds, type Duration } from "../../core/duration.ts";
import { SojournError } from "../../core/errors.ts";
import { isPromise } from "../../core/maybe.ts";
import type {
  CallOptions,
  ClockedStore,
  CountableStore,
  LaggingStore,
  MaybePromise,
  Outcome,
  ScrubbableStore,
  SessionId,
  SessionRecord,
  Store,
  StoreEvent,
  WatchableStore,
} from "../../core/seam.ts";
import { knownRecords } from "./known-records.ts";
import { news, type Invalidations, type Tell } from "./news.ts";
import { turnGuard } from "./turn-guard.ts";

export type { Invalidations } from "./news.ts";

/** Settings of {@link nearCache}. */
export interface NearCacheOptions {
  /** Most records kept, the least recently used going first. Default 10,000. */
  readonly entries?: number;
  /**
   * How long a record is believed, whatever the feed says: the longest time for which an end made elsewhere can be missed here when a feed goes silent
   * without saying so. Default `"5s"`; where there is neither a feed nor `invalidations` it is the only bound, and has to be given.
   */
  readonly maxAge?: Duration;
  /** Where to hear of changes. Default: the store's own feed (`watch`), where it has one. */
  readonly invalidations?: Invalidations;
}

/** What a near cache has done. */
export interface NearCacheUsage {
  /** Records kept. */
  readonly entries: number;
  /** Loads answered from memory. */
  readonly hits: number;
  /** Loads that went to the store, or waited for one that was on its way. */
  readonly misses: number;
  /** Whether it hears of changes, and so answers from memory. */
  readonly trusted: boolean;
}

/** A store with a near cache, and with the powers of the store around which it is. */
export type NearCache<S extends Store> = Store & LaggingStore & { usage(): NearCacheUsage } & Pick<S, Extract<keyof S, keyof Powers>>;

interface Powers extends WatchableStore, ClockedStore, CountableStore, ScrubbableStore {}

/**
 * A store around a store: records that were read stay in this process's memory until the store's feed says that they changed, and never for longer than
 * `maxAge`. A load of one answers at once, without a command to the engine.
 *
 * After a commit was acknowledged here, every load here sees it. What others commit is seen when the feed has told of it, and at the latest after `maxAge`
 * ({@link LaggingStore.lag}); a load that is `fresh` goes to the store. While no feed can be had, or after it was lost, every load goes to the store.
 *
 * @throws {SojournError} `invalid_option`
 */
export function nearCache<S extends Store>(store: S, options: NearCacheOptions = {}): NearCache<S> {
  const { entries: capacity = 10_000, invalidations } = options;
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new SojournError("invalid_option", `entries is ${JSON.stringify(capacity)}. Give a whole number above zero.`);
  }
  const inner: Store & Partial<Powers> = store;
  const subscribe = subscriptionOf(inner, invalidations);
  if (subscribe === undefined && options.maxAge === undefined) {
    throw new SojournError(
      "invalid_option",
      "This store cannot be watched, so nothing tells a near cache that a record has changed. Give `invalidations`, or `maxAge`: for so long an ended session may be served.",
    );
  }
  const maxAge = milliseconds(options.maxAge ?? "5s", "maxAge");
  const everyRecord = invalidations === undefined || invalidations.everySession === true;
  const known = knownRecords({ capacity, maxAge, everyRecord });
  const turns = turnGuard();
  let hits = 0;
  let misses = 0;
  let closed = false;

  function hear(what: Parameters<Tell>[0]): void {
    if (what === "gap" || what === "lost") known.reset(what === "gap");
    else if (typeof what === "string") known.hear(what);
    else known.hear(what.id, what.version, what.ended);
  }
  const feed = subscribe && news(subscribe, hear);
  if (feed === undefined) known.reset(true);

  function load(id: SessionId, given?: CallOptions): MaybePromise<SessionRecord | undefined> {
    const now = performance.now();
    if (given?.fresh !== true) {
      const record = known.get(id, now);
      if (record !== undefined) {
        if (!turns.admits(now)) return turns.later().then(() => load(id, given));
        hits++;
        return record;
      }
      const flight = known.flight(id, now);
      if (flight?.answer !== undefined) {
        misses++;
        return flight.answer;
      }
    }
    misses++;
    return fetched(id, given, now);
  }

  function fetched(id: SessionId, given: CallOptions | undefined, now: number): MaybePromise<SessionRecord | undefined> {
    const flight = known.begin(id, now);
    let answer: MaybePromise<SessionRecord | undefined>;
    try {
      answer = inner.load(id, given);
    } catch (error) {
      known.abandon(flight);
      throw error;
    }
    if (!isPromise(answer)) return known.land(flight, answer);
    return (flight.answer = answer.then(
      (record) => known.land(flight, record),
      (error: unknown) => {
        known.abandon(flight);
        throw error;
      },
    ));
  }

  const cached: Store & LaggingStore & { usage(): NearCacheUsage } = {
    lag: maxAge,
    load,
    commit(change, given) {
      const began = performance.now();
      const before = known.peek(change.id);
      const pending = known.pend(change.id);
      const answered = (outcome: Outcome): Outcome => {
        known.answered(pending, change, outcome, began, before);
        return outcome;
      };
      const failed = (error: unknown): never => {
        known.failed(pending, !(error instanceof SojournError && error.code === "store_unavailable"));
        throw error;
      };
      let outcome: MaybePromise<Outcome>;
      try {
        outcome = inner.commit(change, given);
      } catch (error) {
        return failed(error);
      }
      return isPromise(outcome) ? outcome.then(answered, failed) : answered(outcome);
    },
    find: (query, page) => inner.find(query, page),
    close() {
      if (!closed) {
        closed = true;
        feed?.close();
        known.reset(false);
      }
      return inner.close();
    },
    usage: () => ({ entries: known.size, hits, misses, trusted: known.trusted }),
  };
  return { ...cached, ...powersOf(inner, hear) } as NearCache<S>;
}

function subscriptionOf(store: Store & Partial<Powers>, invalidations: Invalidations | undefined): ((tell: Tell) => MaybePromise<() => void>) | undefined {
  if (invalidations !== undefined) return (tell) => invalidations.subscribe(tell);
  return store.watch && ((tell) => (store as WatchableStore).watch(tell));
}

function powersOf(store: Store & Partial<Powers>, hear: (event: StoreEvent) => void): Partial<Powers> {
  return {
    // Whoever hears of a change and then loads must not be given what was there before it.
    ...(store.watch && {
      watch: (tell, given) =>
        (store as WatchableStore).watch((event) => {
          if (event !== "gap") hear(event);
          tell(event);
        }, given),
    }),
    ...(store.now && { now: () => (store as ClockedStore).now() }),
    ...(store.count && { count: (query) => (store as CountableStore).count(query) }),
    ...(store.scrub && { scrub: (given) => (store as ScrubbableStore).scrub(given) }),
  } satisfies Partial<Powers>;
}
