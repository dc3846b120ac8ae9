import type { Answer, Input } from "./operations.ts";
import { pathOf, paths, type OperationName } from "./paths.ts";
import { SojournProblem } from "./problem.ts";

export { SojournProblem } from "./problem.ts";
export type { Answer, Input } from "./operations.ts";
export type { OperationName } from "./paths.ts";
export type { Role } from "./roles.ts";

/** Where the server is, and who asks. */
export interface ClientOptions {
  /** Such as `https://sessions.example.com`. */
  readonly address: string | URL;
  /** The application key. */
  readonly key: string;
  /** ms that an answer may take. Default 10,000. */
  readonly timeout?: number;
  /** What sends requests. Default: the platform's `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** Of one call. */
export interface CallOptions {
  /** Gives it up: the answer is then `no_answer`, and what was asked may have been done. */
  readonly signal?: AbortSignal;
}

type Call<Name extends OperationName> =
  Record<string, never> extends Input<Name>
    ? (input?: unknown extends Input<Name> ? Record<string, never> : Input<Name>, options?: CallOptions) => Promise<Answer<Name>>
    : (input: Input<Name>, options?: CallOptions) => Promise<Answer<Name>>;

/** Every operation of the API as a function. Each rejects with a {@link SojournProblem} when it is refused, not answered, or cannot be sent. */
export type Client = { readonly [Name in OperationName]: Call<Name> };

/**
 * A client of `sojournd`. What belongs into the path, the query or the body is given together: `client.changeSession({ token, set: { theme: "dark" } })`.
 * Nothing is sent twice.
 * @throws {TypeError} when the address is no URL
 */
export function sojournClient(options: ClientOptions): Client {
  const address = new URL(options.address);
  const names = Object.keys(paths) as OperationName[];
  return Object.fromEntries(
    names.map((name) => [name, async (input: Values = {}, call: CallOptions = {}) => answered(requestOf(name, input, options.key, address), options, call)]),
  ) as unknown as Client;
}

type Values = Readonly<Record<string, unknown>>;

function requestOf(name: OperationName, { token, ...values }: Values, key: string, address: URL): Request {
  const { method, path } = pathOf(name);
  const rest = new Map(Object.entries(values).filter(([, value]) => value !== undefined));
  const filled = path.replace(/\{(\w+)\}/g, (_, part: string) => {
    const value = rest.get(part);
    rest.delete(part);
    return partOf(part, value);
  });
  const url = new URL(address.pathname.replace(/\/$/, "") + filled, address);
  const headers = new Headers({ Accept: "application/json" });
  setSecret(headers, "Authorization", `Bearer ${key}`, "key");
  if (typeof token === "string") setSecret(headers, "Sojourn-Session", token, "token");
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

async function answered(request: Request, { fetch: send = fetch, timeout = 10_000 }: ClientOptions, { signal }: CallOptions): Promise<unknown> {
  const bounds = [AbortSignal.timeout(timeout), ...(signal === undefined ? [] : [signal])];
  let response: Response;
  let text: string;
  try {
    response = await send(new Request(request, { signal: AbortSignal.any(bounds) }));
    text = await response.text();
  } catch (cause) {
    const what = `${request.method} ${new URL(request.url).origin} was not answered`;
    throw new SojournProblem(0, "no_answer", `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const body = parsed(text);
  if (response.ok && (text === "" || body !== undefined)) return body;
  const { code, detail, field } = (body ?? {}) as { readonly code?: string; readonly detail?: string; readonly field?: string };
  if (code === undefined) {
    throw new SojournProblem(response.status, "no_answer", `Something else than sojournd answered with ${response.status}. Look at what stands between.`, {
      requestId,
    });
  }
  throw new SojournProblem(response.status, code, detail ?? code, { field, requestId });
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
