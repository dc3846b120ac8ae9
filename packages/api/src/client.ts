import { follow } from "./follow.ts";
import type { Answer, Input, Message } from "./operations.ts";
import { pathOf, paths, streaming, type OperationName } from "./paths.ts";
import { SojournProblem } from "./problem.ts";

export { SojournProblem } from "./problem.ts";
export type { Answer, Input, Message } from "./operations.ts";
export type { OperationName } from "./paths.ts";
export type { Role } from "./roles.ts";

/** Where the server is, and who asks. */
export interface ClientOptions {
  /** Such as `https://sessions.example.com`. */
  readonly address: string | URL;
  /** The application key. Without it the request carries no Authorization: for pages of the server itself, which have a cookie. */
  readonly key?: string;
  /** ms that an answer may take. Default 10,000. */
  readonly timeout?: number;
  /** What sends requests. Default: the platform's `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** Of one call. */
export interface CallOptions {
  /** Gives it up: the answer is then `no_answer`, and what was asked may have been done. A stream just ends. */
  readonly signal?: AbortSignal;
  /** Of a stream: called whenever it has been answered, also when it was asked for again. Of `events` everything is told that happens from then on. */
  readonly opened?: () => void;
  /** Of `createSession`: 16 to 200 visible ASCII characters, such as a UUID. Sent again within a day with the same input and key, it is answered as the first time. */
  readonly idempotencyKey?: string;
}

type Result<Name extends OperationName> = Message<Name> extends undefined ? Promise<Answer<Name>> : AsyncIterable<Message<Name>>;
type Call<Name extends OperationName> =
  Record<string, never> extends Input<Name>
    ? (input?: unknown extends Input<Name> ? Record<string, never> : Input<Name>, options?: CallOptions) => Result<Name>
    : (input: Input<Name>, options?: CallOptions) => Result<Name>;

/**
 * Every operation of the API as a function. Each rejects with a {@link SojournProblem} when it is refused, not answered, or cannot be sent.
 * Those that are answered with a stream give what can be iterated, once, and ask when that begins. `events` is asked for again, from where it was, when its
 * connection is lost; of others that is `no_answer`.
 */
export type Client = { readonly [Name in OperationName]: Call<Name> };

/**
 * A client of `sojournd`. What belongs into the path, the query or the body is given together: `client.changeSession({ token, set: { theme: "dark" } })`.
 * But for `events`, nothing is sent twice.
 * @throws {TypeError} when the address is no URL
 */
export function sojournClient(options: ClientOptions): Client {
  const address = new URL(options.address);
  const names = Object.keys(paths) as OperationName[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      (input: Values = {}, call: CallOptions = {}) => {
        const request = (): Request => requestOf(name, input, options.key, address, call.idempotencyKey);
        return streaming.has(name) ? streamed(name, request, options, call) : answered(request, options, call);
      },
    ]),
  ) as unknown as Client;
}

type Values = Readonly<Record<string, unknown>>;

function requestOf(name: OperationName, { token, ...values }: Values, key: string | undefined, address: URL, repeatKey?: string): Request {
  const { method, path } = pathOf(name);
  const rest = new Map(Object.entries(values).filter(([, value]) => value !== undefined));
  const filled = path.replace(/\{(\w+)\}/g, (_, part: string) => {
    const value = rest.get(part);
    rest.delete(part);
    return partOf(part, value);
  });
  const url = new URL(address.pathname.replace(/\/$/, "") + filled, address);
  const headers = new Headers({ Accept: "application/json" });
  if (key !== undefined) setSecret(headers, "Authorization", `Bearer ${key}`, "key");
  if (typeof token === "string") setSecret(headers, "Sojourn-Session", token, "token");
  if (repeatKey !== undefined) setSecret(headers, "Idempotency-Key", repeatKey, "idempotencyKey");
  if (method === "GET" || method === "DELETE") {
    for (const [parameter, value] of rest) url.searchParams.set(parameter, String(value));
    return new Request(url, { method, headers });
  }
  headers.set("Content-Type", "application/json");
  return new Request(url, { method, headers, body: JSON.stringify(Object.fromEntries(rest)) });
}

/** A part of a path. What would lead to another path is refused: URLs take "." and ".." away, however they are written (RFC 3986 §6.2.2.3). */
function partOf(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && value !== "." && value !== "..") return encodeURIComponent(value);
  throw new SojournProblem(0, "invalid_request", `${name} must be a text other than "", "." and "..", which no path can name. Nothing was sent.`, {
    field: name,
  });
}

/** The platform's own error would tell the value. */
function setSecret(headers: Headers, header: string, value: string, field: string): void {
  try {
    headers.set(header, value);
  } catch {
    throw new SojournProblem(0, "invalid_request", `${field} has characters that no header can carry, such as a line's end. Nothing was sent.`, { field });
  }
}

/** ms without a byte after which a stream without an end counts as lost: the server says something every 15 seconds. */
const silence = 60_000;

function streamed(
  name: OperationName,
  request: () => Request,
  { fetch: send = fetch, timeout = 10_000 }: ClientOptions,
  call: CallOptions,
): AsyncIterable<unknown> {
  const endless = name === "events" || name === "followNow";
  return follow({
    async ask(lastId, signal) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error(`it took longer than ${timeout} ms`)), timeout);
      const asked = request();
      asked.headers.set("Accept", "text/event-stream");
      if (lastId !== "") asked.headers.set("Last-Event-ID", lastId);
      try {
        const response = await send(new Request(asked, { signal: AbortSignal.any([signal, late.signal]) })).catch((cause: unknown) => {
          throw notAnswered(asked, cause);
        });
        if (response.ok && response.body !== null && /^text\/event-stream\b/.test(response.headers.get("content-type") ?? "")) return response.body;
        const text = await response.text().catch((cause: unknown) => {
          throw notAnswered(asked, cause);
        });
        throw refused(response, parsed(text));
      } finally {
        clearTimeout(timer);
      }
    },
    signal: call.signal,
    again: name === "events",
    silence: endless ? silence : undefined,
    opened: call.opened,
  });
}

async function answered(asked: () => Request, { fetch: send = fetch, timeout = 10_000 }: ClientOptions, { signal }: CallOptions): Promise<unknown> {
  const request = asked();
  const bounds = [AbortSignal.timeout(timeout), ...(signal === undefined ? [] : [signal])];
  let response: Response;
  let text: string;
  try {
    response = await send(new Request(request, { signal: AbortSignal.any(bounds) }));
    text = await response.text();
  } catch (cause) {
    throw notAnswered(request, cause);
  }
  // The one answer that is no JSON is of the format of Prometheus.
  const plain = response.ok && (response.headers.get("content-type") ?? "").startsWith("text/plain; version=");
  const body = plain ? text : parsed(text);
  if (response.ok && (text === "" || body !== undefined)) return body;
  throw refused(response, body);
}

function notAnswered(request: Request, cause: unknown): SojournProblem {
  const what = `${request.method} ${new URL(request.url).origin} was not answered`;
  return new SojournProblem(0, "no_answer", `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function refused({ status, headers }: Response, body: unknown): SojournProblem {
  const requestId = headers.get("x-request-id") ?? undefined;
  const { code, detail, field } = (body ?? {}) as { readonly code?: string; readonly detail?: string; readonly field?: string };
  if (code === undefined)
    return new SojournProblem(status, "no_answer", `Something else than sojournd answered with ${status}. Look at what stands between.`, { requestId });
  return new SojournProblem(status, code, detail ?? code, { field, requestId });
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
