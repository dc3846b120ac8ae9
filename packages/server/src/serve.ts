import { createSessions, type SessionId, type Store } from "sojourn";
import { createApp } from "./app.ts";
import type { ServeSettings } from "./config.ts";
import { createShop } from "./demo/shop.ts";
import { developmentKey, type DevelopmentKey } from "./development-key.ts";
import { environmentKey } from "./environment-key.ts";
import { ownHosts } from "./host.ts";
import { listen } from "./http-server.ts";
import { keysOf, type Keys } from "./keys.ts";
import type { Log } from "./log.ts";
import { openStore } from "./open-store.ts";
import { StartFailure } from "./start-failure.ts";
import type { Fields } from "./views.ts";

/** A server that has been started. */
export interface Running {
  /** Such as `http://127.0.0.1:7300`. */
  readonly address: string;
  readonly port: number;
  /** Of a development server. */
  readonly key: DevelopmentKey | undefined;
  /** Finishes what is under way (for 10 s at most), stops the sweep and closes the store. */
  stop(): Promise<void>;
}

const patience = 10_000;

/** Starts what `sojournd serve` is. @throws {StartFailure} when it cannot */
export async function serve(settings: ServeSettings, log: Log): Promise<Running> {
  const { dev, data, host } = settings;
  const store = openStore(data);
  const opened: { close(): unknown }[] = [store];
  async function close(): Promise<void> {
    for (const part of opened.toReversed()) await part.close();
  }
  try {
    const stored = keysOf(store);
    const key = dev ? await developmentKey(data, stored, settings.key) : undefined;
    const keys = dev ? stored : await applicationKeys(stored, settings.key);
    // Bearer clients cannot be handed a new token with any answer: they rotate when they ask to.
    const sessions = createSessions<Fields>({ store, kind: "api", rotation: false });
    opened.push(sessions);
    sessions.on("failed", ({ doing, error }) => log.error(`could not ${doing}`, error));
    sessions.on("clock", ({ by, state }) => log.info(`the machine's clock jumped by ${by} ms: ${clockTexts[state]}`, { by, state }));
    const app = createApp({ sessions, keys, ready: () => ready(store) }, log, dev ? createShop(store, log) : undefined);
    const server = await listen({ host, port: settings.port, hosts: ownHosts(host, settings.allowedHosts), fetch: app.fetch, log });
    // One manager's sweep serves every tenant of the store.
    await sessions.run();
    return {
      address: `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`,
      port: server.port,
      key,
      async stop() {
        await server.stop(patience);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function applicationKeys(stored: Keys, given: string | undefined): Promise<Keys> {
  if (given !== undefined) return environmentKey(stored, given);
  if ((await stored.list()).length > 0) return stored;
  throw new StartFailure('There is no application key. Make one with "sojournd keys new" (and the same --data), or give one in SOJOURN_KEY.');
}

const clockTexts = {
  held: "the time goes on as before",
  believed: "it has lasted, and is followed from now on",
  over: "it has come back",
} as const;

/** The id of no session. */
const nobody = "0".repeat(26) as SessionId;

async function ready(store: Store): Promise<void> {
  await store.load(nobody, { deadline: Date.now() + 2_000 });
}
