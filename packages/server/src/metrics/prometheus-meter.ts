import { Counter, Histogram, type Registry } from "prom-client";
import type { Attributes, InstrumentOptions, Meter } from "sojourn/otel";
import { labelName, prometheusName } from "./prometheus-names.ts";

/** Instruments of OpenTelemetry's shape that write into a registry of Prometheus metrics: a metric is said once, for both. */
export function prometheusMeter(registry: Registry): Meter {
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  return {
    createCounter(name, options) {
      const counter = counters.get(name) ?? new Counter(settingsOf(registry, name, options, "counter"));
      counters.set(name, counter);
      return { add: (value, attributes = {}) => counter.inc(labelsOf(attributes), value) };
    },
    createHistogram(name, options) {
      const buckets = options.advice?.explicitBucketBoundaries;
      const settings = { ...settingsOf(registry, name, options, "histogram"), ...(buckets !== undefined && { buckets }) };
      const histogram = histograms.get(name) ?? new Histogram(settings);
      histograms.set(name, histogram);
      return { record: (value, attributes = {}) => histogram.observe(labelsOf(attributes), value) };
    },
  };
}

function settingsOf(
  registry: Registry,
  name: string,
  { description, unit, attributes }: InstrumentOptions,
  sort: "counter" | "histogram",
): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
  return { name: prometheusName(name, unit, sort), help: description, labelNames: attributes.map(labelName), registers: [registry] };
}

/** Attributes are few and their objects are mostly the same: their labels are made once. */
const made = new WeakMap<Attributes, Record<string, string>>();

function labelsOf(attributes: Attributes): Record<string, string> {
  const labels = made.get(attributes);
  if (labels !== undefined) return labels;
  const fresh = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [labelName(name), value]));
  made.set(attributes, fresh);
  return fresh;
}
