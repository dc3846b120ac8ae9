import type { Instrument, Meter } from "sojourn/otel";
import type { Log, RequestLine } from "../log.ts";

/** By the semantic conventions for HTTP servers, with their buckets. */
export const requestDuration: Instrument = {
  name: "http.server.request.duration",
  description: "How long requests took until their answer began.",
  unit: "s",
  attributes: ["http.request.method", "http.route", "http.response.status_code", "url.scheme", "error.type"],
  advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
};

/** Those that the conventions know (RFC 9110, RFC 5789); whatever else a client writes is one series. */
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"]);

/** A log that measures the requests whose lines pass through it: of each request there is one line. @param scheme as clients see it */
export function measuringRequests(log: Log, meter: Meter, scheme: "http" | "https"): Log {
  const { name, ...options } = requestDuration;
  const duration = meter.createHistogram(name, options);
  /** There are no more than routes, known methods and codes: whoever writes them down finds what was made of them before. */
  const made = new Map<string, Record<string, string>>();
  function known(line: RequestLine): Record<string, string> {
    const key = `${line.status} ${methods.has(line.method) ? line.method : ""} ${line.route}`;
    const attributes = made.get(key) ?? attributesOf(line, scheme);
    made.set(key, attributes);
    return attributes;
  }
  return {
    ...log,
    request(line) {
      duration.record(line.ms / 1000, known(line));
      log.request(line);
    },
  };
}

function attributesOf({ method, route, status }: RequestLine, scheme: string): Record<string, string> {
  return {
    "http.request.method": methods.has(method) ? method : "_OTHER",
    // In parentheses stands why there is none.
    ...(!route.startsWith("(") && { "http.route": route }),
    "http.response.status_code": String(status),
    "url.scheme": scheme,
    ...(status >= 500 && { "error.type": String(status) }),
  };
}
