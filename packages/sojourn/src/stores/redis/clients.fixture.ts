import { Cluster, Redis } from "ioredis";
import { createClient, createCluster } from "redis";
import { fromIoredis, fromNodeRedis, type RedisClient } from "./redis.ts";

/** A connected client, and how to end it. */
export interface Connected {
  readonly client: RedisClient;
  close(): void;
}

export type Connect = (urls: readonly string[]) => Promise<Connected>;

const hush = (): void => undefined;

/** Each client that the store speaks to, made as its page says. */
export const connections: Readonly<Record<"node-redis" | "ioredis" | "node-redis Cluster" | "ioredis Cluster", Connect>> = {
  async "node-redis"([url]) {
    const client = createClient({ url: url as string, disableOfflineQueue: true });
    client.on("error", hush);
    await client.connect();
    return { client: fromNodeRedis(client), close: () => client.destroy() };
  },
  async ioredis([url]) {
    const client = new Redis(url as string, { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
    client.on("error", hush);
    await new Promise((resolve) => client.once("ready", resolve));
    return { client: fromIoredis(client), close: () => client.disconnect() };
  },
  async "node-redis Cluster"(urls) {
    const client = createCluster({ rootNodes: urls.map((url) => ({ url })), defaults: { disableOfflineQueue: true } });
    client.on("error", hush);
    await client.connect();
    return { client: fromNodeRedis(client), close: () => client.destroy() };
  },
  async "ioredis Cluster"(urls) {
    const client = new Cluster([...urls], { enableOfflineQueue: false, retryDelayOnFailover: 0 });
    client.on("error", hush);
    await new Promise((resolve) => client.once("ready", resolve));
    return { client: fromIoredis(client), close: () => client.disconnect() };
  },
};
