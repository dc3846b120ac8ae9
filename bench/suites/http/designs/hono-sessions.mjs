import { Hono } from "hono";
import { MemoryStore, sessionMiddleware } from "hono-sessions";
import { payloadOf } from "../../../lib/payload.mjs";
import { fetchCookies } from "../seed.mjs";
import { serverOf } from "./hono-server.mjs";

/** The peer: hono-sessions with the store that it brings, without its encryption of the id. */
export async function honoWithHonoSessions() {
  let views = 0;
  /** @type {Hono<{ Variables: { session: import("hono-sessions").Session<Record<string, unknown>> } }>} */
  const app = new Hono();
  app.use(sessionMiddleware({ store: new MemoryStore(), expireAfterSeconds: 86_400, cookieOptions: { path: "/", httpOnly: true, sameSite: "Lax" } }));
  app.get("/r", async (context) => context.json({ user: context.get("session").get("userId") ?? undefined }));
  app.get("/w", async (context) => {
    const session = context.get("session");
    session.set("views", ++views);
    return context.json({ user: session.get("userId") });
  });
  app.get("/n", async (context) => context.json({ user: "nobody" }));
  app.get("/check", async (context) => context.json({ user: context.get("session").get("userId"), views: context.get("session").get("views") }));
  app.get("/seed/:client", async (context) => {
    for (const [name, value] of Object.entries(payloadOf(Number(context.req.param("client"))))) context.get("session").set(name, value);
    return context.json({});
  });
  const server = serverOf(app);
  return { server, cookies: await fetchCookies(server, (client) => `/seed/${client}`) };
}
