import { fastify } from "fastify";
import { fastifySessions } from "sojourn/http/fastify";
import { memoryStore } from "sojourn/stores/memory";
import { door, sojournSessions } from "./sessions.mjs";

/** Fastify and the memory store, in the way of the documentation. */
export async function fastifyMemory() {
  const { sessions, cookies } = await sojournSessions(memoryStore());
  const web = fastifySessions(sessions, door);
  let views = 0;
  const app = fastify();
  app.register(web.plugin);
  app.get("/r", async (request) => {
    const session = await web.session(request);
    return { user: session.get("userId") };
  });
  app.get("/w", async (request) => {
    const session = await web.session(request);
    session.set("views", ++views);
    return { user: session.get("userId") };
  });
  app.get("/n", async () => ({ user: "nobody" }));
  app.get("/check", async (request) => {
    const session = await web.session(request);
    return { user: session.get("userId"), views: session.get("views") };
  });
  await app.ready();
  return { server: app.server, cookies };
}
