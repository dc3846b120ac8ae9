import { createServer } from "node:http";
import Koa from "koa";
import session from "koa-session";
import { payloadOf } from "../../../lib/payload.mjs";
import { fetchCookies } from "../seed.mjs";
import { listenerOf } from "./koa-listener.mjs";

/** The peer: koa-session with a store in memory; it brings none. */
export async function koaWithKoaSession() {
  let views = 0;
  const kept = new Map();
  const app = new Koa();
  app.keys = ["a secret of the bench, which guards nothing"];
  const store = {
    get: async (/** @type {string} */ key) => kept.get(key),
    set: async (/** @type {string} */ key, /** @type {object} */ value) => void kept.set(key, structuredClone(value)),
    destroy: async (/** @type {string} */ key) => void kept.delete(key),
  };
  app.use(session({ store }, app));
  app.use(async (context) => {
    const { session: own } = /** @type {{ session: Record<string, any> }} */ (/** @type {unknown} */ (context));
    switch (context.path) {
      case "/r":
        return void (context.body = { user: own.userId });
      case "/w":
        own.views = ++views;
        return void (context.body = { user: own.userId });
      case "/n":
        return void (context.body = { user: "nobody" });
      case "/check":
        return void (context.body = { user: own.userId, views: own.views });
      default:
        Object.assign(own, payloadOf(Number(context.path.slice("/seed/".length))));
        context.body = {};
    }
  });
  const server = createServer(listenerOf(app));
  return { server, cookies: await fetchCookies(server, (client) => `/seed/${client}`) };
}
