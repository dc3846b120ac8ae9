import { SojournError } from "../../core/errors.ts";
import { readFault, writeFault } from "./faults.ts";
import { metaKey, type Layout } from "./keys.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Runner } from "./runner.ts";
import { script } from "./script.ts";

/** Version of the layout. A newer one is refused. */
const layoutVersion = 1;

/** KEYS: meta. ARGV: version; shards and buckets if they are not there yet. */
const metaScript = script(`local m=KEYS[1]
if redis.call('HLEN',m)==0 then redis.call('HSET',m,'layout',ARGV[1],'shards',ARGV[2],'buckets',ARGV[3]) end
return redis.call('HMGET',m,'layout','shards','buckets')`);

/**
 * Reads how the sessions are laid out, and lays that down where nobody has.
 * @param wanted what the options say
 * @throws {SojournError} `invalid_option`, `store_unavailable`
 */
export async function openLayout(
  client: RedisClient,
  run: Runner,
  prefix: string,
  wanted: { readonly [of in keyof Layout]: number | undefined },
): Promise<Layout> {
  await refuseEviction(client);
  const begin = [layoutVersion, wanted.shards ?? (client.cluster ? 256 : 64), wanted.buckets ?? 64].map(String);
  let answer: (string | null)[];
  try {
    answer = (await run(metaScript, [metaKey(prefix)], begin)) as (string | null)[];
  } catch (error) {
    // Whether the layout was laid down makes no difference: it would be found as it was meant.
    throw client.verdict(error) === "lost" ? readFault(client, "opening it", error) : writeFault(client, "opening it", error);
  }
  const [layout, shards, buckets] = answer.map(Number) as [number, number, number];
  if (layout > layoutVersion) {
    throw new SojournError(
      "invalid_option",
      `a newer release has laid these sessions out (layout ${layout}; this one knows ${layoutVersion}). Use that release, or another \`prefix\`.`,
    );
  }
  if (!(layout >= 1) || !(shards >= 1) || !(buckets >= 1)) {
    throw new SojournError(
      "invalid_option",
      `the key ${metaKey(prefix)} is not the store's: something else uses the prefix. Give the option \`prefix\` another text.`,
    );
  }
  refuseOther("shards", wanted.shards, shards, `in ${shards} shards`);
  refuseOther("buckets", wanted.buckets, buckets, `in ${buckets} buckets of each shard`);
  return { shards, buckets };
}

function refuseOther(name: keyof Layout, wanted: number | undefined, kept: number, where: string): void {
  if (wanted === undefined || wanted === kept) return;
  throw new SojournError(
    "invalid_option",
    `${name} is ${wanted}, but these sessions lie ${where}. Give ${kept}, leave the option away, or begin under another \`prefix\`.`,
  );
}

/** A server that drops keys as it likes would drop sessions, and names without their sessions. */
async function refuseEviction(client: RedisClient): Promise<void> {
  let nodes: Awaited<ReturnType<RedisClient["primaries"]>>;
  try {
    nodes = await client.primaries();
  } catch (error) {
    throw readFault(client, "opening it", error);
  }
  for (const node of nodes) {
    let info: string;
    try {
      info = String(await node.command(["INFO", "memory"]));
    } catch (error) {
      // It may not be permitted to ask; what else is wrong shows itself in the next step.
      if (client.verdict(error) === "refused") continue;
      throw readFault(client, "opening it", error);
    }
    const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(info)?.[1];
    if (policy === undefined) continue;
    throw new SojournError(
      "invalid_option",
      `maxmemory-policy is ${policy}: Redis would drop sessions that have not ended. Set maxmemory-policy noeviction, or one of volatile-*.`,
    );
  }
}
