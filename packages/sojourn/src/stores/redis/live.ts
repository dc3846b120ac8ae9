import { readFault } from "./faults.ts";
import { nameOf, type Keys } from "./keys.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Runner } from "./runner.ts";
import { script } from "./script.ts";

/** KEYS: counts of shards. ARGV: the kind's name. */
const liveScript = script(`local n=0
for _,c in ipairs(KEYS) do n=n+(redis.call('HGET',c,ARGV[1]) or 0) end
return n`);

/** How many sessions of the kind have not ended: one step where one node keeps all shards, else the sum of steps side by side. */
export async function liveOf(client: RedisClient, keys: Keys, run: Runner, kind: string, deadline?: number): Promise<number> {
  const counts = keys.shards.map((shard) => shard.counts);
  try {
    const sums = await Promise.all((client.cluster ? counts.map((one) => [one]) : [counts]).map((some) => run(liveScript, some, [nameOf(kind)], deadline)));
    return sums.reduce<number>((sum, live) => sum + Number(live), 0);
  } catch (error) {
    throw readFault(client, "counting", error);
  }
}
