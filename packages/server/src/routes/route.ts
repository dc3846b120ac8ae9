import type { HttpBindings } from "@hono/node-server";
import { operations, pathOf, type Answer, type Operation, type OperationName, type Request as Asked } from "@sojourn/client/operations";
import type { Context, Hono } from "hono";
import type { Sessions } from "sojourn";
import { z } from "zod";
import { readJson } from "../body.ts";
import type { ApplicationKey, Keys } from "../keys.ts";
import { Problem } from "../problem.ts";
import { validated } from "../validate.ts";
import type { Fields } from "../views.ts";

/** What is known of a request besides itself. */
export interface Known {
  Bindings: HttpBindings;
  Variables: { id: string; key: ApplicationKey };
}
export type Ask = Context<Known>;

/** What the routes work on. */
export interface Api {
  /** The sessions of a tenant. */
  readonly sessions: (tenant: string) => Sessions<Fields>;
  /** Those of its visitors by browser, whose tokens come in cookies and are replaced now and then. */
  readonly visitors: (tenant: string) => Sessions<Fields>;
  readonly keys: Keys;
  /** Whether sessions can be kept and found. @throws {SojournError} `store_unavailable` */
  readonly ready: () => Promise<void>;
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

/** The sessions that the key of a request sees. */
export function ofTenant({ sessions }: Api, ask: Ask): Sessions<Fields> {
  return sessions(ask.var.key.tenant);
}

/** Adds the routes to an app; a method that a path does not know is answered with those that it does (RFC 9110 §15.5.6). */
export function addRoutes(app: Hono<Known>, routes: readonly Route[], authorize: (ask: Ask, operation: Operation) => Promise<void>): void {
  const methods = new Map<string, string[]>();
  for (const { name, answer } of routes) {
    const operation: Operation = operations[name];
    const { method, path } = pathOf(name);
    const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on(method, pattern, async (ask) => {
      await authorize(ask, operation);
      const asked = { parameters: partsOf(ask, path, operation), query: queryOf(ask, operation), body: await bodyOf(ask, operation) };
      return answered(await answer(ask, asked), operation);
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
  const sent = new URL(ask.req.url).pathname.split("/");
  const named = path.split("/").flatMap((part, i) => (part.startsWith("{") ? [[part.slice(1, -1), decodeURIComponent(sent[i] ?? "")] as const] : []));
  return validated(parameters ?? nothing, Object.fromEntries(named), "parameter");
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
  return body === undefined ? {} : validated(body, await readJson(ask.req.raw), "field");
}

/** A JSON answer; ends with a line feed, for terminals. */
function answered(body: unknown, { status, location }: Operation): Response {
  if (body instanceof Response) return body;
  if (body === undefined) return new Response(null, { status });
  const headers = new Headers({ "Content-Type": "application/json" });
  if (location !== undefined)
    headers.set(
      "Location",
      location.replaceAll(/\{(\w+)\}/g, (_, name: string) => String((body as Record<string, unknown>)[name])),
    );
  return new Response(`${JSON.stringify(body)}\n`, { status, headers });
}
