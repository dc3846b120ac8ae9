import { createAdaptorServer } from "@hono/node-server";

/**
 * Hono on Node, by its own adapter.
 * @param {{ fetch(request: Request): Response | Promise<Response> }} app
 * @returns {import("node:http").Server}
 */
export function serverOf(app) {
  return /** @type {import("node:http").Server} */ (createAdaptorServer({ fetch: app.fetch }));
}
