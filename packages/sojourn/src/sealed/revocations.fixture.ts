import { callsOf } from "../core/calls.ts";
import { entriesOf, type Entry } from "../core/entry.ts";
import { namesOf } from "../core/names.ts";
import type { MaybePromise, SessionId, Store, StoreEvent, WatchableStore } from "../core/seam.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { revocationsOf, type Revocations, type RevocationSettings } from "./revocations.ts";

type Watched = Store & WatchableStore;

/** What a node of a test differs in. */
export interface NodeOptions extends Partial<RevocationSettings> {
  readonly tenant?: string;
  /** Of a store call, ms. */
  readonly deadline?: number;
}

/** A node's view on a store. */
export function nodeOn(store: Watched, { tenant = "main", deadline = 2_000, ...settings }: NodeOptions = {}): Revocations {
  const calls = callsOf(store, { deadline, breaker: undefined }, () => undefined);
  return revocationsOf(store, calls, namesOf(tenant), { clock: fakeClock(), floorLag: 1_000, silence: 5_000, unheard: "refuse", ...settings });
}

/** A live entry as the manager makes it of a token. @param since epoch ms */
export function entryOf(id: SessionId, subject: string | undefined, since: number): Entry {
  const entry = entriesOf(1).of({
    id,
    version: 1,
    kind: "main:web",
    ...(subject === undefined ? undefined : { subject }),
    epoch: 0,
    aliases: [],
    fields: {
      $life: JSON.stringify({ created: since, idle: 1e6, absolute: since + 1e9, lifetime: 1e9, retention: 1 }),
      $seen: String(since),
      $secret: JSON.stringify({ hashes: [], seen: 0, since: 0, issued: 0, severed: 0 }),
    },
  });
  if (entry === undefined) throw new Error("the entry cannot be read");
  return entry;
}

/** How a feed misbehaves; read at each event. */
export interface FeedFault {
  /** `"hold"`: events come when it is over. `"drop"`: never. `"gap"`: never, but one word says so when it is over. */
  how: "pass" | "hold" | "drop" | "gap";
  /** Tells what was held. */
  over(): void;
  /** Watches that were begun. */
  watches: number;
}

/** The same store, whose feed goes wrong. */
export function withFeedFault<S extends Watched>(store: S): S & { readonly feed: FeedFault } {
  let held: (() => void)[] = [];
  const feed: FeedFault = {
    how: "pass",
    watches: 0,
    over() {
      feed.how = "pass";
      const late = held;
      held = [];
      for (const tell of late) tell();
    },
  };
  return {
    ...store,
    feed,
    watch(tell: (event: StoreEvent | "gap") => void, options?: Parameters<WatchableStore["watch"]>[1]): MaybePromise<() => void> {
      feed.watches++;
      let missed = false;
      return store.watch((event) => {
        if (feed.how === "pass") tell(event);
        else if (feed.how === "hold") held.push(() => tell(event));
        else if (feed.how === "gap" && !missed) {
          missed = true;
          held.push(() => {
            missed = false;
            tell("gap");
          });
        }
      }, options);
    },
  };
}

/** Waits until it holds, by the machine's clock; a feed may lag, but not for ever. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what}: not within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
