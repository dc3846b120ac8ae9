/** `sojourn/otel`: metrics and traces of sessions and their stores, by OpenTelemetry's names. The OpenTelemetry API is injected. */
export { observe, type Observable, type ObserveOptions } from "./observe.ts";
export { observedStore, type Observed, type ObservedStoreOptions } from "./observed-store.ts";
export { instruments, type Instrument } from "./instruments.ts";
export type { Attributes, Counter, Histogram, InstrumentOptions, Meter, Span, SpanOptions, Tracer } from "./telemetry-api.ts";
