/** How a commit wakes who watches: sharded on a Cluster, where an ordinary message would go to every node. */
export type Publish = "PUBLISH" | "SPUBLISH";

/**
 * The lines of a script that keep an event in a stream and wake who waits for it. They come before all other writes: a stream of another type stops the
 * script while nothing is written. `id`, `version` and `ended` are expressions of Lua.
 */
export function feedLines(publish: Publish, { stream, id, version, ended, most, channel }: Readonly<Record<FeedPart, string>>): string {
  return `redis.call('XADD',${stream},'MAXLEN','~',${most},'*','e',${ended}..' '..${version}..' '..${id})
redis.call('${publish}',${channel},'')`;
}

type FeedPart = "stream" | "id" | "version" | "ended" | "most" | "channel";
