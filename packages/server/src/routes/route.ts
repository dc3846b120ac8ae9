import type { HttpBindings } from "@hono/node-server";
import { operations, pathOf, type Answer, type Operation, type OperationName, type Request as Asked } from "@sojourn/client/operations";
import type { Context, Hono } from "hono";
import type { Sessions, Store } from "sojourn";
import { z } from "zod";
import type { Background } from "../background.ts";
import { readJson } from "../body.ts";
import type { Authorizer } from "../authorize.ts";
import type { Caller } from "../caller.ts";
import type { ServeSettings } from "../config.ts";
import type { ConsoleSessions } from "../console/console-sessions.ts";
import type { Repeats } from "../idempotency.ts";
import type { Keys } from "../keys.ts";
import type { Live } from "../live/live.ts";
import { Problem } from "../problem.ts";
import { validated } from "../validate.ts";
import type { Fields } from "../views.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";

/** What is known of a request besides itself. */
export interface Known {
  Bindings: HttpBindings;
  Variables: { id: string; caller: Caller };
}
export type Ask = Context<Known>;

/** What the routes work on. */
export interface Api {
  /** The sessions of a tenant. */
  readonly sessions: (tenant: string) => Sessions<Fields>;
  /** Those of its visitors by browser, whose tokens come in cookies and are replaced now and then. */
  readonly visitors: (tenant: string) => Sessions<Fields>;
  readonly keys: Keys;
  /** Where all of it rests, for what is asked about the store itself. */
  readonly store: Store;
  readonly settings: ServeSettings;
  readonly background: Background;
  readonly access: Authorizer;
  /** What goes on, and who listens. */
  readonly live: Live;
  readonly repeats: Repeats;
  readonly webhooks: Webhooks;
  /** People at the console; undefined where there is none. */
  readonly console: ConsoleSessions | undefined;
  /** Whether sessions can be kept and found. @throws {SojournError} `store_unavailable` */
  readonly ready: () => Promise<void>;
  /** What the server measures of itself, in the text format of Prometheus. */
  readonly metrics: () => Promise<string>;
  /** Of the server. */
  readonly version: string;
}

/** How one operation is answered, once the request has been checked by what is said of it. */
export interface Route {
  readonly name: OperationName;
  answer(ask: Ask, asked: Asked<OperationName>): Promise<unknown>;
}

/** The answer to one operation: its body, or the whole of it. */
export function route<Name extends OperationName>(name: Name, answer: (ask: Ask, asked: Asked<Name>) => Promise<Answer<Name> | Response>): Route {
  return { name, answer: (ask, asked) => answer(ask, asked) };
}

/** The sessions that whoever asks sees. */
export function ofTenant({ sessions }: Api, ask: Ask): Sessions<Fields> {
  return sessions(ask.var.caller.tenant);
}

/** Adds the routes to an app; a method that a path does not know is answered with those that it does (RFC 9110 §15.5.6). */
export function addRoutes(app: Hono<Known>, routes: readonly Route[], authorize: (ask: Ask, operation: Operation) => Promise<void>, repeats: Repeats): void {
  const methods = new Map<string, string[]>();
  for (const { name, answer } of routes) {
    const operation: Operation = operations[name];
    const { method, path } = pathOf(name);
    const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on(method, pattern, async (ask) => {
      await authorize(ask, operation);
      const asked = { parameters: partsOf(ask, path, operation), query: queryOf(ask, operation), body: await bodyOf(ask, operation) };
      const key = operation.idempotent === true ? ask.req.header("idempotency-key") : undefined;
      if (key === undefined) return answered(await answer(ask, asked), operation);
      const secret = /^bearer +(\S+)$/i.exec(ask.req.header("authorization") ?? "")?.[1];
      const request = { caller: ask.var.caller.id, secret, operation: name, key, body: asked.body as Readonly<Record<string, unknown>> };
      const made = await repeats.once(request, () => answer(ask, asked));
      const response = answered(made.answer, operation);
      if (made.replayed) response.headers.set("Idempotency-Replayed", "true");
      return response;
    });
    methods.set(pattern, [...(methods.get(pattern) ?? []), method]);
  }
  for (const [pattern, known] of methods) {
    const allow = known.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    app.all(pattern, (ask) => {
      throw new Problem(405, "method_not_allowed", `${ask.req.method} is not something that ${pattern} knows. It knows ${allow}.`, {
        headers: { Allow: allow },
      });
    });
  }
}

const nothing = z.strictObject({});

/** The `{name}`s, from the path as it was sent: a router's own decoding leaves it open what %2F and %25 were. */
function partsOf(ask: Ask, path: string, { parameters }: Operation): unknown {
  if (parameters === undefined) return {};
  const sent = new URL(ask.req.url).pathname.split("/");
  const named = path.split("/").flatMap((part, i) => (part.startsWith("{") ? [[part.slice(1, -1), decodeURIComponent(sent[i] ?? "")] as const] : []));
  return validated(parameters, Object.fromEntries(named), "parameter");
}

function queryOf(ask: Ask, { query }: Operation): unknown {
  const values = Object.entries(ask.req.queries()).map(([name, [value, ...more]]) => {
    // A parameter that comes twice has no one meaning.
    if (more.length > 0) throw new Problem(400, "invalid_request", `${name} comes more than once. Give it once.`, { field: name });
    return [name, value] as const;
  });
  return validated(query ?? nothing, Object.fromEntries(values), "parameter");
}

async function bodyOf(ask: Ask, { body }: Operation): Promise<unknown> {
  return body === undefined ? {} : validated(body, await readJson(ask.env.incoming), "field");
}

/** A JSON answer; ends with a line feed, for terminals. */
function answered(body: unknown, { status, location }: Operation): Response {
  if (body instanceof Response) return body;
  if (body === undefined) return new Response(null, { status });
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (location !== undefined) headers["Location"] = location.replaceAll(/\{(\w+)\}/g, (_, name: string) => String((body as Record<string, unknown>)[name]));
  return new Response(`${JSON.stringify(body)}\n`, { status, headers });
}
