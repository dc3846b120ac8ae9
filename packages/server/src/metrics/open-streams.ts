import { Gauge, type Registry } from "prom-client";
import type { Instrument } from "sojourn/otel";
import { labelName, prometheusName } from "./prometheus-names.ts";

/** Listeners at this server. */
export const openStreams: Instrument = {
  name: "sojourn.streams.open",
  description: "Event streams that are open at this server, of tenant main.",
  unit: "{stream}",
  attributes: ["sojourn.tenant"],
};

/** Counts them when the metrics are read. */
export function gaugeOpenStreams(registry: Registry, count: (tenant: string) => number): void {
  const tenant = "main";
  const gauge = new Gauge({
    name: prometheusName(openStreams.name, openStreams.unit, "gauge"),
    help: openStreams.description,
    labelNames: openStreams.attributes.map(labelName),
    registers: [],
    collect() {
      this.set({ sojourn_tenant: tenant }, count(tenant));
    },
  });
  registry.registerMetric(gauge);
}
