import { missing } from "@sojourn/peers/programs";
import { startRedis, startRedisCluster } from "@sojourn/peers/redis";
import { describe, expect, test } from "vitest";
import { keysOf, newKey } from "../keys.ts";
import { openAddress } from "../stores/open-address.ts";
import { storeAddress } from "../stores/store-address.ts";
import { onEngine } from "./on-engine.fixture.ts";

const absent = missing("redis-server redis-tools", "redis-server", "redis-cli");
const secret = "s3cret/of#redis";

onEngine("Redis", absent, async () => {
  const redis = await startRedis({ args: ["--user", "shop", "on", `>${secret}`, "~*", "&*", "+@all", "--appendonly", "yes", "--appendfsync", "always"] });
  const at = (password: string, rest: string): string => `redis://shop:${encodeURIComponent(password)}@127.0.0.1:${rest}`;
  return {
    url: at(secret, String(redis.port)),
    secret,
    refused: [
      ["a wrong password", at(`${secret}!`, String(redis.port)), /\(redis:\/\/shop:\*\*\*@127\.0\.0\.1:\d+\): the store refuses the user or the password/],
      ["a database that is not there", at(secret, `${redis.port}/99`), /has no database number 99/],
      ["nobody there", at(secret, "1"), /nobody listens at 127\.0\.0\.1:1\. Start it/],
      ["no such host", "redis://sojourn.invalid", /no address is known for sojourn\.invalid/],
      ["TLS to one that speaks none", `rediss://127.0.0.1:${redis.port}`, /does not answer.*speaks TLS there/],
      ["a Cluster that is none", at(secret, String(redis.port)).replace("redis:", "redis+cluster:"), /is no Redis Cluster\. Write redis:\/\//],
    ],
    kill: () => redis.kill("SIGKILL"),
    restart: () => redis.restart(),
    freeze: () => redis.kill("SIGSTOP"),
    thaw: () => redis.kill("SIGCONT"),
    stop: () => redis.stop(),
  };
});

describe.skipIf(absent !== undefined)(absent === undefined ? "Redis Cluster" : `Redis Cluster: ${absent}`, () => {
  test("is found through any of its nodes that answers; redis:// to one of them names redis+cluster://", { timeout: 120_000 }, async () => {
    const cluster = await startRedisCluster({ primaries: 3, replicas: 0 });
    try {
      const ports = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
      const one = await openAddress(storeAddress(`redis+cluster://127.0.0.1:1,${ports[0]}`, "SOJOURN_STORE"));
      const two = await openAddress(storeAddress(`redis+cluster://${ports.join(",")}`, "SOJOURN_STORE"));
      const key = newKey();
      const { id } = await keysOf(one.store).add(key, { name: "till" });
      expect(await keysOf(two.store).check(key)).toMatchObject({ id, name: "till" });
      expect(await keysOf(two.store).list()).toHaveLength(1);
      const alone = storeAddress(`redis://${ports[0]}`, "SOJOURN_STORE");
      await expect(openAddress(alone)).rejects.toThrow(/is a node of a Redis Cluster\. Write redis\+cluster:\/\//);
      await one.close();
      await two.close();
      await expect(openAddress(storeAddress("redis+cluster://127.0.0.1:1,127.0.0.1:2", "SOJOURN_STORE"))).rejects.toThrow(
        /nobody listens at 127\.0\.0\.1:1, 127\.0\.0\.1:2/,
      );
    } finally {
      await cluster.stop();
    }
  });
});
