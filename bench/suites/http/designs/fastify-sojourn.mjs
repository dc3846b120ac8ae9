import { fastify } from "fastify";
import { fastifySessions } from "sojourn/http/fastify";
import { door, logIn } from "./sessions.mjs";

/**
 * Fastify with our sessions, in the way of the documentation.
 * @param {import("sojourn").Resumable<import("./sessions.mjs").Data>} sessions
 */
export async function fastifyServer(sessions) {
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
  app.get("/seed/:client", async (request) => {
    const { client } = /** @type {{ client: string }} */ (request.params);
    await logIn(await web.session(request), Number(client));
    return {};
  });
  await app.ready();
  return app.server;
}
