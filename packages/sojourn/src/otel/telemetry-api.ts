// What is called of the OpenTelemetry API (@opentelemetry/api 1): its Meter and Tracer fit these types, and so does anything else with these methods.

/** What tells one series of a metric, or one span, from another. */
export interface Attributes {
  readonly [name: string]: string;
}

/** What a meter is told of an instrument. */
export interface InstrumentOptions {
  readonly description: string;
  /** By UCUM: `s`, or what is counted in braces. */
  readonly unit: string;
  readonly advice?: {
    /** Upper bounds of the buckets of a histogram. A list that could be changed, for OpenTelemetry's type is one. */
    readonly explicitBucketBoundaries?: number[];
  };
  /** All attributes that it can have. OpenTelemetry's own meter does not look; one over a library that has to know its labels beforehand does. */
  readonly attributes: readonly string[];
}

/** Counts what only grows. */
export interface Counter {
  add(value: number, attributes?: Attributes): void;
}

/** Keeps how values are spread. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

/** Makes instruments; asked for one of the same name again, it gives one that goes on with the same series. */
export interface Meter {
  createCounter(name: string, options: InstrumentOptions): Counter;
  createHistogram(name: string, options: InstrumentOptions): Histogram;
}

/** One act within a trace. */
export interface Span {
  setAttribute(name: string, value: string): unknown;
  /** Code 2 is `SpanStatusCode.ERROR`. */
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
}

/** What a tracer is told of a span. */
export interface SpanOptions {
  /** 2 is `SpanKind.CLIENT`. */
  readonly kind: number;
  readonly attributes: Attributes;
}

/** Makes spans. */
export interface Tracer {
  /** Calls the function with a span that is the active one meanwhile, so that the spans of an instrumented driver become its children. */
  startActiveSpan<T>(name: string, options: SpanOptions, act: (span: Span) => T): T;
}
