import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { milliseconds, type Duration } from "../../core/duration.ts";
import { SojournError, storeUnavailable } from "../../core/errors.ts";
import type {
  CallOptions,
  Change,
  ClockedStore,
  CountableStore,
  Cursor,
  Found,
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
import { reservations, type Reservations } from "../reservations.ts";
import { durably, type Durable } from "./durable.ts";
import { feed, type Feed } from "./feed.ts";
import { finder, type Finder } from "./find.ts";
import { keysFor, metaKey, type Keys } from "./keys.ts";
import { openLayout } from "./open-layout.ts";
import { owners, type RedisOwners } from "./owners.ts";
import type { RedisClient } from "./redis-client.ts";
import { redisPlaces } from "./redis-places.ts";
import { readFault } from "./faults.ts";
import { scrub, type Scrubbed } from "./scrub.ts";
import { runner } from "./runner.ts";
import { streamsOf } from "./streams.ts";
import { mostBuckets, mostShards } from "./tags.ts";
import { serverTime } from "./server-time.ts";

export { fromIoredis, type IoRedis, type IoRedisCluster } from "./from-ioredis.ts";
export { fromNodeRedis, type NodeRedis, type NodeRedisCluster } from "./from-node-redis.ts";
export type { RedisClient, RedisNode } from "./redis-client.ts";

/** Settings of {@link redisStore}. */
export interface RedisStoreOptions {
  /** What every key begins with. Letters, digits and `_ . : -`. Default `"sj"`. */
  readonly prefix?: string;
  /** Into how many parts the sessions are laid, when the first store opens the database; fixed from then on. Default 64, on a Cluster 256; at most 4096. */
  readonly shards?: number;
  /**
   * Into how many buckets the entries of a shard are laid; fixed like `shards`. Entries are small while there are 20 to 100 sessions for each of `shards` × `buckets`.
   * Default 64; at most 65,536.
   */
  readonly buckets?: number;
  /** How long the place that a dead process reserved is left to it. Default 2 s. */
  readonly grace?: Duration;
  /**
   * Whether commits are told to `watch`, which there is only then. Every store that writes to the database has to say the same. Costs the server about as
   * much again as a merge of fields. Default false.
   */
  readonly feed?: boolean;
  /**
   * Acknowledges a commit when so many replicas have it (`WAIT`), on a connection of its own that the store opens. Where they do not within that time,
   * the commit is `outcome_unknown`: it is written, and a failover may lose it. Not on a Cluster. Default: when the primary has it.
   */
  readonly durable?: { readonly replicas: number; readonly within: Duration };
}

/** A session store in Redis or Valkey. */
export interface RedisStore extends Store, ClockedStore, CountableStore, ScrubbableStore, Partial<WatchableStore> {
  load(id: SessionId, options?: CallOptions): Promise<SessionRecord | undefined>;
  commit(change: Change, options?: CallOptions): Promise<Outcome>;
  find(query: Query, page?: Page): Promise<Found>;
  /** Only with the option `feed`. */
  watch?(tell: (event: StoreEvent | "gap") => void, options?: { readonly after?: Cursor }): Promise<() => void>;
  now(): Promise<number>;
  count(query: { readonly kind: string }): Promise<number>;
  close(): Promise<void>;
}

/** What is known once the database has said how the sessions are laid out. */
interface Opened {
  readonly keys: Keys;
  readonly owners: RedisOwners;
  readonly reservations: Reservations;
  readonly finder: Finder;
  readonly feed: Feed;
  readonly scrubbed: Scrubbed;
}

/**
 * Keeps sessions in Redis 7 or Valkey 8 and later: one server, a primary with replicas, or a Cluster.
 *
 * Opens nothing: the first call reads how the sessions are laid out, or lays that down. `close` waits for what is being tidied up, and leaves the client open.
 *
 * @param client what `fromNodeRedis` or `fromIoredis` makes of yours
 * @throws {SojournError} `invalid_option` when a setting is wrong. Of the first call also: `invalid_option` when `shards` or `buckets` is not what the database has, a newer
 * release laid the sessions out, the prefix is somebody else's, or the server would evict what has not ended
 */
export function redisStore(
  client: RedisClient,
  { prefix = "sj", shards, buckets, grace = 2000, feed: told = false, durable }: RedisStoreOptions = {},
): RedisStore {
  if (!/^[\w.:-]{1,64}$/.test(prefix))
    throw new SojournError("invalid_option", `prefix is ${JSON.stringify(prefix)}. Give up to 64 letters, digits and _ . : -`);
  checkNumber("shards", shards, mostShards);
  checkNumber("buckets", buckets, mostBuckets);
  const graceMs = milliseconds(grace, "grace");
  const run = runner(client);
  const writing = durable === undefined ? undefined : durably(client, waitFor(client, durable));
  const write = writing === undefined ? run : runner(writing);
  let closed = false;
  let opened: Opened | undefined;
  let opening: Promise<Opened> | undefined;

  async function open(): Promise<Opened> {
    const keys = keysFor(prefix, await openLayout(client, run, prefix, { shards, buckets }));
    const streams = streamsOf(client, keys, prefix);
    const ours = owners(client, keys, run, write, told ? streams.of : undefined);
    const places = redisPlaces(client, keys, run);
    const protocol = reservations({
      owners: ours,
      places,
      // It is kept in each entry: 48 bits are what the protocol asks for.
      nonce: () => randomBytes(6).toString("base64url"),
      grace: graceMs,
      sleep: (ms) => sleep(ms),
    });
    const scrubbed = { client, keys, run, owners: ours, places, reservations: protocol, prefix, grace: graceMs };
    return (opened = { keys, scrubbed, owners: ours, reservations: protocol, finder: finder(client, keys, run), feed: feed(client, streams.all) });
  }

  /** One opening at a time; one that failed is begun again by the next call. */
  function ready(): Promise<Opened> {
    if (closed) return Promise.reject(storeUnavailable("it was closed"));
    return (opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));
  }

  function commit(change: Change, options?: CallOptions): Promise<Outcome> {
    return opened === undefined || closed ? ready().then((store) => commitTo(store, change, options)) : commitTo(opened, change, options);
  }

  function commitTo(store: Opened, change: Change, options: CallOptions | undefined): Promise<Outcome> {
    const deadline = options?.deadline;
    if (deadline !== undefined && deadline <= Date.now()) {
      return Promise.reject(storeUnavailable("the deadline had passed before the change was sent; nothing was written"));
    }
    return (
      store.owners.merge(change, deadline) ??
      store.reservations.commit(change, options).catch((error: unknown): Outcome => {
        if (error instanceof SojournError && error.code === "store_full") return { ok: false, why: "full", of: "store" };
        throw error;
      })
    );
  }

  return {
    load: (id, options) =>
      opened === undefined || closed ? ready().then((store) => store.owners.load(id, options?.deadline)) : opened.owners.load(id, options?.deadline),
    commit,
    async find(query, page) {
      const store = await ready();
      return "alias" in query || "subject" in query ? store.reservations.find(query, page) : store.finder.find(query, page);
    },
    now: () => serverTime(client, run, metaKey(prefix)),
    async count({ kind }) {
      return (await ready()).owners.live(kind);
    },
    ...(told && { watch: async (...[tell, options]: Parameters<WatchableStore["watch"]>) => (await ready()).feed.watch(tell, options?.after) }),
    async scrub(scrubOptions) {
      const { scrubbed } = await ready();
      try {
        return await scrub(scrubbed, scrubOptions);
      } catch (error) {
        throw readFault(client, "scrubbing", error);
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      await opened?.feed.close();
      await opened?.reservations.idle();
      await writing?.close();
    },
  } satisfies RedisStore;
}

function checkNumber(name: "shards" | "buckets", number: number | undefined, most: number): void {
  if (number === undefined || (Number.isInteger(number) && number >= 1 && number <= most)) return;
  throw new SojournError("invalid_option", `${name} is ${JSON.stringify(number)}. Give a whole number from 1 to ${most}.`);
}

function waitFor(client: RedisClient, { replicas, within }: NonNullable<RedisStoreOptions["durable"]>): Durable {
  if (client.cluster) {
    throw new SojournError(
      "invalid_option",
      "durable is for one primary with replicas. On a Cluster leave it away, and set min-replicas-to-write on its servers.",
    );
  }
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw new SojournError("invalid_option", `durable.replicas is ${JSON.stringify(replicas)}. Give a whole number above zero.`);
  }
  return { replicas, within: milliseconds(within, "durable.within") };
}
