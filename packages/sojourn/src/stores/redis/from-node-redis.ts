import { SojournError } from "../../core/errors.ts";
import { deadlineSignals } from "./deadline-signals.ts";
import type { RedisClient, RedisNode } from "./redis-client.ts";

/** What is called of a client of the package `redis` (5 or later). */
export interface NodeRedis {
  readonly isReady: boolean;
  readonly options?: { readonly disableOfflineQueue?: boolean } | undefined;
  sendCommand(args: readonly string[], options?: object): Promise<unknown>;
  withTypeMapping(mapping: object): unknown;
  duplicate(): unknown;
}

/** What is called of `createCluster` of that package. */
export interface NodeRedisCluster {
  readonly masters: readonly object[];
  sendCommand(firstKey: string, isReadonly: boolean, args: string[], options?: object): Promise<unknown>;
  nodeClient(node: never): unknown;
  withTypeMapping(mapping: object): unknown;
  duplicate(): unknown;
}

/** What a duplicate of either can do. */
interface Listener {
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: string, listener: () => void): unknown;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<void>;
  sSubscribe(channel: string, listener: (message: string, channel: string) => void): Promise<void>;
}

/** Replies of type map (RESP 3) as lists: an object would lose a field named `__proto__`. */
const mapsAsLists = { 37: Array };

/**
 * The store's view of a client of `redis` (node-redis): `createClient`, connected by you, or `createCluster`.
 *
 * It has to be made with `disableOfflineQueue: true` (of a Cluster: in `defaults`): a client that keeps commands until it is connected again would
 * send writes long after their caller was told that they failed.
 * @throws {SojournError} `invalid_option` when it was made without; of a Cluster the store's first call says so
 */
export function fromNodeRedis(client: NodeRedis | NodeRedisCluster): RedisClient {
  return "nodeClient" in client ? ofCluster(client) : ofOne(client);
}

function ofOne(client: NodeRedis): RedisClient {
  refuseQueue(client, "disableOfflineQueue: true");
  const mapped = client.withTypeMapping(mapsAsLists) as NodeRedis;
  const node: RedisNode = { command: (args) => mapped.sendCommand(args) };
  const until = optionsUntil();
  return {
    cluster: false,
    command: (_, args, deadline) => mapped.sendCommand(args, until(deadline)),
    verdict,
    primaries: () => Promise.resolve([node]),
    async fork() {
      const own = client.duplicate() as NodeRedis & Listener;
      own.on("error", () => undefined);
      await own.connect();
      const mappedOwn = own.withTypeMapping(mapsAsLists) as NodeRedis;
      return { command: (args) => mappedOwn.sendCommand(args), close: () => own.destroy() };
    },
    async subscribe(channels, heard, again) {
      const own = client.duplicate() as Listener;
      return listen(own, again, () => Promise.all(channels.map((channel) => own.subscribe(channel, () => heard(channel)))));
    },
  };
}

function ofCluster(client: NodeRedisCluster): RedisClient {
  const mapped = client.withTypeMapping(mapsAsLists) as NodeRedisCluster;
  const until = optionsUntil();
  return {
    cluster: true,
    command: (key, args, deadline) => mapped.sendCommand(key, false, args as string[], until(deadline)),
    verdict,
    async primaries() {
      const nodes = await Promise.all(client.masters.map((node) => client.nodeClient(node as never) as Promise<NodeRedis>));
      return nodes.map((node) => {
        refuseQueue(node, "defaults: { disableOfflineQueue: true }");
        return { command: (args) => node.sendCommand(args) };
      });
    },
    fork: () => Promise.reject(new SojournError("invalid_option", "a Cluster client has no single connection of its own")),
    async subscribe(channels, heard, again) {
      const own = client.duplicate() as Listener;
      return listen(own, again, () => Promise.all(channels.map((channel) => own.sSubscribe(channel, () => heard(channel)))));
    },
  };
}

async function listen(own: Listener, again: () => void, subscribe: () => Promise<unknown>): Promise<() => void> {
  own.on("error", () => undefined);
  try {
    await own.connect();
    await subscribe();
  } catch (error) {
    own.destroy();
    throw error;
  }
  // A client tells of being ready, a Cluster of each node that is.
  for (const event of ["ready", "node-ready"]) own.on(event, again);
  return () => own.destroy();
}

function refuseQueue(client: NodeRedis, setting: string): void {
  if (client.options === undefined || client.options.disableOfflineQueue === true) return;
  throw new SojournError("invalid_option", `this client of redis keeps commands while it is not connected and sends them later. Make it with ${setting}.`);
}

/**
 * What tells the client to give a command up that still waits to be sent at its deadline. The client's own way, a timeout for each command, makes a signal
 * and a timer each, as its default of 5 s does: it is switched off where there is a deadline.
 */
function optionsUntil(): (deadline: number | undefined) => object | undefined {
  const signalOf = deadlineSignals();
  return (deadline) => (deadline === undefined ? undefined : { timeout: undefined, abortSignal: signalOf(deadline) });
}

/** Words of the client for commands that it has not sent; it aborts none that it has. Its classes of errors cannot be imported, and their names do not survive a bundler. */
const unsent = /^(?:The client is (?:closed|offline)|The queue is full|The command was aborted)$/;

function verdict(error: unknown): ReturnType<RedisClient["verdict"]> {
  if (!(error instanceof Error)) return "lost";
  if (unsent.test(error.message)) return "unsent";
  // What servers say begins with a word in capitals, or with ERR.
  return /^[A-Z][A-Z0-9]{2,}(?: |$)/.test(error.message) ? "refused" : "lost";
}
