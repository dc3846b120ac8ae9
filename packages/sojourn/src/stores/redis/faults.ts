import { outcomeUnknown, SojournError, storeFull, storeUnavailable } from "../../core/errors.ts";
import type { RedisClient } from "./redis-client.ts";

/** What the server's words mean, and what to do. */
const words: Readonly<Record<string, string>> = {
  BUSY: "Redis is busy with another script",
  CLUSTERDOWN: "the Redis Cluster is down: a part of its slots has no primary",
  CROSSSLOT: "the server is a node of a Cluster and the client is not: give a Cluster client",
  LOADING: "Redis is still loading its data",
  MASTERDOWN: "the Redis server is a replica that has lost its primary",
  MISCONF: "Redis refuses writes because it could not save to its disk (MISCONF); see its log and free the disk",
  MOVED: "the server is a node of a Cluster and the client is not: give a Cluster client",
  NOAUTH: "Redis wants a password; give the client username and password",
  NOPERM: "the Redis user may not run this command or reach these keys; its ACL has to allow what the store's page names",
  NOREPLICAS: "Redis refuses writes because it has too few replicas (min-replicas-to-write)",
  READONLY: "the Redis server is a replica and takes no writes: it was the primary before, or the client is connected to the wrong server",
  TRYAGAIN: "the slot of the session is being moved between nodes of the Cluster",
  WRONGPASS: "Redis refused the username or password; give the client the right ones",
};

/** Whether the memory is full: the value `full` of a commit, not an error. */
export function isFull(client: RedisClient, error: unknown): boolean {
  return client.verdict(error) === "refused" && wordOf(error) === "OOM";
}

/**
 * Whether nothing happened because a slot is on its way from one node to another: to be tried again in a moment. A script that comes to a key that is not
 * there hears so in words of its own: of Redis 7.0, and of Redis 7.2 and Valkey.
 */
export function isMoving(client: RedisClient, error: unknown): boolean {
  return client.verdict(error) === "refused" && /^TRYAGAIN|non local key|during rehashing of the slot/i.test(messageOf(error));
}

/** The error of a step that wrote nothing, or nothing that anybody counts on: a load, a listing, a reservation. */
export function readFault(client: RedisClient, what: string, error: unknown): SojournError {
  return error instanceof SojournError ? error : storeUnavailable(`${what} failed: ${saysWhat(client, error)}`, error);
}

/** The error of a commit: `store_unavailable` where it is certain that nothing was written. */
export function writeFault(client: RedisClient, what: string, error: unknown): SojournError {
  if (error instanceof SojournError) return error;
  if (client.verdict(error) === "lost") return outcomeUnknown(`${what} was sent to Redis and no answer came`, error);
  if (isFull(client, error)) return storeFull("Redis has reached its maxmemory");
  return storeUnavailable(`${what} failed: ${saysWhat(client, error)}; nothing was written`, error);
}

function saysWhat(client: RedisClient, error: unknown): string {
  const verdict = client.verdict(error);
  if (verdict === "unsent") return "the client is not connected, or had not sent it by its deadline";
  if (verdict === "lost") return "no answer came";
  if (/WRONGTYPE/.test(messageOf(error))) {
    return "a key under the store's prefix is of another type: something else uses the prefix; give the option `prefix` another text";
  }
  return words[wordOf(error)] ?? `Redis refused it (${wordOf(error)})`;
}

/** The server's word. The rest of its message may name keys and values. */
function wordOf(error: unknown): string {
  return /^(?:-)?(?:ERR )?([A-Z]+)\b/.exec(messageOf(error))?.[1] ?? "ERR";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
