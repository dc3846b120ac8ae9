import { fastifyServer } from "../../http/designs/fastify-sojourn.mjs";
import { cookiesOf, managerAsShipped } from "./manager.mjs";

/** Fastify and sealed sessions. */
export async function fastifySealed() {
  const server = await fastifyServer(managerAsShipped());
  return { server, cookies: await cookiesOf(server) };
}
