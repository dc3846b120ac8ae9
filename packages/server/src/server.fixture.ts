import { join } from "node:path";
import { checkDescribed } from "./described.fixture.ts";
import { later } from "./clean-up.fixture.ts";
import { defaultPolicy, type ServeSettings } from "./config.ts";
import { keysOf, newKey, type Keys } from "./keys.ts";
import type { Log } from "./log.ts";
import { openStore } from "./open-store.ts";
import { serve, type Running } from "./serve.ts";
import { tempFolder } from "./temp-folder.fixture.ts";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly body: Record<string, unknown>;
}

export interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server in this process, each of whose answers must be what the OpenAPI document says of it, on a port and a folder of its own, that a file's tests share. */
export interface TestServer extends Running {
  readonly data: string;
  /** The keys that it heeds. */
  readonly keys: Keys;
  /** The Authorization header of a good key. */
  readonly authorization: string;
  /** All that it logged, as JSON. */
  readonly logged: string[];
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Begins a session. */
  begin(body?: object): Promise<{ id: string; token: string }>;
}

/** Starts it; it stops with `cleanUp`. */
export async function testServer(settings: Partial<ServeSettings> = {}): Promise<TestServer> {
  const data = join(tempFolder(), "data");
  const key = newKey();
  const logged: string[] = [];
  const log = { request: (line) => note(line), info: (...told) => note(told), error: (message, error) => note([message, String(error)]) } satisfies Log;
  function note(told: object): void {
    logged.push(JSON.stringify(told));
  }
  const store = { engine: "lmdb", path: data, setting: undefined, shown: `lmdb:${data}` } as const;
  const running = await serve(
    {
      dev: false,
      host: "127.0.0.1",
      port: 0,
      data,
      store,
      migratingFrom: undefined,
      migratingPhase: "both",
      allowedHosts: [],
      key,
      behindTls: false,
      policy: defaultPolicy,
      ...settings,
    },
    log,
  );
  later(running.stop);
  const beside = openStore(data);
  later(() => beside.close());

  async function call(method: string, path: string, { token, body, headers }: CallOptions = {}): Promise<Answer> {
    const response = await fetch(running.address + path, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(token === undefined ? undefined : { "Sojourn-Session": token }),
        ...(body === undefined ? undefined : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? undefined : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await readText(response);
    checkDescribed({ method, url: response.url, status: response.status, text });
    return { status: response.status, headers: response.headers, text, body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }

  return {
    ...running,
    data,
    keys: keysOf(beside),
    authorization: `Bearer ${key}`,
    logged,
    call,
    async begin(body = {}) {
      const { status, body: made } = await call("POST", "/v1/sessions", { body });
      if (status !== 201) throw new Error(`No session was made: ${JSON.stringify(made)}`);
      return { id: String(made["id"]), token: String(made["token"]) };
    },
  };
}

/** Of a stream of events what has come with the first message or comment: it may never end. */
async function readText(response: Response): Promise<string> {
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream") || response.body === null) return response.text();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return value;
}
