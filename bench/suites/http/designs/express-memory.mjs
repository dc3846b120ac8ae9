import express from "express";
import { createServer } from "node:http";
import { expressSessions } from "sojourn/http/express";
import { memoryStore } from "sojourn/stores/memory";
import { door, sojournSessions } from "./sessions.mjs";

/** Express and the memory store, in the way of the documentation. */
export async function expressMemory() {
  const { sessions, cookies } = await sojournSessions(memoryStore());
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
