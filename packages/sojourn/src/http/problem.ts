import { SojournError } from "../core/errors.ts";
import type { SojournErrorCode } from "../core/errors.ts";

/** An answer in place of the handler's: problem details (RFC 9457). Tells the code, and nothing of the inside. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

const details: Partial<Readonly<Record<SojournErrorCode, string>>> = {
  session_ended: "The session ended meanwhile.",
  session_missing: "There is no such session.",
  store_unavailable: "The session could not be kept. Nothing was changed.",
  record_unreadable: "The session cannot be read. Nothing was changed.",
  outcome_unknown: "It is not known whether the session was changed.",
  cross_site: "The request comes from another origin.",
};

/** @param challenge the WWW-Authenticate value, sent with 401. */
export function problem(error: unknown, challenge?: string): Problem {
  const known = error instanceof SojournError;
  const status = known ? error.status : 500;
  const detail = known ? details[error.code] : undefined;
  const body = JSON.stringify({
    title: titles[status] ?? "Error",
    status,
    ...(known ? { code: error.code } : undefined),
    ...(detail === undefined ? undefined : { detail }),
  });
  return {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Content-Length": String(body.length),
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      ...(status === 401 && challenge !== undefined ? { "WWW-Authenticate": challenge } : undefined),
      ...(known && error.code === "cross_site" ? { Vary: "Sec-Fetch-Site, Origin" } : undefined),
    },
    body,
  };
}

/**
 * Whether a field stays when a problem takes the place of the handler's answer: what lets a page of an allowed origin read it, and what speaks of the
 * connection or host.
 */
export function staysWithProblem(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith("access-control-") || lower === "vary" || lower === "strict-transport-security" || lower === "connection";
}
