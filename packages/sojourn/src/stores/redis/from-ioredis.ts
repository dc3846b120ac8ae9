import { SojournError } from "../../core/errors.ts";
import type { RedisClient, RedisNode } from "./redis-client.ts";

/** What is called of a client of the package `ioredis` (5 or later). */
export interface IoRedis {
  readonly status: string;
  readonly options: {
    readonly enableOfflineQueue?: boolean | undefined;
    readonly maxRetriesPerRequest?: number | null | undefined;
  };
  /** The socket, while there is one. */
  readonly stream?: { cork(): void; uncork(): void } | undefined;
  call(command: string, args: string[]): Promise<unknown>;
  duplicate(): unknown;
}

/** What is called of `new Cluster(…)` of that package. */
export interface IoRedisCluster {
  readonly status: string;
  readonly options: {
    readonly enableOfflineQueue?: boolean | undefined;
    readonly retryDelayOnFailover?: number | undefined;
  };
  readonly isCluster: boolean;
  call(command: string, args: string[]): Promise<unknown>;
  nodes(role: "master"): readonly { call(command: string, args: string[]): Promise<unknown> }[];
  duplicate(nodes: readonly never[], options: never): unknown;
}

interface Listener {
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (channel: string) => void): unknown;
  subscribe(...channels: readonly string[]): Promise<unknown>;
  ssubscribe(...channels: readonly string[]): Promise<unknown>;
}

/**
 * The store's view of a client of `ioredis`: `new Redis(…)` or `new Cluster(…)`.
 *
 * It has to be made with `enableOfflineQueue: false`, and `maxRetriesPerRequest: 0` (of a Cluster `retryDelayOnFailover: 0`): by itself it sends
 * commands again that were not answered, and a write that landed would land twice.
 * @throws {SojournError} `invalid_option` when it was made without
 */
export function fromIoredis(client: IoRedis | IoRedisCluster): RedisClient {
  return "nodes" in client && client.isCluster ? ofCluster(client) : ofOne(client as IoRedis);
}

function ofOne(client: IoRedis): RedisClient {
  const { enableOfflineQueue, maxRetriesPerRequest } = client.options;
  refuse("enableOfflineQueue: false", enableOfflineQueue === false);
  refuse("maxRetriesPerRequest: 0", maxRetriesPerRequest === 0);
  const node = nodeOf(client);
  const send = gathering(client);
  return {
    cluster: false,
    command: (_, args) => (client.status === "ready" ? send(args) : Promise.reject(new Error(offline))),
    verdict,
    primaries: () => (client.status === "ready" ? Promise.resolve([node]) : Promise.reject(new Error(offline))),
    async fork() {
      const own = client.duplicate() as IoRedis & Listener;
      await opened(own);
      return { command: gathering(own), close: () => own.disconnect() };
    },
    async subscribe(channels, heard, again) {
      const own = client.duplicate() as IoRedis & Listener;
      await opened(own);
      own.on("message", heard);
      return listen(own, again, () => own.subscribe(...channels));
    },
  };
}

function ofCluster(client: IoRedisCluster): RedisClient {
  const { enableOfflineQueue, retryDelayOnFailover } = client.options;
  refuse("enableOfflineQueue: false", enableOfflineQueue === false);
  refuse("retryDelayOnFailover: 0", retryDelayOnFailover === 0);
  const whole = nodeOf(client);
  return {
    cluster: true,
    // It finds the key in the command by itself.
    command: (_, args) => (client.status === "ready" ? whole.command(args) : Promise.reject(new Error(offline))),
    verdict,
    primaries: () => (client.status === "ready" ? Promise.resolve(client.nodes("master").map(nodeOf)) : Promise.reject(new Error(offline))),
    fork: () => Promise.reject(new SojournError("invalid_option", "a Cluster client has no single connection of its own")),
    async subscribe(channels, heard, again) {
      const own = client.duplicate([], { shardedSubscribers: true } as never) as IoRedisCluster & Listener;
      await opened(own);
      own.on("smessage", heard);
      return listen(own, again, () => Promise.all(channels.map((channel) => own.ssubscribe(channel))));
    },
  };
}

/**
 * Has the socket send what comes in one turn of the event loop together, at its end. By itself ioredis calls the system for each command, which is a third of
 * what a command costs it.
 */
function gathering(client: IoRedis): (words: readonly string[]) => Promise<unknown> {
  const { command } = nodeOf(client);
  let corked: IoRedis["stream"];
  const send = (): void => {
    const stream = corked;
    corked = undefined;
    stream?.uncork();
  };
  return (words) => {
    const { stream } = client;
    if (stream !== undefined && stream !== corked) {
      if (corked === undefined) setImmediate(send);
      // Another connection has taken its place.
      else send();
      stream.cork();
      corked = stream;
    }
    return command(words);
  };
}

/** A duplicate connects by itself. */
async function opened(own: Listener & { readonly status: string }): Promise<void> {
  own.on("error", () => undefined);
  if (own.status === "ready") return;
  await new Promise<void>((resolve, reject) => {
    own.on("ready", () => resolve());
    for (const event of ["close", "end"]) own.on(event, () => reject(new Error(offline)));
  });
}

async function listen(own: Listener, again: () => void, subscribe: () => Promise<unknown>): Promise<() => void> {
  try {
    await subscribe();
  } catch (error) {
    own.disconnect();
    throw error;
  }
  for (const event of ["ready", "+node", "-node"]) own.on(event, () => again());
  return () => own.disconnect();
}

function nodeOf(node: { call(command: string, args: string[]): Promise<unknown> }): RedisNode {
  return { command: (words) => node.call(words[0] as string, words.slice(1)) };
}

function refuse(setting: string, is: boolean): void {
  if (is) return;
  throw new SojournError("invalid_option", `this client of ioredis sends commands late or twice after it lost its connection. Make it with ${setting}.`);
}

const offline = "the client is not ready";
/** Words of the client for commands that it has not sent. */
const unsent = new RegExp(`^(?:${offline}|(?:Stream isn't writeable|Cluster isn't ready) and enableOfflineQueue options is false)$`);

function verdict(error: unknown): ReturnType<RedisClient["verdict"]> {
  if (!(error instanceof Error)) return "lost";
  if (unsent.test(error.message)) return "unsent";
  return error.name === "ReplyError" ? "refused" : "lost";
}
