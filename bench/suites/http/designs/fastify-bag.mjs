/**
 * What both of Fastify's session plugins put on a request; their types exclude each other.
 * @param {import("fastify").FastifyRequest} request
 */
export function bagOf(request) {
  return /** @type {{ get(name: string): unknown, set(name: string, value: unknown): void }} */ (/** @type {unknown} */ (request.session));
}
