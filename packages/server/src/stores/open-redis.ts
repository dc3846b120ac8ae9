import { clientPackage } from "./client-package.ts";
import type { Host, NetworkAddress } from "./network-address.ts";
import { connected, type OpenedStore } from "./opened-store.ts";
import { redisLine } from "./redis-line.ts";
import { tlsOptions } from "./tls-options.ts";

/** The store in Redis or Valkey, or in a Cluster of them, through node-redis. @throws {StartFailure} one line that names the setting and the fix */
export async function openRedis(address: NetworkAddress): Promise<OpenedStore> {
  const { createClient, createCluster } = await clientPackage(address, ["redis@6"], () => import("redis"));
  const { fromNodeRedis, redisStore } = await import("sojourn/stores/redis");
  return connected(address, async (opened) => {
    const { user, password, database, parameters, cluster } = address;
    const tls = tlsOptions(address);
    let begun = false;
    const socket = {
      connectTimeout: 2_000,
      // While it starts, the first failure is the answer. Later it tries for ever: twice a second at most, and not all servers at the same moment.
      reconnectStrategy: (retries: number) => begun && Math.min(20 * 2 ** retries, 400) + Math.floor(Math.random() * 100),
      ...(tls === undefined ? undefined : { tls: true as const, ...tls }),
    };
    const at = ({ name, port }: Host): { host: string; port: number } => ({ host: name, port });
    const shared = {
      ...(user === undefined ? undefined : { username: user }),
      ...(password === undefined ? undefined : { password }),
      name: "sojournd",
      // What waits in a queue would be written when nobody expects it any more.
      disableOfflineQueue: true,
    };
    // A Cluster that cannot be reached says no more than that; why, its nodes have told before. Later the manager tells of outages.
    let reason: unknown;
    const line = await redisLine((heard) => {
      const told = (error: unknown): void => {
        reason = error;
        heard();
      };
      if (cluster) {
        const client = createCluster({ rootNodes: address.hosts.map((host) => ({ socket: at(host) })), defaults: { ...shared, socket } });
        client.on("error", told).on("node-error", told);
        return {
          client: fromNodeRedis(client),
          connect: () => client.connect(),
          ping: () => Promise.all(client.masters.map(async (node) => (await client.nodeClient(node)).ping())),
          destroy: () => (client.isOpen ? client.destroy() : undefined),
        };
      }
      const client = createClient({
        ...shared,
        ...(database === undefined ? undefined : { database: Number(database) }),
        socket: { ...socket, ...at(address.hosts[0] as Host) },
      });
      client.on("error", told);
      return {
        client: fromNodeRedis(client),
        connect: () => client.connect(),
        // Before it has connected again, nothing is heard of it but errors.
        ping: () => (client.isReady ? client.ping() : new Promise(() => undefined)),
        destroy: () => (client.isOpen ? client.destroy() : undefined),
      };
    }).catch((error: unknown) => {
      throw cluster ? (reason ?? error) : error;
    });
    begun = true;
    opened(() => line.close());
    return redisStore(line.client, {
      feed: parameters.feed !== "off",
      ...(parameters.prefix === undefined ? undefined : { prefix: parameters.prefix }),
      ...(parameters.shards === undefined ? undefined : { shards: Number(parameters.shards) }),
    });
  });
}
