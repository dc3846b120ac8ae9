import type { Answer } from "@sojourn/client/operations";
import type { Sessions, Store } from "sojourn";
import type { Caller } from "../caller.ts";
import type { ServeSettings } from "../config.ts";
import type { Fields } from "../views.ts";
import { channel, type Channel } from "./channel.ts";
import { eventStreams, type EventStreams } from "./event-streams.ts";
import { figures, type Figures, type FiguresOptions } from "./figures.ts";
import type { Outages } from "./outages.ts";
import { wakeLag } from "./wake-lag.ts";

/** What goes on: events, figures, how the server does. */
export interface Live {
  readonly streams: EventStreams;
  /** What happens to a tenant's sessions; undefined where the store cannot be watched. */
  channel(tenant: string): Channel | undefined;
  figures(tenant: string): Figures;
  /** @param tenant of whoever asks */
  status(tenant: string): Answer<"status">;
  /** Ends every stream. */
  stop(): void;
}

export interface LiveOptions {
  readonly settings: ServeSettings;
  readonly version: string;
  readonly store: Store;
  /** Of its calls, in the last minute. */
  readonly latencies: FiguresOptions["latencies"];
  /** The same store, whose calls are given up in time. */
  readonly bounded: Store;
  readonly sessions: (tenant: string) => Sessions<Fields>;
  readonly outages: Outages;
  stillMay(caller: Caller): Promise<boolean>;
}

/** Watches nothing and asks nothing until somebody looks. */
export function liveOf({ settings, version, store, latencies, bounded, sessions, outages: health, stillMay }: LiveOptions): Live {
  const { kinds, idle, absolute } = settings.policy;
  const started = Date.now();
  const streams = eventStreams({ stillMay });
  const wakes = wakeLag(bounded);
  const watched = "watch" in store;
  const channels = new Map<string, Channel>();
  const seen = new Map<string, Figures>();

  function channelOf(tenant: string): Channel | undefined {
    if (!watched) return undefined;
    return kept(channels, tenant, () => channel(sessions(tenant), kinds));
  }

  return {
    streams,
    channel: channelOf,
    figures: (tenant) =>
      kept(seen, tenant, () =>
        figures({
          sessions: sessions(tenant),
          channel: channelOf(tenant),
          kinds,
          latencies,
          lag: wakes.read,
          listeners: () => streams.count(tenant),
        }),
      ),
    status: (tenant) => ({
      version,
      started,
      tenant,
      store: { engine: settings.store.engine, shown: settings.store.shown, reads: health.reads, writes: health.writes, counts: "count" in store, watched },
      memory: process.memoryUsage.rss(),
      idle,
      absolute,
    }),
    stop() {
      streams.stop();
      for (const each of [...seen.values(), ...channels.values()]) each.stop();
    },
  };
}

/** There are no more than there are tenants of keys. */
function kept<Value>(known: Map<string, Value>, tenant: string, make: () => Value): Value {
  const found = known.get(tenant) ?? make();
  known.set(tenant, found);
  return found;
}
