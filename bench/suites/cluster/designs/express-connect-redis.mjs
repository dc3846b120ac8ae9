import { RedisStore } from "connect-redis";
import express from "express";
import expressSession from "express-session";
import { createServer } from "node:http";
import { createClient } from "redis";
import { payloadOf } from "../../../lib/payload.mjs";
import { fetchCookies } from "../../http/seed.mjs";
import { ownPrefix } from "./own-prefix.mjs";

/** The peer: express-session with connect-redis on node-redis, with the settings that their documentation recommends. @param {string} url */
export async function expressWithConnectRedis(url) {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  const store = new RedisStore({ client, prefix: `${ownPrefix()}:` });
  let views = 0;
  const app = express();
  app.use(expressSession({ store, secret: "a secret of the bench, which guards nothing", resave: false, saveUninitialized: false }));
  app.get("/r", (request, response) => response.json({ user: request.session.userId }));
  app.get("/w", (request, response) => {
    request.session.views = ++views;
    response.json({ user: request.session.userId });
  });
  app.get("/n", (_, response) => response.json({ user: "nobody" }));
  app.get("/check", (request, response) => response.json({ user: request.session.userId, views: request.session.views }));
  app.get("/seed/:client", (request, response) => {
    Object.assign(request.session, payloadOf(Number(request.params.client)));
    response.json({});
  });
  const server = createServer(app);
  return { server, cookies: await fetchCookies(server, (visitor) => `/seed/${visitor}`) };
}
