import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Hono, type Context } from "hono";
import type { HttpHarness, HttpReply, HttpSite } from "../../testing/http-contract-harness.ts";
import { at, listening, optionsOf, routesOf, servingFetch, webStream } from "../harness.fixture.ts";
import { honoSessions } from "./hono.ts";

/** {@link honoSessions} on Node under the contract. */
export const honoOnNodeHarness: HttpHarness = {
  start: (site) => listening(createAdaptorServer({ fetch: appFor(site).fetch }) as Server),
};

/** {@link honoSessions} as on Workers, Deno and Bun, which give no request and response of Node. */
export const honoHarness: HttpHarness = {
  start(site) {
    const app = appFor(site);
    return servingFetch(async (request) => app.fetch(request));
  },
};

function appFor(site: HttpSite): Hono {
  const webs = site.doors.map((door) => honoSessions(door.sessions, optionsOf(door)));
  const app = new Hono();
  for (const web of webs) app.use(web.middleware);
  for (const { method, path, route } of routesOf(site))
    app.on(method, path, async (context) => send(context, await route((door) => at(webs, door).session(context))));
  // The status of an error that says one is left to the adapter.
  app.onError((_error, context) => context.text("an error", 500));
  return app;
}

function send(context: Context, reply: HttpReply): Response {
  for (const [name, value] of Object.entries(reply.headers ?? {})) context.header(name, value);
  for (const line of reply.cookies ?? []) context.header("set-cookie", line, { append: true });
  if (reply.redirect !== undefined) return context.redirect(reply.redirect);
  context.status((reply.status ?? 200) as 200);
  if (reply.stream !== undefined) return context.body(webStream(reply));
  if (reply.json !== undefined) return context.json(reply.json);
  if (reply.text !== undefined) return context.text(reply.text);
  return reply.bytes === undefined ? context.body(null) : context.body(reply.bytes.buffer);
}
