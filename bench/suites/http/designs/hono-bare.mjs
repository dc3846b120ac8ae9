import { Hono } from "hono";
import { userOf } from "../../../lib/payload.mjs";
import { serverOf } from "./hono-server.mjs";
import { placeholderCookies } from "./placeholder-cookies.mjs";

/** Hono on Node without sessions. */
export function honoBare() {
  const app = new Hono();
  app.get("/r", async (context) => context.json({ user: userOf(0) }));
  app.get("/w", async (context) => context.json({ user: userOf(0) }));
  app.get("/n", async (context) => context.json({ user: "nobody" }));
  return { server: serverOf(app), cookies: placeholderCookies() };
}
