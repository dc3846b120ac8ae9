import { LRUCache } from "lru-cache";
import { randomName } from "../../../lib/random-names.mjs";
import { payloadOf } from "../../../lib/payload.mjs";

/**
 * Sessions as texts in an lru-cache, with a time to live each: what many stores are inside.
 * @param {{ room: number }} setting most sessions.
 * @returns {import("../designs.mjs").Kept}
 */
export function lruCache({ room }) {
  /** @type {LRUCache<string, string>} */
  const cache = new LRUCache({ max: room, ttl: 43_200_000 });
  return {
    create(client) {
      const id = randomName();
      cache.set(id, JSON.stringify(payloadOf(client)));
      return id;
    },
    resume(id) {
      const text = cache.get(id);
      return text === undefined ? undefined : JSON.parse(text).userId;
    },
    createShort(client) {
      cache.set(randomName(), JSON.stringify(payloadOf(client)), { ttl: 1 });
    },
    expire() {
      cache.purgeStale();
    },
  };
}
