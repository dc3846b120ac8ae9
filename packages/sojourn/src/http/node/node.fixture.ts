import { createServer, type ServerResponse } from "node:http";
import type { HttpHarness, HttpReply } from "../../testing/http-contract-harness.ts";
import { at, listening, optionsOf, readable, routeFor, statusOf } from "../harness.fixture.ts";
import { nodeSessions } from "./node.ts";

/** {@link nodeSessions} under the contract. */
export const nodeHarness: HttpHarness = {
  start(site) {
    const webs = site.doors.map((door) => nodeSessions(door.sessions, optionsOf(door)));
    const server = createServer((request, response) => {
      if (!webs.every((web) => web.middleware(request, response))) return;
      Promise.resolve(routeFor(site, request.method, request.url)?.((door) => at(webs, door).session(request, response)))
        .then((reply) => send(response, reply ?? { status: 404 }))
        .catch((error: unknown) => response.writeHead(statusOf(error)).end());
    });
    return listening(server);
  },
};

function send(response: ServerResponse, reply: HttpReply): void {
  response.statusCode = reply.status ?? (reply.redirect === undefined ? 200 : 303);
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.cookies !== undefined) response.setHeader("set-cookie", reply.cookies);
  if (reply.redirect !== undefined) response.setHeader("location", reply.redirect);
  if (reply.stream !== undefined) {
    const body = readable(reply);
    body.on("error", () => response.destroy()).pipe(response);
  } else response.end(reply.json === undefined ? (reply.text ?? reply.bytes) : JSON.stringify(reply.json));
}
