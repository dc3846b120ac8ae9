import { createSessions, type Sessions, type SessionsOptions } from "sojourn";
import { createApp } from "./app.ts";
import { authorizer } from "./authorize.ts";
import { backgroundWork } from "./background.ts";
import { clientAddress } from "./client-address.ts";
import type { ServeSettings } from "./config.ts";
import { consolePages } from "./console/console-pages.ts";
import { consoleSessions } from "./console/console-sessions.ts";
import type { OidcSettings } from "./console/oidc-settings.ts";
import { makeDataFolder } from "./data-folder.ts";
import { createShop } from "./demo/shop.ts";
import { developmentKey, type DevelopmentKey } from "./development-key.ts";
import { environmentKey } from "./environment-key.ts";
import { ownHosts } from "./host.ts";
import { listen } from "./http-server.ts";
import { repeatsOf } from "./idempotency.ts";
import { keysOf, type Keys } from "./keys.ts";
import { liveOf } from "./live/live.ts";
import { outages } from "./live/outages.ts";
import type { Log } from "./log.ts";
import { serverMetrics } from "./metrics/metrics.ts";
import { outageLog } from "./outage-log.ts";
import { rateLimits } from "./rate-limits.ts";
import { StartFailure } from "./start-failure.ts";
import { version } from "./version.ts";
import { storeInTime } from "./stores/in-time.ts";
import { nobody } from "./stores/opened-store.ts";
import { openSetting } from "./stores/open-setting.ts";
import type { Fields } from "./views.ts";
import { webhooksOf } from "./webhooks/webhooks.ts";

/** A server that has been started. */
export interface Running {
  /** Such as `http://127.0.0.1:7300`. */
  readonly address: string;
  readonly port: number;
  /** Of a development server. */
  readonly key: DevelopmentKey | undefined;
  /** Finishes what is under way (for 10 s at most), stops the sweep, and closes the store and its connections. */
  stop(): Promise<void>;
}

const patience = 10_000;

/** How long what is no session (application keys, readiness) waits for the store, in ms: as long as a session manager waits. */
const callPatience = 2_000;

/** Starts what `sojournd serve` is. @throws {StartFailure} when it cannot */
export async function serve(settings: ServeSettings, log: Log): Promise<Running> {
  const { dev, data, host } = settings;
  const place = await openSetting(settings);
  const measured = serverMetrics(settings, place.store, log);
  const { store } = measured;
  const opened: { close(): unknown }[] = [place];
  async function close(): Promise<void> {
    for (const part of opened.toReversed()) await part.close();
  }
  try {
    const bounded = storeInTime(store, callPatience);
    const stored = keysOf(bounded);
    if (dev) makeDataFolder(data);
    const key = dev ? await developmentKey(data, stored, settings.key) : undefined;
    const keys = dev ? stored : await applicationKeys(stored, settings.key);
    const calm = outageLog(measured.log);
    const health = outages();
    const { idle, absolute, perSubject, whenFull } = settings.policy;
    const managed = (options: Omit<SessionsOptions<Fields>, "store">): Sessions<Fields> => {
      const sessions = createSessions<Fields>({ store, idle, absolute, limit: { ...(perSubject !== undefined && { perSubject }), whenFull }, ...options });
      opened.push(sessions);
      calm.follow(sessions);
      health.follow(sessions);
      measured.observe(sessions);
      return sessions;
    };
    // Bearer clients cannot be handed a new token with any answer: they rotate when they ask to.
    const sessions = byTenant((tenant) => managed({ tenant, kind: "api", rotation: false }));
    const visitors = byTenant((tenant) => managed({ tenant, kind: "web" }));
    const ready = async (): Promise<void> => void (await bounded.load(nobody));
    const seats = settings.policy.console
      ? consoleSessions({
          store,
          keys,
          behindTls: settings.behindTls,
          log: calm.log,
          byKey: settings.consoleKeys,
          oidc: settings.oidc,
          oidcSecret: settings.oidcSecret,
          addressOf: (ask) => clientAddress(ask, settings.behindTls),
        })
      : undefined;
    if (seats !== undefined) opened.push({ close: seats.stop });
    const webhooks = webhooksOf({ store, bounded, sessions, hosts: settings.policy.webhookHosts, kinds: settings.policy.kinds, log: calm.log });
    const background = backgroundWork();
    const access = authorizer(keys, seats, rateLimits(settings.policy.rate), (ask) => clientAddress(ask, settings.behindTls));
    const live = liveOf({ settings, version, store, latencies: measured.latencies, bounded, sessions, outages: health, stillMay: access.stillMay });
    opened.push({ close: live.stop });
    measured.streams((tenant) => live.streams.count(tenant));
    const annexes = [...(dev ? [createShop(store, calm.log)] : []), ...(seats === undefined ? [] : [consolePages()])];
    const app = createApp(
      {
        sessions,
        visitors,
        keys,
        store,
        background,
        access,
        live,
        repeats: repeatsOf(bounded),
        webhooks,
        console: seats,
        settings,
        version,
        ready,
        metrics: measured.text,
      },
      calm.log,
      annexes,
    );
    const server = await listen({
      host,
      port: settings.port,
      hosts: ownHosts(host, [...settings.allowedHosts, ...namesOf(settings.oidc)]),
      fetch: app.fetch,
      log: measured.log,
    });
    // One manager's sweep serves every tenant of the store.
    await sessions("main").run();
    webhooks.run();
    return {
      address: `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`,
      port: server.port,
      key,
      async stop() {
        const rest = background.stop();
        live.stop();
        await server.stop(patience);
        await rest;
        await webhooks.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The name by which the provider sends people back. */
function namesOf(oidc: OidcSettings | undefined): readonly string[] {
  return oidc === undefined ? [] : [new URL(oidc.publicUrl).hostname.replaceAll(/[[\]]/g, "")];
}

/** A manager for each tenant that somebody asked for. There are no more than there are tenants of keys. */
function byTenant(make: (tenant: string) => Sessions<Fields>): (tenant: string) => Sessions<Fields> {
  const made = new Map<string, Sessions<Fields>>();
  return (tenant) => {
    const known = made.get(tenant);
    if (known !== undefined) return known;
    const sessions = make(tenant);
    made.set(tenant, sessions);
    return sessions;
  };
}

async function applicationKeys(stored: Keys, given: string | undefined): Promise<Keys> {
  if (given !== undefined) return environmentKey(stored, given);
  if ((await stored.list()).length > 0) return stored;
  throw new StartFailure('There is no application key. Make one with "sojournd keys new" (and the same --store or --data), or give one in SOJOURN_KEY.');
}
