import { fastify } from "fastify";
import { userOf } from "../../../lib/payload.mjs";
import { placeholderCookies } from "./placeholder-cookies.mjs";

/** Fastify without sessions. @param {import("./placeholder-cookies.mjs").Length} [length] of the cookies. */
export async function fastifyBare(length) {
  const app = fastify();
  app.get("/r", async () => ({ user: userOf(0) }));
  app.get("/w", async () => ({ user: userOf(0) }));
  app.get("/n", async () => ({ user: "nobody" }));
  await app.ready();
  return { server: app.server, cookies: placeholderCookies(length) };
}
