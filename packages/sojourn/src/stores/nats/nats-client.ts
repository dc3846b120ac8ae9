/**
 * What this store calls of NATS's own client: `@nats-io/transport-node` (or another transport of the same family) for the connection,
 * `@nats-io/jetstream` for the rest.
 */
export interface NatsClient {
  /** What `connect(…)` of the transport gives. */
  readonly connection: NatsConnection;
  /** What `jetstream(connection)` gives. */
  readonly jetstream: NatsJetStream;
}

/** A connection that reconnects by itself. */
export interface NatsConnection {
  /** What the server said of itself; `undefined` while there is no connection. */
  readonly info?: NatsServerInfo | undefined;
  isClosed(): boolean;
  request(subject: string, payload: string, options: { timeout: number }): Promise<{ readonly data: Uint8Array }>;
  status(): AsyncIterable<{ readonly type: string }>;
}

export interface NatsServerInfo {
  readonly version: string;
  /** Bytes that one message may have. */
  readonly max_payload: number;
}

export interface NatsJetStream {
  readonly apiPrefix: string;
  publish(subject: string, payload: string, options: NatsPublishOptions): Promise<{ readonly seq: number }>;
  readonly consumers: { get(stream: string, options: NatsOrderedOptions): Promise<NatsConsumer> };
}

export interface NatsPublishOptions {
  /** ms. */
  timeout: number;
  expect: { lastSubjectSequence: number };
  /** Such as `300s`. */
  ttl?: string;
}

/** Of an ordered consumer. The policy's type is the client's own list of words. */
export interface NatsOrderedOptions {
  deliver_policy: "by_start_sequence";
  opt_start_seq: number;
}

export interface NatsConsumer {
  consume(options: NatsConsumeOptions): Promise<NatsMessages>;
}

export interface NatsConsumeOptions {
  max_messages: number;
  /** ms. */
  expires: number;
  /** ms. */
  idle_heartbeat: number;
  callback: (message: NatsMessage) => void;
}

export interface NatsMessages {
  status(): AsyncIterable<{ readonly type: string }>;
  close(): Promise<unknown>;
}

/** A message of the stream. */
export interface NatsMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
}
