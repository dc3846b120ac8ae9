import { recordUnreadable, SojournError, storeUnavailable } from "../../core/errors.ts";
import type {
  CountableStore,
  Cursor,
  Found,
  MaybePromise,
  Outcome,
  Page,
  Query,
  ScrubbableStore,
  SessionId,
  SessionRecord,
  Store,
  StoreEvent,
  WatchableStore,
} from "../../core/seam.ts";
import { reservations } from "../reservations.ts";
import { bucketOn } from "./bucket.ts";
import { feed } from "./feed.ts";
import { follow } from "./follow.ts";
import { forgetting } from "./forgetting.ts";
import { inTurn } from "./in-turn.ts";
import { learning } from "./learn.ts";
import { listHere, natsPlaces } from "./nats-places.ts";
import type { NatsClient } from "./nats-client.ts";
import { openBucket } from "./open-bucket.ts";
import { owners } from "./owners.ts";
import { replica } from "./replica.ts";
import { scrub } from "./scrub.ts";

export type {
  NatsClient,
  NatsConnection,
  NatsConsumeOptions,
  NatsConsumer,
  NatsJetStream,
  NatsMessage,
  NatsMessages,
  NatsOrderedOptions,
  NatsPublishOptions,
  NatsServerInfo,
} from "./nats-client.ts";

/** Settings of {@link natsStore}. */
export interface NatsStoreOptions {
  /** Name of the key-value bucket: letters, digits, `-` and `_`. It is made where it is not there. Default `"sojourn"`. */
  readonly bucket?: string;
  /**
   * What `load`, `find` and `count` see.
   * - `"fresh"` (default): every commit that was acknowledged, by whomever, before they were asked. One request to the stream's leader each.
   * - `"replica"`: this member's own commits at once, those of others some milliseconds late, and at most `lag`. No request; the answer is no promise.
   */
  readonly reads?: "fresh" | "replica";
  /** With `reads: "replica"`: a member that has heard nothing of the stream for so long (ms) reads as `"fresh"` does. At least 2000; default 5000. */
  readonly lag?: number;
  /** How many servers of the cluster keep the bucket. Default 1 for a new bucket; of one that is there it is the least. */
  readonly replicas?: number;
  /** Where the servers keep it. Default `"file"` for a new bucket. */
  readonly storage?: "file" | "memory";
  /** Bytes that a new bucket may have. Default: no limit but the server's. */
  readonly maxBytes?: number;
  /** ms for which a name that a process reserved just before it died may be reported taken. Default 2000. */
  readonly grace?: number;
  /** ms that NATS has for one answer. Default 1500. */
  readonly timeout?: number;
  /** Events kept for `watch({ after })`. Default 10,000. */
  readonly feed?: number;
}

/** A session store in NATS JetStream. */
export interface NatsStore extends Store, WatchableStore, CountableStore, ScrubbableStore {
  watch(tell: (event: StoreEvent | "gap") => void, options?: { readonly after?: Cursor }): () => void;
  close(): Promise<void>;
}

/**
 * Keeps sessions in a key-value bucket of NATS JetStream (server 2.9 or newer). Every member holds all of them in memory, told by the stream.
 *
 * A change is a compare-and-set of one document: one request, two where it claims an alias or gains a subject. Resolves when the replica in memory is
 * complete. `close` waits for what is being tidied up and leaves the connection open.
 *
 * @throws {SojournError} `invalid_option` when a setting is wrong, or the bucket's settings or layout do not fit; `store_unavailable` when JetStream is off, not
 * permitted or out of reach.
 */
export async function natsStore(nats: NatsClient, options: NatsStoreOptions = {}): Promise<NatsStore> {
  const { bucket: name = "sojourn", reads = "fresh", lag = 5_000, grace = 2_000, timeout = 1_500, feed: kept = 10_000, replicas, storage, maxBytes } = options;
  if (!/^[\w-]{1,128}$/.test(name)) throw invalid("bucket", name, "a name of letters, digits, - and _");
  if (!["fresh", "replica"].includes(reads)) throw invalid("reads", reads, '"fresh" or "replica"');
  if (storage !== undefined && !["file", "memory"].includes(storage)) throw invalid("storage", storage, '"file" or "memory"');
  for (const [setting, value, least] of [
    ["lag", lag, 2_000],
    ["grace", grace, 0],
    ["timeout", timeout, 1],
    ["feed", kept, 1],
    ["replicas", replicas ?? 1, 1],
    ["maxBytes", maxBytes ?? 1, 1],
  ] as const)
    if (!Number.isInteger(value) || value < least) throw invalid(setting, value, `a whole number, ${least} or more`);
  const info = nats?.connection?.info;
  if (typeof nats?.jetstream?.publish !== "function" || typeof nats.connection?.request !== "function") {
    throw new SojournError("invalid_option", "nats lacks a connection or its jetstream. Give { connection, jetstream: jetstream(connection) }.");
  }
  if (info === undefined || nats.connection.isClosed()) throw storeUnavailable("the connection to NATS is not open");

  let ttl = false;
  const bucket = bucketOn(nats, name, timeout, () => ttl);
  const { config } = await openBucket(bucket, { replicas, storage, maxBytes }, info.version);
  ttl = config.allow_msg_ttl === true;
  const events = feed(kept);
  const all = replica(events);
  const following = await follow(nats, bucket, all, events, timeout);
  const stopForgetting = forgetting(bucket, all, ttl);
  const turn = inTurn();
  const learn = learning(bucket, all, following);
  const truth = owners(bucket, all, turn, learn, following.fresh);
  const settings = {
    places: natsPlaces(bucket, all, turn, learn),
    nonce: () => Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url"),
    grace,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };
  const writing = reservations({ ...settings, owners: truth });
  // What a listing reads is here, once the replica is known to be as new as it has to be.
  const listing = reservations({
    ...settings,
    owners: { ...truth, load: async (id) => all.record(id) },
    places: { ...settings.places, list: async (place) => listHere(all, place) },
  });
  let closed = false;
  // The clock costs more than the lookup: it is read once for all loads of one run of the program between two waits.
  let trusted = false;
  const settled = Promise.resolve();
  const forgetTrust = (): void => void (trusted = false);

  function isTrusted(): boolean {
    if (reads !== "replica" || closed || !following.within(lag)) return false;
    trusted = true;
    void settled.then(forgetTrust);
    return true;
  }

  function recordHere(id: SessionId): SessionRecord | undefined {
    const copy = all.session(id);
    if (copy?.unreadable !== undefined) throw recordUnreadable(id, copy.unreadable);
    return copy?.kept?.document.record;
  }

  /** Reads what is here, at once where that will do. */
  function reading<T>(read: () => MaybePromise<T>, deadline: number | undefined): MaybePromise<T> {
    if (closed) return Promise.reject(storeUnavailable("it was closed"));
    return trusted || isTrusted() ? read() : following.fresh(read, deadline);
  }

  function findHere(query: Query, page: Page | undefined): MaybePromise<Found> {
    if ("kind" in query) return all.indexes.ofKind(query.kind, page);
    if ("wakeBefore" in query) return all.indexes.due(query.wakeBefore, page);
    return listing.find(query, page);
  }

  return {
    load(id, call): MaybePromise<SessionRecord | undefined> {
      if (trusted || isTrusted()) return recordHere(id);
      return closed ? Promise.reject(storeUnavailable("it was closed")) : truth.load(id, call?.deadline);
    },
    async commit(change, call): Promise<Outcome> {
      if (closed) throw storeUnavailable("it was closed");
      try {
        return await writing.commit(change, call);
      } catch (error) {
        if (error instanceof SojournError && error.code === "store_full") return { ok: false, why: "full", of: "store" };
        throw error;
      }
    },
    find: (query, page) => reading(() => findHere(query, page), page?.deadline),
    count: ({ kind }) => reading(() => all.indexes.live(kind), undefined),
    watch(tell, { after } = {}) {
      if (closed) throw storeUnavailable("it was closed");
      return events.watch(tell, after);
    },
    async scrub(how) {
      if (closed) throw storeUnavailable("it was closed");
      await following.fresh(() => undefined);
      return scrub(all, settings.places, listing, grace, how);
    },
    async close() {
      if (closed) return;
      closed = true;
      trusted = false;
      events.close();
      stopForgetting();
      await writing.idle();
      await listing.idle();
      following.close();
    },
  } satisfies NatsStore;
}

function invalid(setting: string, value: unknown, fix: string): SojournError {
  return new SojournError("invalid_option", `${setting} is ${JSON.stringify(value)}. Give ${fix}.`);
}
