import { readFault } from "./faults.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Runner } from "./runner.ts";
import { script } from "./script.ts";

/** KEYS: any, whose node is asked. */
const timeScript = script(`return redis.call('TIME')`);

/** The clock of the node that keeps the key, epoch ms. On a Cluster the nodes have one each: it is always the same node that is asked. */
export async function serverTime(client: RedisClient, run: Runner, key: string): Promise<number> {
  try {
    const [seconds, micros] = (await run(timeScript, [key], [])) as [string, string];
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  } catch (error) {
    throw readFault(client, "asking for the time", error);
  }
}
