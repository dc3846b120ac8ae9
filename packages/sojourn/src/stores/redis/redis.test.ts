import * as fc from "fast-check";
import { missingRedis, startRedis, startRedisCluster } from "@sojourn/peers/redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { delayed } from "../../testing/delayed.ts";
import { playHistory } from "../../testing/store-differential.ts";
import { keepsTheContract } from "../contract.fixture.ts";
import { connections, type Connected } from "./clients.fixture.ts";
import { redisStore, type RedisStore, type RedisStoreOptions } from "./redis.ts";

const reason = missingRedis();
const seed = Number(process.env["SOJOURN_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const histories = fc.array(fc.array(fc.nat(), { minLength: 12, maxLength: 48, size: "max" }), { minLength: 1, maxLength: 40, size: "max" });

/** The contract on two stores, each with a client of its own. */
function keepsItsPromises(name: keyof typeof connections, urls: () => readonly string[], runs: number, options: RedisStoreOptions = {}, late = false): void {
  const clients: Connected[] = [];
  const stores: RedisStore[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 2; i++) {
      clients.push(await connections[name](urls()));
      stores.push(redisStore((clients[i] as Connected).client, options));
    }
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    for (const { close } of clients) close();
  });
  let turn = 0;
  const next = (): RedisStore => stores[turn++ % 2] as RedisStore;

  const ways: [how: string, open: () => RedisStore][] = [["as given", next]];
  if (late) ways.push(["with delayed answers", () => delayed(next())]);
  for (const [how, open] of ways) {
    describe(how, () => {
      keepsTheContract({ open });
    });
  }

  it(`${runs} random histories become what apply() says (SOJOURN_SEED=${seed})`, () =>
    fc.assert(
      fc.asyncProperty(histories, (history) => playHistory({ open: next }, history)),
      { seed, numRuns: runs, endOnFailure: true },
    ));
}

describe.skipIf(reason !== undefined)(`one server${reason === undefined ? "" : `: ${reason}`}`, () => {
  let url = "";
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const server = await startRedis();
    url = server.url;
    stop = server.stop;
  });
  afterAll(() => stop?.());

  describe("by node-redis", () => keepsItsPromises("node-redis", () => [url], 20, {}, true));
  // Of the layouts one has everything in one bucket, which outgrows its small form, and one hardly two entries in any.
  describe("by node-redis with a feed", () => keepsItsPromises("node-redis", () => [url], 5, { prefix: "fed", feed: true, shards: 1, buckets: 1 }));
  describe("by ioredis", () => keepsItsPromises("ioredis", () => [url], 5, { prefix: "io", feed: true, shards: 3, buckets: 600 }));

  it("now is the server's clock", async () => {
    const { client, close } = await connections["node-redis"]([url]);
    const before = Date.now();
    const now = await redisStore(client).now();
    expect(now).toBeGreaterThanOrEqual(before - 1);
    expect(now).toBeLessThanOrEqual(Date.now() + 1);
    close();
  });
});

describe.skipIf(reason !== undefined)(`a Cluster${reason === undefined ? "" : `: ${reason}`}`, () => {
  let urls: readonly string[] = [];
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const cluster = await startRedisCluster();
    urls = cluster.urls;
    stop = cluster.stop;
  }, 60_000);
  afterAll(() => stop?.());

  describe("by node-redis", () => keepsItsPromises("node-redis Cluster", () => urls, 3, { shards: 16, feed: true }, true));
  describe("by ioredis", () => keepsItsPromises("ioredis Cluster", () => urls, 2, { shards: 16, prefix: "io", feed: true }));
});
