import { createServer } from "node:http";
import express, { type Response } from "express";
import type { HttpHarness, HttpReply } from "../../testing/http-contract-harness.ts";
import { at, listening, optionsOf, readable, routesOf } from "../harness.fixture.ts";
import { expressSessions } from "./express.ts";

/** {@link expressSessions} under the contract. */
export const expressHarness: HttpHarness = {
  start(site) {
    const webs = site.doors.map((door) => expressSessions(door.sessions, optionsOf(door)));
    const app = express().set("env", "test").disable("x-powered-by");
    for (const web of webs) app.use(web.middleware);
    for (const { method, path, route } of routesOf(site))
      app[method.toLowerCase() as "get"](path, async (request, response) => send(response, await route((door) => at(webs, door).session(request))));
    return listening(createServer(app));
  },
};

function send(response: Response, reply: HttpReply): void {
  if (reply.status !== undefined) response.status(reply.status);
  response.set(reply.headers ?? {});
  for (const line of reply.cookies ?? []) response.append("set-cookie", line);
  if (reply.redirect !== undefined) response.redirect(reply.status ?? 302, reply.redirect);
  else if (reply.stream !== undefined) {
    readable(reply)
      .on("error", () => response.destroy())
      .pipe(response);
  } else if (reply.json !== undefined) response.json(reply.json);
  else if (reply.bytes !== undefined) response.send(Buffer.from(reply.bytes));
  else if (reply.text !== undefined) response.send(reply.text);
  else response.end();
}
