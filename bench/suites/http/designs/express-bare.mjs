import express from "express";
import { createServer } from "node:http";
import { userOf } from "../../../lib/payload.mjs";
import { placeholderCookies } from "./placeholder-cookies.mjs";

/** Express without sessions. */
export function expressBare() {
  const app = express();
  app.get("/r", (_, response) => response.json({ user: userOf(0) }));
  app.get("/w", (_, response) => response.json({ user: userOf(0) }));
  app.get("/n", (_, response) => response.json({ user: "nobody" }));
  return { server: createServer(app), cookies: placeholderCookies() };
}
