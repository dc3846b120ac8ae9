import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { startRedisCluster } from "@sojourn/peers/redis";
import { measured } from "../../lib/children.mjs";
import { shown } from "../../lib/figures.mjs";
import { withEngines } from "../cluster/engines.mjs";

/** Which of them each engine is asked as. @type {readonly (readonly [name: string, engine: import("../cluster/engines.mjs").EngineName | "cluster" | "folder"])[]} */
const all = [
  ["LMDB", "folder"],
  ["file", "folder"],
  ["Redis, node-redis", "redis"],
  ["Redis, ioredis", "redis"],
  ["Redis Cluster, 3 primaries", "cluster"],
  ["PostgreSQL", "postgres"],
  ["MariaDB", "mariadb"],
  ["NATS, reads fresh", "nats"],
  ["NATS, reads replica", "nats"],
];

/**
 * What the lives of sessions ask of each engine, and how many it takes in a second.
 * @param {{ sessions: number, data: string | undefined, say: (line: string) => void }} setting
 * @returns {Promise<readonly { name: string, lives: import("./lives.mjs").Lives }[]>}
 */
export async function lives({ sessions, data, say }) {
  return withEngines(data, async (engine, folder) => {
    chmodSync(folder, 0o711);
    /** @type {{ name: string, lives: import("./lives.mjs").Lives }[]} */
    const found = [];
    for (const [name, where] of all) {
      const { place, stop } = await placeOf(name, where, engine, folder);
      try {
        const each = /** @type {import("./lives.mjs").Lives} */ (
          await measured(new URL("lives.mjs", import.meta.url), [name, place, String(sessions)], { flags: ["--expose-gc"], say })
        );
        found.push({ name, lives: each });
        say(
          `${name}: ${[...each.asked.map(({ event, each: calls }) => `${event} ${shown(calls)}`), ...Object.entries(each.rates).map(([what, rate]) => `${what} ${shown(rate)} a second`)].join(" · ")}`,
        );
      } finally {
        await stop();
      }
    }
    return found;
  });
}

/** @param {string} name @param {(typeof all)[number][1]} where @param {(name: import("../cluster/engines.mjs").EngineName) => Promise<{ url: string }>} engine @param {string} folder */
async function placeOf(name, where, engine, folder) {
  const stop = async () => {};
  if (where === "folder") {
    const place = join(folder, name);
    mkdirSync(place, { recursive: true });
    return { place, stop };
  }
  if (where !== "cluster") return { place: (await engine(where)).url, stop };
  const cluster = await startRedisCluster({ replicas: 0, args: ["--hash-max-listpack-value", "1024"] });
  return { place: cluster.urls.join(" "), stop: () => cluster.stop() };
}
