import { payloadOf } from "../../../lib/payload.mjs";
import { fetchCookies } from "../seed.mjs";

/**
 * The routes of both of Fastify's session plugins.
 * @param {import("fastify").FastifyInstance} app with one of them.
 */
export async function peerWith(app) {
  let views = 0;
  app.get("/r", async (request) => ({ user: bagOf(request).get("userId") }));
  app.get("/w", async (request) => {
    bagOf(request).set("views", ++views);
    return { user: bagOf(request).get("userId") };
  });
  app.get("/n", async () => ({ user: "nobody" }));
  app.get("/check", async (request) => ({ user: bagOf(request).get("userId"), views: bagOf(request).get("views") }));
  app.get("/seed/:client", async (request) => {
    const { client } = /** @type {{ client: string }} */ (request.params);
    for (const [name, value] of Object.entries(payloadOf(Number(client)))) bagOf(request).set(name, value);
    return {};
  });
  await app.ready();
  return { server: app.server, cookies: await fetchCookies(app.server, (client) => `/seed/${client}`) };
}

/**
 * What both put on a request; their types exclude each other.
 * @param {import("fastify").FastifyRequest} request
 */
function bagOf(request) {
  return /** @type {{ get(name: string): unknown, set(name: string, value: unknown): void }} */ (/** @type {unknown} */ (request.session));
}
