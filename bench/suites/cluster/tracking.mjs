import { createClient } from "redis";

/**
 * News from Redis' own tracking of keys (`CLIENT TRACKING … BCAST`), in place of the store's feed, which costs each commit: they tell of every session that was
 * written, and not what became of it.
 * @param {string} url
 * @param {string} prefix of the store's keys.
 * @returns {import("sojourn/stores/near-cache").Invalidations}
 */
export function trackingOf(url, prefix) {
  const session = new RegExp(`^${prefix}:\\{\\w+\\}:s:`);
  return {
    everySession: true,
    async subscribe(tell) {
      const client = createClient({ url, RESP: 3, emitInvalidate: true, disableOfflineQueue: true });
      client.on("error", () => tell("lost"));
      client.on("invalidate", (/** @type {{ toString(): string } | null} */ key) => {
        if (key === null) return tell("gap");
        const name = key.toString();
        const [stem] = session.exec(name) ?? [];
        if (stem !== undefined) tell(/** @type {import("sojourn").SessionId} */ (name.slice(stem.length)));
      });
      // The client has turned tracking on by itself, of keys that this connection reads: it reads none.
      const track = async () => {
        await client.sendCommand(["CLIENT", "TRACKING", "OFF"]);
        await client.sendCommand(["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", `${prefix}:{`]);
        tell("gap");
      };
      await client.connect();
      await track();
      client.on("ready", () => void track().catch(() => tell("lost")));
      return () => client.destroy();
    },
  };
}
