import { bare, control, of, peer } from "../http/designs.mjs";

/** In which the address of the engine comes to a server's process. */
export const redisVariable = "SOJOURN_BENCH_REDIS";

/** What a handler of one's own costs that awaits one GET, or one SET, through the same client. */
export const handlers = { "node-redis": "GET and SET, node-redis", ioredis: "GET and SET, ioredis" };
export const nearCached = "near cache";
export const connectRedis = "express-session, connect-redis";

/** @type {readonly import("../http/designs.mjs").Design[]} */
const designs = [
  of("node", bare, {}, async () => (await import("../http/designs/node-bare.mjs")).nodeBare()),
  of("node", control, {}, async () => (await import("../http/designs/node-bare.mjs")).nodeBare()),
  of("node", handlers["node-redis"], {}, async () => (await import("./designs/node-get-set.mjs")).nodeOverNodeRedis(redis())),
  of("node", handlers.ioredis, {}, async () => (await import("./designs/node-get-set.mjs")).nodeOverIoredis(redis())),
  of("node", "node-redis", {}, async () => (await import("./designs/node-redis.mjs")).nodeOnNodeRedis(redis())),
  of("node", "ioredis", {}, async () => (await import("./designs/node-redis.mjs")).nodeOnIoredis(redis())),
  of("node", nearCached, { R: 0.85 }, async () => (await import("./designs/node-redis.mjs")).nodeNearCached(redis())),
  of("express", bare, {}, async () => (await import("../http/designs/express-bare.mjs")).expressBare()),
  of("express", control, {}, async () => (await import("../http/designs/express-bare.mjs")).expressBare()),
  of("express", "node-redis", {}, async () => (await import("./designs/express-redis.mjs")).expressOnNodeRedis(redis())),
  of("express", nearCached, {}, async () => (await import("./designs/express-redis.mjs")).expressNearCached(redis())),
  peer("express", connectRedis, async () => (await import("./designs/express-connect-redis.mjs")).expressWithConnectRedis(redis())),
];

/** @type {import("../http/designs.mjs").Field} */
export const field = { suite: "cluster", program: new URL("server.mjs", import.meta.url), designs, comparisons: [] };

/**
 * Rates: what one design must be beside another of the same framework, where it must be anything.
 * @type {readonly (Omit<import("../http/designs.mjs").Comparison, "enough" | "atLeast"> & { atLeast?: number })[]}
 */
export const comparisons = [
  .../** @type {const} */ (["node-redis", "ioredis"]).flatMap((client) => [
    { framework: /** @type {const} */ ("node"), workload: /** @type {const} */ ("R"), own: client, than: handlers[client], atLeast: 0.9 },
    { framework: /** @type {const} */ ("node"), workload: /** @type {const} */ ("W"), own: client, than: handlers[client], atLeast: 0.85 },
  ]),
  // Without a near cache W asks twice, for it reads its session before.
  { framework: "node", workload: "W", own: nearCached, than: handlers["node-redis"] },
  { framework: "express", workload: "R", own: nearCached, than: connectRedis, atLeast: 1.8 },
  { framework: "express", workload: "W", own: nearCached, than: connectRedis, atLeast: 1.8 },
  { framework: "express", workload: "W", own: "node-redis", than: connectRedis, atLeast: 1.8 },
];

function redis() {
  const url = process.env[redisVariable];
  if (url === undefined) throw new Error(`${redisVariable} is not set.`);
  return url;
}
