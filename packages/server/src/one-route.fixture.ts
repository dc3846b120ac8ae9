import { Hono } from "hono";
import { createSessions, type Sessions, type Store } from "sojourn";
import { backgroundWork, type Background } from "./background.ts";
import { later } from "./clean-up.fixture.ts";
import { defaultPolicy } from "./config.ts";
import { checkDescribed } from "./described.fixture.ts";
import { listen } from "./http-server.ts";
import type { Log } from "./log.ts";
import { problemOf, problemResponse } from "./problem.ts";
import { addRoutes, type Api, type Known, type Route } from "./routes/route.ts";
import type { Fields } from "./views.ts";

/** One route on a store of the test's own, where sessions of the kind `heard` were heard of, behind real sockets. Whoever asks is who they say they are in `X-Caller`. */
export interface OneRoute {
  readonly address: string;
  readonly sessions: Sessions<Fields>;
  readonly background: Background;
  readonly logged: string[];
}

/** Serves it until `cleanUp`. */
export async function oneRoute(store: Store, make: (api: Api, log: Log) => Route): Promise<OneRoute> {
  const sessions = createSessions<Fields>({ store, kind: "api" });
  const background = backgroundWork();
  const logged: string[] = [];
  const log: Log = {
    request: () => undefined,
    info: (...told) => void logged.push(JSON.stringify(told)),
    error: (message, error) => void logged.push(`${message}: ${String(error)}`),
  };
  const live = { channel: () => ({ kinds: new Set(["heard"]) }) };
  const api = { sessions: () => sessions, background, live, settings: { policy: defaultPolicy } } as unknown as Api;
  const app = new Hono<Known>();
  const authorize: Parameters<typeof addRoutes>[2] = (ask) => {
    ask.set("id", "request");
    ask.set("caller", { id: ask.req.header("x-caller") ?? "a", name: "ops", role: "admin", tenant: "main" });
    return Promise.resolve();
  };
  addRoutes(app, [make(api, log)], authorize, undefined as never);
  app.onError((error) => problemResponse(problemOf(error)));
  const server = await listen({ host: "127.0.0.1", port: 0, hosts: new Set(["127.0.0.1"]), fetch: app.fetch, log });
  later(async () => {
    await background.stop();
    await server.stop(0);
  });
  return { address: `http://127.0.0.1:${server.port}`, sessions, background, logged };
}

/** The messages of an answer's stream, each as the OpenAPI document says. */
export async function* messagesOf(response: Response, method = "GET"): AsyncGenerator<Record<string, unknown>, void, undefined> {
  let text = "";
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const message = text.slice(0, end + 2);
      text = text.slice(end + 2);
      checkDescribed({ method, url: response.url, status: response.status, text: message });
      if (message.startsWith("data: ")) yield JSON.parse(message.slice(6)) as Record<string, unknown>;
    }
  }
}

/** All of them. */
export async function allOf(response: Response, method = "GET"): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  for await (const message of messagesOf(response, method)) all.push(message);
  return all;
}
