import cookie from "@fastify/cookie";
import session from "@fastify/session";
import { fastify } from "fastify";
import { peerWith } from "./fastify-peer.mjs";

/** The peer: @fastify/session with the store that it brings. `secure` off, as the load is plain http; nothing else but its documentation's settings. */
export async function fastifyWithSession() {
  const app = fastify();
  app.register(cookie);
  app.register(session, { secret: "a secret of the bench, which guards nothing at all", saveUninitialized: false, cookie: { secure: false } });
  return peerWith(app);
}
