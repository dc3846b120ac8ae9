import { outlivesRequests } from "#platform";
import type { Calls } from "../core/calls.ts";
import { SojournError } from "../core/errors.ts";
import { floorsOf, type Floors } from "../core/floors.ts";
import { andThen } from "../core/maybe.ts";
import type { Names } from "../core/names.ts";
import { belongsSince, type Entry } from "../core/entry.ts";
import type { Change, MaybePromise, SessionId, Store, WatchableStore } from "../core/seam.ts";
import type { Settings } from "../core/settings.ts";
import { assumed } from "../core/engine.ts";
import { heartbeat } from "./heartbeat.ts";
import type { KnownFloors, Standing } from "./known-floors.ts";
import { knownRevocations } from "./known-revocations.ts";
import { revocationFeed } from "./revocation-feed.ts";
import { revocationRecords } from "./revocation-records.ts";
import { revocationWrites, type RevokedEnd } from "./revocation-writes.ts";

/**
 * What was ended of sessions that travel in their tokens. To end one, a small record is written to a store; each node holds all such records in
 * memory, kept by the store's feed, so that a visit asks nobody.
 */
export interface Revocations {
  /**
   * Begins to follow the store, once; resolves when all that was written before is known. It holds no process alive. Where timers end with the request
   * (`outlivesRequests`), there is nothing to follow with: then each visit calls it, and it reads all again that is older than a third of `silence`.
   * @throws {SojournError} `store_unavailable`. It goes on trying, and the next call says how that went.
   */
  follow(): Promise<void>;
  /** Follows no longer; nothing is `heard` from then on. */
  stop(): Promise<void>;
  /** Whether all is known here that anybody wrote more than `silence` ago. By the monotonic clock, whatever clock the tokens are judged by. */
  readonly heard: boolean;
  /** Whether a token may be judged by what is known here: `heard`, or `unheard` is `"serve"`. */
  readonly usable: boolean;
  /** Records held in memory. */
  readonly size: number;
  /**
   * Why a token is refused, if it is. In memory, without a store call.
   * @param generation of the token
   * @param subject as stored (with the tenant)
   * @param since epoch ms since which the session has belonged to its subject: of the authentication, or of the creation
   * @param now epoch ms
   * @returns `"ended"` also below a floor. Where digests are promises (WebCrypto) the floor of a subject is seen from the second time on: ask `floors.below` too
   */
  refused(id: SessionId, generation: number, subject: string | undefined, since: number, now: number): "ended" | "replaced" | undefined;
  /**
   * Ends a session for everybody, or, with `subject`, for tokens of that subject alone: an end by somebody whose session it is not changes nothing.
   * @returns true when this call did it. Once the answer of a store was lost (`outcome_unknown`), a second call may say false of what the first one did
   * @throws {SojournError} `store_unavailable`, `store_full`, `outcome_unknown`
   */
  end(id: SessionId, of: RevokedEnd): MaybePromise<boolean>;
  /**
   * Tokens of a smaller generation are `"replaced"` from a moment on.
   * @param from epoch ms; 0: at once, also on nodes whose clock is behind
   * @param until epoch ms after which no token of the session can be good
   * @returns false when the session has ended, or a generation as high or higher is there already: of two at the same moment one wins
   * @throws {SojournError} `store_unavailable`, `store_full`, `outcome_unknown`
   */
  replace(id: SessionId, generation: number, from: number, until: number): MaybePromise<boolean>;
  /** The floors of core: what is raised here is seen by managers with server-side sessions on the same store, and the other way round. */
  readonly floors: Floors;
}

/** Settings of {@link revocationsOf}; durations in ms. */
export interface RevocationSettings extends Pick<Settings, "clock" | "floorLag"> {
  /** For how long the feed may be silent before what is known here is not sure any more. A third of it lies between two beats. */
  readonly silence: number;
  /** What becomes of tokens meanwhile. */
  readonly unheard: "refuse" | "serve";
}

/**
 * The revocations of one tenant in a store.
 * @param calls the verbs of the same store, with their deadlines
 * @param monotonic ms since some moment; runs on whatever clock is set
 * @throws {SojournError} `invalid_option` when the store cannot be watched, or a setting is wrong
 */
export function revocationsOf(
  store: Store & WatchableStore,
  calls: Calls,
  names: Names,
  settings: RevocationSettings,
  monotonic: () => number = () => performance.now(),
): Revocations {
  const { clock, silence, unheard } = settings;
  check(store, settings);
  const records = revocationRecords(names);
  const known = knownRevocations(names.tenant, records, clock);
  const heart = heartbeat(calls, records, clock, silence, monotonic);
  const writes = revocationWrites(calls, records, known, clock);
  const feed = revocationFeed({
    store,
    calls,
    records,
    heart,
    silence,
    note: known.note,
    tick: () => known.forget(clock.now(), atTick),
    monotonic,
    outlives: outlivesRequests,
  });
  const written = floorsOf(noting(calls, known.floors), names, settings);

  return {
    follow: feed.follow,
    stop: feed.stop,
    get heard() {
      return heart.age <= silence;
    },
    get usable() {
      return unheard === "serve" || heart.age <= silence;
    },
    get size() {
      return known.size;
    },
    refused: known.refused,
    end: writes.end,
    replace: writes.replace,
    floors: {
      raise: written.raise,
      below(entry, now, fresh = false) {
        const here = known.floors.below(standingOf(entry), now);
        return fresh ? andThen(here, (below) => below || written.below(entry, now, true)) : here;
      },
      belowKnown: (entry) => known.floors.belowNow(standingOf(entry), clock.now()),
    },
  };
}

/** Records of each sort that a beat forgets at most. */
const atTick = 1_000;

function standingOf(entry: Entry): Standing {
  return { id: entry.record.id, subject: entry.record.subject, since: belongsSince(entry) };
}

/** The same verbs; what is written of floors, or read, is known here before the feed tells of it. */
function noting(calls: Calls, floors: KnownFloors): Calls {
  const noted = <T extends Awaited<ReturnType<Calls["load"]>>>(record: T): T => {
    if (record !== undefined) floors.note(record);
    return record;
  };
  return {
    get writable() {
      return calls.writable;
    },
    get lags() {
      return calls.lags;
    },
    load: (id) => andThen(calls.load(id), noted),
    glance: (id) => andThen(calls.glance(id), noted),
    commit: (change: Change) =>
      andThen(calls.commit(change), (outcome) => {
        if (outcome.ok) noted(outcome.record ?? assumed(undefined, { ...change, expect: "absent" }, outcome.version));
        return outcome;
      }),
    find: (query, page) => calls.find(query, page),
  };
}

function check(store: object, { silence, unheard }: RevocationSettings): void {
  if (!("watch" in store)) {
    throw new SojournError(
      "invalid_option",
      "revocations cannot be watched, so no node would hear of what another one ended. Give a store that can be watched, such as lmdbStore or memoryStore.",
    );
  }
  if (!Number.isFinite(silence) || silence <= 0) {
    throw new SojournError("invalid_option", `silence is ${JSON.stringify(silence)}. Give a time above zero.`);
  }
  if (unheard !== "refuse" && unheard !== "serve") {
    throw new SojournError("invalid_option", `unheard is ${JSON.stringify(unheard)}. Give "refuse" or "serve".`);
  }
}
