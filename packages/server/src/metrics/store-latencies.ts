import { instruments, type Meter } from "sojourn/otel";
import { latencyGauge, type Latency } from "./latency.ts";

/** How long calls of the store took in the last minute. */
export interface StoreLatencies {
  /** What the store is to be measured with: all that is written into it goes on. */
  readonly meter: Meter;
  /** Loads and searches, and commits. */
  read(): { readonly reads: Latency; readonly writes: Latency };
}

/** Remembers what the histogram of the store's calls is told: people want the last minute, and histograms know but all of it. */
export function storeLatencies(inner: Meter): StoreLatencies {
  const reads = latencyGauge();
  const writes = latencyGauge();
  return {
    meter: {
      createCounter: (name, options) => inner.createCounter(name, options),
      createHistogram(name, options) {
        const histogram = inner.createHistogram(name, options);
        if (name !== instruments.storeDuration.name) return histogram;
        return {
          record(seconds, attributes) {
            histogram.record(seconds, attributes);
            const gauge = attributes?.["db.operation.name"] === "commit" ? writes : reads;
            gauge.note(seconds * 1_000, performance.now());
          },
        };
      },
    },
    read() {
      const now = performance.now();
      return { reads: reads.read(now), writes: writes.read(now) };
    },
  };
}
