import { setTimeout as sleep } from "node:timers/promises";
import { storeUnavailable } from "../../core/errors.ts";
import { isMoving } from "./faults.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Script } from "./script.ts";

/** Runs scripts. Which node keeps the keys is the client's affair. */
export type Runner = (script: Script, keys: readonly string[], args: readonly string[], deadline?: number) => Promise<unknown>;

/** ms for which a step whose slot is being moved is tried again, where there is no deadline. A slot takes as long as its keys take to be copied. */
const patience = 10_000;

/**
 * By its SHA-1, and whole where the server does not know it (it was restarted, or its scripts were flushed).
 * @throws what the client throws; `store_unavailable` when the deadline has passed before it was sent
 */
export function runner(client: RedisClient): Runner {
  async function again(error: unknown, script: Script, keys: readonly string[], args: readonly string[], deadline?: number): Promise<unknown> {
    const began = Date.now();
    for (let fault = error; ;) {
      const words = isUnknown(client, fault) ? ["EVAL", script.source] : ["EVALSHA", script.sha];
      if (words[0] === "EVALSHA") {
        if (!isMoving(client, fault) || Date.now() - began > patience) throw fault;
        await sleep(10);
      }
      if (deadline !== undefined && deadline <= Date.now()) throw storeUnavailable("the deadline passed before the change was sent; nothing was written");
      try {
        return await client.command(keys[0] as string, [...words, String(keys.length), ...keys, ...args], deadline);
      } catch (next) {
        fault = next;
      }
    }
  }

  return (script, keys, args, deadline) => {
    const [key] = keys as [string];
    const words = keys.length === 1 ? ["EVALSHA", script.sha, "1", key, ...args] : ["EVALSHA", script.sha, String(keys.length), ...keys, ...args];
    return client.command(key, words, deadline).catch((error: unknown) => again(error, script, keys, args, deadline));
  };
}

function isUnknown(client: RedisClient, error: unknown): boolean {
  return client.verdict(error) === "refused" && (error as Error).message.startsWith("NOSCRIPT");
}
