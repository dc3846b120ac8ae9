import express from "express";
import expressSession from "express-session";
import { createServer } from "node:http";
import { fetchCookies } from "../seed.mjs";
import { payloadOf } from "../../../lib/payload.mjs";

/** The peer: express-session with the MemoryStore that it brings, and the settings that its documentation recommends. */
export async function expressWithExpressSession() {
  let views = 0;
  const app = express();
  app.use(expressSession({ secret: "a secret of the bench, which guards nothing", resave: false, saveUninitialized: false }));
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
  return { server, cookies: await fetchCookies(server, (client) => `/seed/${client}`) };
}
