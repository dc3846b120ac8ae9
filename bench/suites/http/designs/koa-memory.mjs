import { createServer } from "node:http";
import Koa from "koa";
import { koaSessions } from "sojourn/http/koa";
import { memoryStore } from "sojourn/stores/memory";
import { listenerOf } from "./koa-listener.mjs";
import { door, sojournSessions } from "./sessions.mjs";

/** Koa and the memory store, in the way of the documentation. */
export async function koaMemory() {
  const { sessions, cookies } = await sojournSessions(memoryStore());
  const web = koaSessions(sessions, door);
  let views = 0;
  const app = new Koa();
  app.use(web.middleware);
  app.use(async (context) => {
    switch (context.path) {
      case "/r": {
        const session = await web.session(context);
        return void (context.body = { user: session.get("userId") });
      }
      case "/w": {
        const session = await web.session(context);
        session.set("views", ++views);
        return void (context.body = { user: session.get("userId") });
      }
      case "/n":
        return void (context.body = { user: "nobody" });
      case "/check": {
        const session = await web.session(context);
        return void (context.body = { user: session.get("userId"), views: session.get("views") });
      }
      default:
    }
  });
  return { server: createServer(listenerOf(app)), cookies };
}
