import { collectDefaultMetrics, Registry } from "prom-client";
import type { CountableStore, Store } from "sojourn";
import { observe, observedStore, type Observable } from "sojourn/otel";
import type { ServeSettings } from "../config.ts";
import type { Log } from "../log.ts";
import { gaugeLiveSessions } from "./live-sessions.ts";
import { gaugeOpenStreams } from "./open-streams.ts";
import { prometheusMeter } from "./prometheus-meter.ts";
import { measuringRequests } from "./request-durations.ts";
import { storeLatencies, type StoreLatencies } from "./store-latencies.ts";

/** What a server measures of itself. */
export interface Metrics {
  /** The store, measured. */
  readonly store: Store;
  /** The log, with each request measured that has a line in it. */
  readonly log: Log;
  /** Counts what happens to a manager's sessions. */
  observe(sessions: Observable): void;
  /** How long calls of the store took in the last minute. */
  latencies(): ReturnType<StoreLatencies["read"]>;
  /** Has open event streams counted. */
  streams(count: (tenant: string) => number): void;
  /** All of it as it is now, in the text format of Prometheus (0.0.4). */
  text(): Promise<string>;
}

/** The media type of {@link Metrics.text}. */
export const metricsType: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** `db.system.name` of each engine; those that the semantic conventions do not know have a name of our own. */
const systems: Readonly<Record<ServeSettings["store"]["engine"], string>> = {
  lmdb: "lmdb",
  file: "file",
  memory: "memory",
  redis: "redis",
  postgres: "postgresql",
  mariadb: "mariadb",
  nats: "nats",
};

/** Measures a server on that store. Each server has a registry of its own. */
export function serverMetrics({ store: { engine }, behindTls, policy: { kinds } }: ServeSettings, store: Store, log: Log): Metrics {
  const registry = new Registry();
  const { meter, read } = storeLatencies(prometheusMeter(registry));
  collectDefaultMetrics({ register: registry });
  if ("count" in store) gaugeLiveSessions(registry, store as Store & CountableStore, kinds);
  return {
    store: observedStore(store, { meter, system: systems[engine] }),
    log: measuringRequests(log, meter, behindTls ? "https" : "http"),
    observe: (sessions) => void observe(sessions, { meter, kinds }),
    latencies: read,
    streams: (count) => gaugeOpenStreams(registry, count),
    text: () => registry.metrics(),
  };
}
