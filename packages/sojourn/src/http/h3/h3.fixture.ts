import { createServer } from "node:http";
import { H3, redirect, toNodeHandler, toResponse, type H3Event } from "h3";
import type { HttpHarness, HttpReply } from "../../testing/http-contract-harness.ts";
import { at, listening, optionsOf, routesOf, webStream } from "../harness.fixture.ts";
import { h3Sessions } from "./h3.ts";

/** {@link h3Sessions} on Node under the contract. */
export const h3Harness: HttpHarness = {
  start(site) {
    const webs = site.doors.map((door) => h3Sessions(door.sessions, { ...optionsOf(door), toResponse }));
    const app = new H3({ silent: true });
    for (const web of webs) app.use(web.middleware);
    for (const { method, path, route } of routesOf(site)) {
      const handler = async (event: H3Event): Promise<unknown> => valueOf(event, await route((door) => at(webs, door).session(event)));
      for (const each of method === "GET" ? (["GET", "HEAD"] as const) : [method as "POST"]) app.on(each, path, handler);
    }
    const answer = toNodeHandler(app);
    return listening(createServer((request, response) => void answer(request, response)));
  },
};

function valueOf(event: H3Event, reply: HttpReply): unknown {
  for (const [name, value] of Object.entries(reply.headers ?? {})) event.res.headers.set(name, value);
  for (const line of reply.cookies ?? []) event.res.headers.append("set-cookie", line);
  if (reply.redirect !== undefined) return redirect(reply.redirect);
  if (reply.status !== undefined) event.res.status = reply.status;
  if (reply.stream !== undefined) return webStream(reply);
  return reply.json ?? reply.text ?? reply.bytes ?? null;
}
