import { createHash } from "node:crypto";
import type { Place } from "../places.ts";
import { bucketOf, shardOf, tagsFor } from "./tags.ts";

/** The keys of one shard: all in one slot, so that a script may change them together. */
export interface ShardKeys {
  /** Before the id: a session's hash. */
  readonly session: string;
  /** Before a bucket's number: a sorted set, by wake (`+inf` without one), of a kind's name, `\0`, id. Ends in `i` where {@link due} ends in `d`: scripts make it of that. */
  readonly index: string;
  /** Sorted set: numbers of buckets, by a moment that is not after the earliest wake in the bucket. */
  readonly due: string;
  /** Hash: how many sessions of a kind have not ended, by the kind's name. */
  readonly counts: string;
  /** Sorted set: forbidden nonces by the moment (epoch ms). */
  readonly forbidden: string;
  /** Stream: the last events, on a Cluster with a feed. */
  readonly stream: string;
}

/** Where the entries of a place are. */
export interface PlaceKey {
  /** Sorted set of the entries of some places, in any slot. */
  readonly key: string;
  /** What its entries begin with there: of {@link placeNameLength} characters, whatever the place is called, so that none begins like another. */
  readonly name: string;
}

/** How the sessions are laid out: fixed when the first store opens the database. */
export interface Layout {
  readonly shards: number;
  /** Of each shard. */
  readonly buckets: number;
}

/** What everything is called. */
export interface Keys extends Pick<Layout, "buckets"> {
  /** Hash: the layout's version, the number of shards and of buckets. */
  readonly meta: string;
  readonly shards: readonly ShardKeys[];
  of(id: string): ShardKeys;
  /** The bucket of a session in its shard. */
  bucket(id: string): number;
  place(place: Place): PlaceKey;
}

/** Characters of {@link PlaceKey.name}: 102 bits. With a session's id, a moment and a nonce an entry has 64, the most that a small sorted set takes as Redis is installed. */
export const placeNameLength = 17;

export function metaKey(prefix: string): string {
  return `${prefix}:meta`;
}

export function keysFor(prefix: string, { shards: count, buckets }: Layout): Keys {
  const shards = tagsFor(count).map((tag): ShardKeys => {
    const stem = `${prefix}:{${tag}}:`;
    return { session: `${stem}s:`, index: `${stem}i`, due: `${stem}d`, counts: `${stem}c`, forbidden: `${stem}x`, stream: `${stem}f` };
  });
  return {
    meta: metaKey(prefix),
    shards,
    buckets,
    of: (id) => shards[shardOf(id, count)] as ShardKeys,
    bucket: (id) => bucketOf(id, buckets),
    place(place) {
      const hash = createHash("sha256").update(place).digest();
      return { key: `${prefix}:p${hash.readUInt32BE(28) % (count * buckets)}`, name: hash.toString("base64url", 0, 15).slice(0, placeNameLength) };
    },
  };
}

/**
 * What stands for a kind in keys: itself where it is short and plain, else its SHA-256. A `\0` would end it early, and a long one would be kept many times.
 */
export function nameOf(kind: string): string {
  return /^[\w:.@$+/-]{1,48}$/.test(kind) ? kind : `#${createHash("sha256").update(kind).digest("base64url")}`;
}

/** The entry of a session in its bucket. */
export function entryOf(kind: string, id: string): string {
  return `${nameOf(kind)}\0${id}`;
}

/** The id in an entry of a bucket. */
export function idIn(entry: string): string {
  return entry.slice(entry.indexOf("\0") + 1);
}
