import { context, type Context, type ContextManager, ROOT_CONTEXT, type Meter, type Tracer } from "@opentelemetry/api";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { AsyncLocalStorage } from "node:async_hooks";

/** One series of a metric. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of a counter its sum, of a histogram how many values it has. */
  readonly value: number;
}

/** The OpenTelemetry SDK, exporting into this process's memory. */
export interface Telemetry {
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** What was measured so far. */
  series(): Promise<readonly Series[]>;
  spans(): readonly ReadableSpan[];
}

/** A pipeline of its own. */
export function telemetry(): Telemetry {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const finished = new InMemorySpanExporter();
  return {
    meter: new MeterProvider({ readers: [reader] }).getMeter("sojourn"),
    tracer: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(finished)] }).getTracer("sojourn"),
    async series() {
      exporter.reset();
      await reader.forceFlush();
      return exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) =>
            metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
              dataPoints.map(({ attributes, value }) => ({ name, unit, attributes, value: typeof value === "number" ? value : value.count })),
            ),
          ),
        );
    },
    spans: () => finished.getFinishedSpans(),
  };
}

/** Has the API know which span is the active one, as the SDK for Node does. Gives a function that undoes it. */
export function activeSpans(): () => void {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (entered, act, self, ...given) => storage.run(entered, () => act.apply(self as never, given)),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  context.setGlobalContextManager(manager);
  return () => context.disable();
}
