import { randomBytes } from "node:crypto";
import express from "express";
import { createServer } from "node:http";
import { sessionCount, userOf } from "../../../lib/payload.mjs";
import { answer, notFound } from "./answer.mjs";

/** Cookies as long as ours, which nobody reads: what is compared must parse the same requests. */
function cookies() {
  return Array.from({ length: sessionCount }, () => `__Host-Http-session=${randomBytes(13).toString("hex")}.${randomBytes(24).toString("base64url")}`);
}

/** node:http without sessions. */
export function nodeBare() {
  const server = createServer((request, response) => {
    switch (request.url) {
      case "/r":
        return answer(response, { user: userOf(0) });
      case "/w":
        return answer(response, { user: userOf(0) });
      case "/n":
        return answer(response, { user: "nobody" });
      default:
        return notFound(response);
    }
  });
  return { server, cookies: cookies() };
}

/** Express without sessions. */
export function expressBare() {
  const app = express();
  app.get("/r", (_, response) => response.json({ user: userOf(0) }));
  app.get("/w", (_, response) => response.json({ user: userOf(0) }));
  app.get("/n", (_, response) => response.json({ user: "nobody" }));
  return { server: createServer(app), cookies: cookies() };
}
