import type { RedisClient } from "sojourn/stores/redis";

/** One client of node-redis, as much of it as is looked at here. */
export interface RedisLineClient {
  /** As the store takes it. */
  readonly client: RedisClient;
  /** Resolves once connected. @throws why not, if it gave up */
  connect(): Promise<unknown>;
  /** Resolves when every server that it works with has answered. */
  ping(): Promise<unknown>;
  destroy(): void;
}

/** A client that can be exchanged while the store uses it. */
export interface RedisLine {
  readonly client: RedisClient;
  close(): void;
}

/** How often the servers are asked whether they are there, and how long silence may last; in ms. */
const pace = 2_000;
const silence = 7_000;

/**
 * Keeps a client that has connected, and takes a new one in its place when the way to its servers is lost without a word: node-redis waits for answers for
 * as long as the system thinks that there may be some, which is a quarter of an hour. A server that refuses is no reason: the client sees to that itself.
 * @param make gives a client that is not connected yet; it calls `heard` whenever anything is heard, errors too
 */
export async function redisLine(make: (heard: () => void) => RedisLineClient): Promise<RedisLine> {
  let last = performance.now();
  let over = false;
  const heard = (): void => {
    last = performance.now();
  };
  let current = make(heard);
  try {
    await current.connect();
  } catch (error) {
    current.destroy();
    throw error;
  }

  function exchange(): void {
    current.destroy();
    current = make(heard);
    heard();
    const fresh = current;
    // A Cluster whose nodes refuse gives up: then it is begun anew, at the next look.
    fresh.connect().catch(() => {
      if (fresh === current) last = performance.now() - silence + pace;
    });
  }

  const timer = setInterval(() => {
    if (performance.now() - last > silence) exchange();
    else current.ping().then(heard, heard);
  }, pace);
  timer.unref();

  return {
    client: {
      cluster: current.client.cluster,
      command: (key, args, deadline) => current.client.command(key, args, deadline),
      verdict: (error) => current.client.verdict(error),
      primaries: () => current.client.primaries(),
      fork: () => current.client.fork(),
      subscribe: (channels, told, again) => current.client.subscribe(channels, told, again),
    },
    close() {
      if (over) return;
      over = true;
      clearInterval(timer);
      current.destroy();
    },
  };
}
