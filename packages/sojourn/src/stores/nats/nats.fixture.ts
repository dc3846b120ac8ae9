import { jetstream } from "@nats-io/jetstream";
import { connect, type ConnectionOptions, type NatsConnection } from "@nats-io/transport-node";
import { natsStore, type NatsClient, type NatsStore, type NatsStoreOptions } from "./nats.ts";

/** Members: each with a connection of its own, all closed at the end. */
export interface Members {
  /** `change` may put something between the store and the real client. */
  open(options?: NatsStoreOptions, connection?: ConnectionOptions, change?: (nats: NatsClient) => NatsClient): Promise<Member>;
  client(connection?: ConnectionOptions): Promise<NatsClient & { readonly connection: NatsConnection }>;
  close(): Promise<void>;
}
export interface Member {
  readonly store: NatsStore;
  readonly connection: NatsConnection;
  /** Requests to the server since it was last asked. */
  requests(): number;
}

export function members(servers: () => readonly string[]): Members {
  const connections: NatsConnection[] = [];
  const stores: NatsStore[] = [];
  async function client(options?: ConnectionOptions): Promise<NatsClient & { readonly connection: NatsConnection }> {
    const connection = await connect({ servers: [...servers()], reconnectTimeWait: 100, maxReconnectAttempts: -1, ...options });
    connections.push(connection);
    return { connection, jetstream: jetstream(connection) };
  }
  return {
    client,
    async open(options, connecting, change = (nats) => nats) {
      const { connection, jetstream: js } = await client(connecting);
      let requests = 0;
      const nats: NatsClient = {
        connection: watched(connection, "request", () => requests++),
        jetstream: watched(js, "publish", () => requests++),
      };
      // The machine may be busy with other things; what the time-out is for has tests of its own.
      const store = await natsStore(change(nats), { timeout: 15_000, ...options });
      stores.push(store);
      return {
        store,
        connection,
        requests() {
          const now = requests;
          requests = 0;
          return now;
        },
      };
    },
    async close() {
      for (const store of stores) await store.close();
      for (const connection of connections) await connection.close();
    },
  };
}

/** The real thing, and a word whenever one of its methods is called. */
function watched<T extends object>(real: T, method: keyof T, called: () => void): T {
  return new Proxy(real, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      const bound = (value as (...args: unknown[]) => unknown).bind(target);
      if (name !== method) return bound;
      return (...args: unknown[]) => {
        called();
        return bound(...args);
      };
    },
  });
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${what}: not within ${ms} ms`);
}

/** A figure for whoever reads the tests' output. */
export function tell(figure: string): void {
  process.stdout.write(`${figure}\n`);
}
