import express from "express";
import { createServer } from "node:http";
import { expressSessions } from "sojourn/http/express";
import { nearCache } from "sojourn/stores/near-cache";
import { door, sojournSessions } from "../../http/designs/sessions.mjs";
import { nodeRedisStore } from "../clients.mjs";
import { ownPrefix } from "./own-prefix.mjs";

/** Express and Redis through node-redis. @param {string} url */
export async function expressOnNodeRedis(url) {
  const { store } = await nodeRedisStore(url, { prefix: ownPrefix() });
  return expressServer(store);
}

/** Express and a near cache, as shipped, around Redis with its feed. @param {string} url */
export async function expressNearCached(url) {
  const { store } = await nodeRedisStore(url, { prefix: ownPrefix(), feed: true });
  return expressServer(nearCache(store));
}

/**
 * Express with our sessions, in the way of the documentation.
 * @param {import("sojourn").Store} store
 */
async function expressServer(store) {
  const { sessions, cookies } = await sojournSessions(store);
  const web = expressSessions(sessions, door);
  let views = 0;
  const app = express();
  app.use(web.middleware);
  app.get("/r", async (request, response) => {
    const session = await web.session(request);
    response.json({ user: session.get("userId") });
  });
  app.get("/w", async (request, response) => {
    const session = await web.session(request);
    session.set("views", ++views);
    response.json({ user: session.get("userId") });
  });
  app.get("/n", (_, response) => response.json({ user: "nobody" }));
  app.get("/check", async (request, response) => {
    const session = await web.session(request);
    response.json({ user: session.get("userId"), views: session.get("views") });
  });
  return { server: createServer(app), cookies };
}
