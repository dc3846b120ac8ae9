import { outcomeUnknown, storeUnavailable } from "../../core/errors.ts";
import type { RedisClient, RedisNode } from "./redis-client.ts";

/** When a commit is acknowledged. */
export interface Durable {
  /** How many replicas have to have it. */
  readonly replicas: number;
  /** ms that is waited for them. */
  readonly within: number;
}

interface Waiting {
  readonly args: readonly string[];
  readonly deadline: number | undefined;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/**
 * Sends commands on a connection of its own, and answers when enough replicas have what they wrote. `WAIT` counts the writes of the connection on which it
 * is sent, and holds up what is sent behind it: so what comes while one is outstanding is sent together, with one `WAIT` behind it.
 */
export function durably(client: RedisClient, { replicas, within }: Durable): RedisClient & { close(): Promise<void> } {
  let connection: Promise<RedisNode & { close(): void }> | undefined;
  let waiting: Waiting[] = [];
  let sending = false;

  async function flush(): Promise<void> {
    sending = true;
    while (waiting.length > 0) {
      const all = waiting;
      waiting = [];
      await send(all);
    }
    sending = false;
  }

  async function send(all: readonly Waiting[]): Promise<void> {
    let own: RedisNode;
    try {
      connection ??= client.fork();
      own = await connection;
    } catch (error) {
      connection = undefined;
      for (const { reject } of all) reject(storeUnavailable("its own connection could not be opened; nothing was written", error));
      return;
    }
    const late = (deadline: number | undefined): boolean => deadline !== undefined && deadline <= Date.now();
    for (const { deadline, reject } of all) if (late(deadline)) reject(storeUnavailable("the deadline passed before the change was sent; nothing was written"));
    const sent = all.filter(({ deadline }) => !late(deadline)).map((one) => ({ one, reply: settled(own.command(one.args)) }));
    if (sent.length === 0) return;
    const had = await settled(own.command(["WAIT", String(replicas), String(within)]));
    for (const { one, reply } of sent) {
      const done = await reply;
      if ("error" in done) one.reject(done.error);
      else if (!("error" in had) && Number(had.value) >= replicas) one.resolve(done.value);
      else
        one.reject(
          outcomeUnknown(`it is written, but ${"error" in had ? "Redis did not say how many" : `${String(had.value)} of ${replicas}`} replicas have it`),
        );
    }
  }

  return {
    ...client,
    command: (_, args, deadline) =>
      new Promise((resolve, reject) => {
        waiting.push({ args, deadline, resolve, reject });
        if (!sending) void flush();
      }),
    async close() {
      // One that never opened has nothing to be closed, and its commands have been told.
      const own = await connection?.catch(() => undefined);
      own?.close();
    },
  };
}

type Settled = { readonly value: unknown } | { readonly error: unknown };

function settled(reply: Promise<unknown>): Promise<Settled> {
  return reply.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
