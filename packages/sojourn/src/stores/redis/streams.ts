import type { Keys } from "./keys.ts";
import type { RedisClient } from "./redis-client.ts";
import type { FeedOf } from "./owners.ts";

/** The streams in which commits are told: one, where one node keeps everything; on a Cluster one for each shard, in the slot of its sessions. */
export interface Streams {
  /** Keys of the streams, and channels of the same names. */
  readonly all: readonly string[];
  /** As commits need it. */
  readonly of: FeedOf;
}

export function streamsOf(client: RedisClient, keys: Keys, prefix: string): Streams {
  const one = `${prefix}:f`;
  const all = client.cluster ? keys.shards.map(({ stream }) => stream) : [one];
  const stream = client.cluster ? (id: string): string => keys.of(id).stream : (): string => one;
  return { all, of: { publish: client.cluster ? "SPUBLISH" : "PUBLISH", length: client.cluster ? 1_000 : 10_000, stream, channel: stream } };
}
