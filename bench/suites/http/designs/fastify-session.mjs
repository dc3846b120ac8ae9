import cookie from "@fastify/cookie";
import session from "@fastify/session";
import { fastify } from "fastify";
import { payloadOf } from "../../../lib/payload.mjs";
import { fetchCookies } from "../seed.mjs";
import { bagOf } from "./fastify-bag.mjs";

/** The peer: @fastify/session with the store that it brings. `secure` off, as the load is plain http; nothing else but its documentation's settings. */
export async function fastifyWithSession() {
  let views = 0;
  const app = fastify();
  app.register(cookie);
  app.register(session, { secret: "a secret of the bench, which guards nothing at all", saveUninitialized: false, cookie: { secure: false } });
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
