import { startNats } from "@sojourn/peers/nats";
import { startPostgres } from "@sojourn/peers/postgres";
import { missing } from "@sojourn/peers/programs";
import { Pool } from "pg";
import { createSessions, type Store } from "sojourn";
import { fromPg, postgresStore } from "sojourn/stores/postgres";
import { afterAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { repeatsOf } from "../idempotency.ts";
import type { Log } from "../log.ts";
import { storeInTime } from "../stores/in-time.ts";
import { openAddress } from "../stores/open-address.ts";
import { storeAddress } from "../stores/store-address.ts";
import type { Fields } from "../views.ts";
import { receiver } from "./receiver.fixture.ts";
import { webhooksOf } from "./webhooks.ts";

afterAll(cleanUp);

const patient = { timeout: 60_000, interval: 50 };
const quiet: Log = { request: () => undefined, info: () => undefined, error: () => undefined };

interface Engine {
  /** A connection of its own. */
  open(): Promise<{ readonly store: Store; close(): unknown }>;
  kill(): void;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function nats(): Promise<Engine> {
  const server = await startNats({ jetstreamConfig: "" });
  const url = `nats://127.0.0.1:${server.port}`;
  return {
    open: () => openAddress(storeAddress(url, "SOJOURN_STORE")),
    kill: () => server.kill("SIGKILL"),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

async function postgres(): Promise<Engine> {
  const server = await startPostgres();
  const open = (): Promise<{ store: Store; close: () => Promise<void> }> => {
    const pool = new Pool({ host: "127.0.0.1", port: server.port, user: "postgres", database: "postgres", connectionTimeoutMillis: 2_000 });
    return Promise.resolve({ store: postgresStore(fromPg(pool), { feed: true }), close: () => pool.end() });
  };
  return { open, kill: () => server.kill("SIGKILL"), restart: () => server.restart(), stop: () => server.stop() };
}

/** What a server has of it, on a connection of its own. */
async function connectedServer(
  open: Engine["open"],
): Promise<{ webhooks: ReturnType<typeof webhooksOf>; sessions: ReturnType<typeof createSessions<Fields>>; bounded: ReturnType<typeof storeInTime> }> {
  const { store, close } = await open();
  const bounded = storeInTime(store, 2_000);
  const sessions = createSessions<Fields>({ store, kind: "api" });
  const webhooks = webhooksOf({ store, bounded, sessions: () => sessions, hosts: ["127.0.0.1"], kinds: ["api"], log: quiet });
  webhooks.run();
  later(close);
  later(() => sessions.close());
  later(webhooks.stop);
  return { webhooks, sessions, bounded };
}

const engines = [
  ["NATS", missing("nats-server", "nats-server"), nats],
  ["PostgreSQL", missing("postgresql", "initdb", "postgres"), postgres],
] as const;

describe.each(engines)("%s", (name, reason, start) => {
  const title = (text: string): string => (reason === undefined ? text : `${name}: ${reason}`);

  test.skipIf(reason !== undefined)(
    title("two servers tell of what happens at either, go on after the engine was killed, and one takes over from the other; a repeated request is done once"),
    { timeout: 180_000 },
    async () => {
      const engine = await start();
      later(engine.stop);
      const first = await connectedServer(engine.open);
      const second = await connectedServer(engine.open);
      const target = await receiver();
      const { secret } = await first.webhooks.create("main", { url: target.url, events: ["ended"], kinds: undefined });
      const told = (): string[] => [...new Set(target.told(secret).map(({ data }) => data.id))];
      const ended: string[] = [];
      const visit = async (sessions: typeof first.sessions): Promise<void> => {
        const session = await sessions.create({ subject: "ada" });
        ended.push(session.id ?? "");
        await session.end();
      };
      for (let i = 0; i < 6; i++) await visit(i % 2 === 0 ? first.sessions : second.sessions);
      await expect.poll(told, patient).toEqual(ended);
      expect(target.received).toHaveLength(6);

      const request = { caller: "shop", secret: "sjk_x", operation: "createSession", key: "0123456789abcdef", body: {} };
      let done = 0;
      const make = (): Promise<unknown> => Promise.resolve({ done: ++done });
      const repeats = [first, second].map(({ bounded }) => repeatsOf(bounded));
      await Promise.allSettled(Array.from({ length: 20 }, (_, i) => repeats[i % 2]?.once(request, make)));
      expect(done).toBe(1);
      expect(await repeats[1]?.once(request, make)).toEqual({ answer: { done: 1 }, replayed: true });

      engine.kill();
      await engine.restart();
      await expect
        .poll(
          () =>
            visit(first.sessions).then(
              () => true,
              () => false,
            ),
          patient,
        )
        .toBe(true);
      await expect.poll(() => told().at(-1), patient).toBe(ended.at(-1));
      await first.webhooks.stop();
      await visit(second.sessions);
      await expect.poll(() => told().at(-1), patient).toBe(ended.at(-1));
    },
  );
});
