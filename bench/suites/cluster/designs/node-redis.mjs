import { nearCache } from "sojourn/stores/near-cache";
import { nodeServer } from "../../http/designs/node-sojourn.mjs";
import { ioredisStore, nodeRedisStore } from "../clients.mjs";
import { ownPrefix } from "./own-prefix.mjs";

/** node:http and Redis through node-redis. @param {string} url */
export async function nodeOnNodeRedis(url) {
  const { store } = await nodeRedisStore(url, { prefix: ownPrefix() });
  return nodeServer(store);
}

/** node:http and Redis through ioredis. @param {string} url */
export async function nodeOnIoredis(url) {
  const { store } = await ioredisStore(url, { prefix: ownPrefix() });
  return nodeServer(store);
}

/** node:http and a near cache, as shipped, around Redis with its feed. @param {string} url */
export async function nodeNearCached(url) {
  const { store } = await nodeRedisStore(url, { prefix: ownPrefix(), feed: true });
  return nodeServer(nearCache(store));
}
