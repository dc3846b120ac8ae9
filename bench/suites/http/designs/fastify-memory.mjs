import { memoryStore } from "sojourn/stores/memory";
import { fastifyServer } from "./fastify-sojourn.mjs";
import { sojournSessions } from "./sessions.mjs";

/** Fastify and the memory store. */
export async function fastifyMemory() {
  const { sessions, cookies } = await sojournSessions(memoryStore());
  return { server: await fastifyServer(sessions), cookies };
}
