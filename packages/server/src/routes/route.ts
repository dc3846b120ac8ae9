import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { Sessions } from "sojourn";
import type { ApplicationKey, Keys } from "../keys.ts";
import { Problem } from "../problem.ts";
import type { Fields } from "../views.ts";

/** What is known of a request besides itself. */
export interface Known {
  Bindings: HttpBindings;
  Variables: { id: string; key: ApplicationKey };
}
export type Ask = Context<Known>;

/** What the routes work on. */
export interface Api {
  readonly sessions: Sessions<Fields>;
  readonly keys: Keys;
  /** Whether sessions can be kept and found. @throws {SojournError} `store_unavailable` */
  readonly ready: () => Promise<void>;
}

/** One thing that can be asked. */
export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  /** Needs no application key. */
  readonly open?: true;
  answer(ask: Ask): Promise<Response>;
}

/** Adds the routes to an app; a method that a path does not know is answered with those that it does (RFC 9110 §15.5.6). */
export function addRoutes(app: Hono<Known>, routes: readonly Route[], authorize: (ask: Ask) => Promise<void>): void {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    app.on(route.method, route.path, async (ask) => {
      if (route.open !== true) await authorize(ask);
      return route.answer(ask);
    });
    methods.set(route.path, [...(methods.get(route.path) ?? []), route.method]);
  }
  for (const [path, known] of methods) {
    const allow = known.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    app.all(path, (ask) => {
      throw new Problem(405, "method_not_allowed", `${ask.req.method} is not something that ${path} knows. It knows ${allow}.`, { headers: { Allow: allow } });
    });
  }
}

/** A JSON answer; ends with a line feed, for terminals. */
export function json(body: object, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, { status, headers: { "Content-Type": "application/json", ...headers } });
}

/** An answer with nothing in it. */
export function nothing(): Response {
  return new Response(null, { status: 204 });
}
