import fastify, { type FastifyReply } from "fastify";
import type { HttpHarness, HttpReply } from "../../testing/http-contract-harness.ts";
import { at, optionsOf, readable, routesOf } from "../harness.fixture.ts";
import { fastifySessions } from "./fastify.ts";

/** {@link fastifySessions} under the contract. */
export const fastifyHarness: HttpHarness = {
  async start(site) {
    const webs = site.doors.map((door) => fastifySessions(door.sessions, optionsOf(door)));
    const app = fastify({ forceCloseConnections: true });
    for (const web of webs) await app.register(web.plugin);
    for (const { method, path, route } of routesOf(site))
      app.route({ method, url: path, handler: async (request, reply) => send(reply, await route((door) => at(webs, door).session(request))) });
    return { url: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
  },
};

function send(reply: FastifyReply, given: HttpReply): FastifyReply {
  if (given.status !== undefined) reply.code(given.status);
  reply.headers(given.headers ?? {});
  for (const line of given.cookies ?? []) reply.header("set-cookie", line);
  if (given.redirect !== undefined) return reply.redirect(given.redirect);
  if (given.stream !== undefined) return reply.send(readable(given));
  if (given.json !== undefined) return reply.send(given.json);
  return reply.send(given.text ?? given.bytes);
}
