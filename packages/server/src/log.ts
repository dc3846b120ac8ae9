import { pino } from "pino";

/** What the server tells whoever runs it. No token, no key, no data, no path as it was sent (a subject may stand in it). */
export interface Log {
  request(line: RequestLine): void;
  info(message: string, fields?: object): void;
  /** Something is wrong that an operator should know. */
  error(message: string, error: unknown): void;
}

/** One answered request. */
export interface RequestLine {
  /** As in its X-Request-Id. */
  readonly id: string;
  readonly method: string;
  /** The route's pattern. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** JSON lines on stdout. */
export function jsonLog(): Log {
  const logger = pino({
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    serializers: { err: pino.stdSerializers.errWithCause },
  });
  return {
    request: (line) => logger.info(line, "request"),
    info: (message, fields = {}) => logger.info(fields, message),
    error: (message, error) => logger.error({ err: error }, message),
  };
}

/** Short lines for a person at a terminal. */
export function shortLog(): Log {
  return {
    request: ({ id, method, route, status, ms }) => console.log(`${clock()} ${method.padEnd(6)} ${route} ${status} ${ms.toFixed(1)} ms ${id}`),
    info: (message) => console.log(`${clock()} ${message}`),
    error: (message, error) => console.error(`${clock()} ${message}`, error),
  };
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
