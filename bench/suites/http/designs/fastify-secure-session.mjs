import secureSession from "@fastify/secure-session";
import { fastify } from "fastify";
import { payloadOf } from "../../../lib/payload.mjs";
import { fetchCookies } from "../seed.mjs";
import { bagOf } from "./fastify-bag.mjs";

/** The peer: @fastify/secure-session, which keeps all in the cookie. */
export async function fastifyWithSecureSession() {
  let views = 0;
  const app = fastify();
  app.register(secureSession, { key: Buffer.alloc(32, 7) });
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
