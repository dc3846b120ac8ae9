import { createServer } from "node:http";
import Koa from "koa";
import { userOf } from "../../../lib/payload.mjs";
import { listenerOf } from "./koa-listener.mjs";
import { placeholderCookies } from "./placeholder-cookies.mjs";

/** Koa without sessions. Its routes are a switch: a router is none of its own. */
export function koaBare() {
  const app = new Koa();
  app.use(async (context) => {
    switch (context.path) {
      case "/r":
        return void (context.body = { user: userOf(0) });
      case "/w":
        return void (context.body = { user: userOf(0) });
      case "/n":
        return void (context.body = { user: "nobody" });
      default:
    }
  });
  return { server: createServer(listenerOf(app)), cookies: placeholderCookies() };
}
