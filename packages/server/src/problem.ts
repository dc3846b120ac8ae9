import { STATUS_CODES } from "node:http";
import { SojournError } from "sojourn";
import { redacted } from "./redacted.ts";

/** What the server says beyond the library's codes. Stable: programs may switch on it. */
export type ProblemCode =
  | SojournError["code"]
  | "invalid_request"
  | "invalid_key"
  | "forbidden"
  | "reauthentication_required"
  | "too_many_requests"
  | "idempotency_conflict"
  | "not_supported"
  | "not_found"
  | "method_not_allowed"
  | "unsupported_media_type"
  | "foreign_host"
  | "header_too_large"
  | "timeout"
  | "internal";

/** An answer in place of the asked-for one: problem details (RFC 9457). */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: ProblemCode;
  /** Of a request that is wrong in one place: where, as a path such as `data.cart`. */
  readonly field: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail what is wrong, and the fix. */
  constructor(
    status: number,
    code: ProblemCode,
    detail: string,
    more: { readonly field?: string | undefined; readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause });
    this.status = status;
    this.code = code;
    this.field = more.field;
    this.headers = more.headers ?? {};
  }
}

/** The problem that an error is. Of an unforeseen one the client hears nothing but that it happened. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof SojournError))
    return new Problem(500, "internal", "The server failed to answer this request. Its log says why, under the request's X-Request-Id.", { cause: error });
  // The server's own settings were judged when it started: an option that is wrong now came with the request.
  const status = error.code === "invalid_option" ? 400 : error.status;
  return new Problem(status, error.code, error.message, { cause: error, ...(status === 401 ? { headers: sessionChallenge } : undefined) });
}

/** With every 401 there must be a challenge (RFC 9110 §15.5.2). */
export const sessionChallenge: Readonly<Record<string, string>> = { "WWW-Authenticate": 'Sojourn-Session realm="sojourn"' };

/** The body and the headers of a problem. */
export function problemAnswer(problem: Problem): { readonly body: string; readonly headers: Record<string, string> } {
  const { status, code, message, field } = problem;
  // A message may name what was sent in the wrong place.
  const body = `${redacted(JSON.stringify({ title: STATUS_CODES[status] ?? "Error", status, code, detail: message, ...(field === undefined ? undefined : { field }) }))}\n`;
  return {
    body,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", ...problem.headers },
  };
}

/** The answer that a problem is. */
export function problemResponse(problem: Problem): Response {
  const { body, headers } = problemAnswer(problem);
  return new Response(body, { status: problem.status, headers });
}
