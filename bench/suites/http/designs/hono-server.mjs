import { createAdaptorServer } from "@hono/node-server";

/**
 * Hono on Node, by its own adapter.
 * @param {import("hono").Hono<any>} app
 * @returns {import("node:http").Server}
 */
export function serverOf(app) {
  return /** @type {import("node:http").Server} */ (createAdaptorServer({ fetch: app.fetch }));
}
