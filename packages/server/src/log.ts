import { pino } from "pino";
import { errorText, loggedError } from "./logged-error.ts";
import { redacted } from "./redacted.ts";

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

/** Bytes of lines that wait for a reader who does not read; past it lines are lost, and the server is not. */
const mostWaiting = 8_388_608;

/**
 * JSON lines on stdout. Those of requests are written some at a time, at most half a second later: a write for each costs more than most requests do.
 * Everything else is written at once, and what waits when the process exits.
 */
export function jsonLog(): Log {
  const lines = pino.destination({ dest: 1, sync: false, minLength: 8_192, periodicFlush: 500, maxLength: mostWaiting });
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { err: (error: unknown) => loggedError(error) },
      hooks: { streamWrite: redacted },
    },
    lines,
  );
  return {
    request: (line) => logger.info(line, "request"),
    info(message, fields = {}) {
      logger.info(fields, message);
      lines.flush();
    },
    error(message, error) {
      logger.error({ err: error }, message);
      lines.flush();
    },
  };
}

/** Short lines for a person at a terminal. */
export function shortLog(): Log {
  return {
    request: ({ id, method, route, status, ms }) => console.log(`${clock()} ${method.padEnd(6)} ${route} ${status} ${ms.toFixed(1)} ms ${id}`),
    info: (message) => console.log(redacted(`${clock()} ${message}`)),
    error: (message, error) => console.error(redacted(`${clock()} ${message} ${errorText(loggedError(error))}`)),
  };
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
