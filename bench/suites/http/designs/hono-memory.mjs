import { Hono } from "hono";
import { honoSessions } from "sojourn/http/hono";
import { memoryStore } from "sojourn/stores/memory";
import { serverOf } from "./hono-server.mjs";
import { door, sojournSessions } from "./sessions.mjs";

/** Hono on Node and the memory store, in the way of the documentation. */
export async function honoMemory() {
  const { sessions, cookies } = await sojournSessions(memoryStore());
  const web = honoSessions(sessions, door);
  let views = 0;
  const app = new Hono();
  app.use(web.middleware);
  app.get("/r", async (context) => {
    const session = await web.session(context);
    return context.json({ user: session.get("userId") });
  });
  app.get("/w", async (context) => {
    const session = await web.session(context);
    session.set("views", ++views);
    return context.json({ user: session.get("userId") });
  });
  app.get("/n", async (context) => context.json({ user: "nobody" }));
  app.get("/check", async (context) => {
    const session = await web.session(context);
    return context.json({ user: session.get("userId"), views: session.get("views") });
  });
  return { server: serverOf(app), cookies };
}
