// What is done to engines of several nodes, each in a network of its own whose cables can be cut: a stopped process is no partition, it hears later what it
// missed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { newNats, startNatsCluster } from "@sojourn/peers/nats";
import { createNetwork } from "@sojourn/peers/networks";
import { startPostgres, startStandby } from "@sojourn/peers/postgres";
import { startRedis, startRedisCluster, startReplica } from "@sojourn/peers/redis";
import { corner } from "./engine-stores.mjs";
import { engines } from "./engines.mjs";
import { tellUrls } from "./engine-urls.mjs";
import { lossesOf } from "./losses.mjs";
import { opensAs } from "./stores.mjs";

/** @typedef {import("./losses.mjs").Losses} Losses */
/** @typedef {import("@sojourn/peers/networks").Host} Host */

/** Where a writer runs: on this machine. */
const here = (/** @type {string} */ program, /** @type {readonly string[]} */ args) => /** @type {const} */ ([program, args]);

/**
 * `keeps`: the engine promises that nothing of what was acknowledged is lost so.
 * `needs`: what stands against it here, beyond the right to make networks.
 * @typedef {{ store: string, fault: string, keeps: boolean, needs: () => Promise<string | undefined>, run: () => Promise<Losses> }} LossRound
 */

const needsRedis = async () => engines["redis cluster"].missing();
const needsPostgres = async () => engines.postgres.missing();
/** A release whose replicas lose no update. */
const needsNats = async () => {
  const nats = await newNats();
  return "missing" in nats ? nats.missing : undefined;
};

/** Whether something that was acknowledged is not there any more. @param {Losses} losses */
export function isLost({ lost, revived }) {
  return lost + revived > 0;
}

/** @type {readonly LossRound[]} */
export const lossRounds = [
  {
    store: "redis cluster",
    needs: needsRedis,
    fault: "one of 3 primaries is killed; its replica takes over",
    keeps: false,
    run: () => onRedisCluster((primary) => ({ places: [here, here], incident: async () => primary.kill("SIGKILL") }), 6_000),
  },
  {
    store: "redis cluster",
    needs: needsRedis,
    fault: "one of 3 primaries is cut off, with a writer beside it; its replica takes over; the cable is mended",
    keeps: false,
    run: () => onRedisCluster((_, host) => ({ places: [here, host.command], incident: () => cutFor(host, 6_000) }), 3_000),
  },
  {
    store: "redis",
    needs: needsRedis,
    fault: "the replica is cut off, then the primary killed and the replica promoted",
    keeps: false,
    run: () => onReplica("redis"),
  },
  {
    store: "redis durable",
    needs: needsRedis,
    fault: "the same, each write acknowledged when the replica has it (`durable`)",
    keeps: true,
    run: () => onReplica("redis durable"),
  },
  {
    store: "nats cluster",
    needs: needsNats,
    fault: "the leader of 3 nodes is killed",
    keeps: true,
    run: () => onNatsCluster((leader) => ({ places: [here, here], incident: async () => leader.kill("SIGKILL") })),
  },
  {
    store: "nats cluster",
    needs: needsNats,
    fault: "the leader of 3 nodes is cut off, with a writer beside it; the cable is mended",
    keeps: true,
    run: () => onNatsCluster((_, host) => ({ places: [here, host.command], incident: () => cutFor(host, 6_000) })),
  },
  {
    store: "postgres",
    needs: needsPostgres,
    fault: "the asynchronous standby is cut off, then the primary killed and the standby promoted",
    keeps: false,
    run: () => onStandby({}),
  },
  {
    store: "postgres",
    needs: needsPostgres,
    fault: "the same with a synchronous standby (synchronous_standby_names)",
    keeps: true,
    run: () => onStandby({ synchronous_standby_names: "*" }),
  },
];

/** @param {Host} host @param {number} ms */
async function cutFor(host, ms) {
  host.cut();
  await sleep(ms);
  host.heal();
}

/** The second hears nothing more of the first, then the first dies, then the second can be reached again. @param {Host | undefined} second @param {{ kill(signal: NodeJS.Signals): void }} first */
async function loseFirst(second, first) {
  second?.cut();
  await sleep(500);
  first.kill("SIGKILL");
  await sleep(100);
  second?.heal();
  await sleep(200);
}

/**
 * @param {(primary: import("@sojourn/peers/redis").RedisServer, host: Host) => { places: import("./losses.mjs").Place[], incident: () => Promise<void> }} plan
 * @param {number} behind
 */
async function onRedisCluster(plan, behind) {
  return inNetwork(6, async (hosts, folder) => {
    const cluster = await startRedisCluster({ hosts });
    try {
      tellUrls("redis cluster", cluster.urls);
      const [primary] = await cluster.primaries();
      const host = hosts.find((_, i) => cluster.nodes[i] === primary);
      if (primary === undefined || host === undefined) throw new Error("a Cluster without primaries");
      return await losses("redis cluster", folder, plan(primary, host), behind);
    } finally {
      await cluster.stop();
    }
  });
}

/** @param {"redis" | "redis durable"} store */
async function onReplica(store) {
  return inNetwork(2, async ([first, second], folder) => {
    const primary = await startRedis({ host: first });
    const replica = await startReplica(primary, { host: second });
    try {
      tellUrls("redis", [primary.url]);
      const incident = async () => {
        await loseFirst(second, primary);
        await replica.ask("REPLICAOF", "NO", "ONE");
        tellUrls("redis", [replica.url]);
      };
      return await losses(store, folder, { places: [here, here], incident }, 500);
    } finally {
      await Promise.all([primary.stop(), replica.stop()]);
    }
  });
}

/** @param {(leader: import("@sojourn/peers/nats").NatsServer, host: Host) => { places: import("./losses.mjs").Place[], incident: () => Promise<void> }} plan */
async function onNatsCluster(plan) {
  const nats = await newNats();
  if ("missing" in nats) throw new Error(nats.missing);
  return inNetwork(3, async (hosts, folder) => {
    const cluster = await startNatsCluster(3, { hosts, program: nats.program });
    try {
      tellUrls("nats cluster", cluster.urls);
      // The store makes the stream, and then somebody leads it.
      const first = await opensAs("nats cluster")(folder);
      await first.close();
      const leader = await cluster.leaderOf(`KV_${corner(folder)}`);
      const host = hosts.find((_, i) => cluster.servers[i] === leader);
      if (leader === undefined || host === undefined) throw new Error("nobody leads the stream");
      return await losses("nats cluster", folder, plan(leader, host), 8_000);
    } finally {
      await cluster.stop();
    }
  });
}

/** @param {Readonly<Record<string, string>>} settings */
async function onStandby(settings) {
  return inNetwork(2, async ([first, second], folder) => {
    const primary = await startPostgres({ settings, host: first });
    const standby = await startStandby(primary, { host: second });
    try {
      tellUrls("postgres", [primary.url]);
      const incident = async () => {
        await loseFirst(second, primary);
        standby.promote();
        tellUrls("postgres", [standby.url]);
      };
      return await losses("postgres", folder, { places: [here, here], incident }, 1_000);
    } finally {
      await Promise.all([primary.stop(), standby.stop()]);
    }
  });
}

/** @param {string} store @param {string} folder @param {{ places: import("./losses.mjs").Place[], incident: () => Promise<void> }} plan @param {number} behind */
function losses(store, folder, plan, behind) {
  return lossesOf({ store, folder, open: opensAs(store), behind, ...plan });
}

/** @template T @param {number} size @param {(hosts: readonly Host[], folder: string) => Promise<T>} act @returns {Promise<T>} */
async function inNetwork(size, act) {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-losses-"));
  const network = createNetwork(Array.from({ length: size }, (_, i) => `h${i}`));
  try {
    return await act(network.hosts, folder);
  } finally {
    network.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}
