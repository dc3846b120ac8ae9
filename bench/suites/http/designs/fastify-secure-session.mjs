import secureSession from "@fastify/secure-session";
import { fastify } from "fastify";
import { peerWith } from "./fastify-peer.mjs";

/** The peer: @fastify/secure-session, which keeps all in the cookie. */
export async function fastifyWithSecureSession() {
  const app = fastify();
  app.register(secureSession, { key: Buffer.alloc(32, 7) });
  return peerWith(app);
}
