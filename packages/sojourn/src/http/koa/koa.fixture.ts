import { createServer } from "node:http";
import Koa, { type Context } from "koa";
import type { HttpHarness, HttpReply } from "../../testing/http-contract-harness.ts";
import { at, listening, optionsOf, readable, routeFor } from "../harness.fixture.ts";
import { koaSessions } from "./koa.ts";

/** {@link koaSessions} under the contract. */
export const koaHarness: HttpHarness = {
  start(site) {
    const webs = site.doors.map((door) => koaSessions(door.sessions, optionsOf(door)));
    const app = new Koa();
    app.silent = true;
    for (const web of webs) app.use(web.middleware);
    app.use(async (context) => {
      const route = routeFor(site, context.method, context.path);
      if (route !== undefined) send(context, await route((door) => at(webs, door).session(context)));
    });
    const answer = app.callback();
    return listening(createServer((request, response) => void answer(request, response)));
  },
};

function send(context: Context, reply: HttpReply): void {
  context.status = reply.status ?? 200;
  context.set(reply.headers ?? {});
  for (const line of reply.cookies ?? []) context.append("set-cookie", line);
  if (reply.redirect !== undefined) context.redirect(reply.redirect);
  else if (reply.stream !== undefined) context.body = readable(reply);
  else if (reply.json !== undefined) context.body = reply.json;
  else if (reply.bytes !== undefined) context.body = Buffer.from(reply.bytes);
  else if (reply.text !== undefined) context.body = reply.text;
  else if (reply.status === undefined) context.body = null;
}
