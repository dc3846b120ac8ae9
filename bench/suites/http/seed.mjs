import { once } from "node:events";
import { sessionCount } from "../../lib/payload.mjs";

/**
 * The cookies of a server that makes sessions in answer to requests: one request for each client.
 * @param {import("node:http").Server} server
 * @param {(client: number) => string} pathOf
 */
export async function fetchCookies(server, pathOf) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const cookies = [];
  for (let client = 0; client < sessionCount; client++) {
    const response = await fetch(`http://127.0.0.1:${port}${pathOf(client)}`);
    await response.arrayBuffer();
    const given = response.headers.getSetCookie();
    if (given.length === 0) throw new Error(`Seeding client ${client} gave status ${response.status} and no cookie.`);
    // Some sign in a second.
    cookies.push(given.map((line) => line.slice(0, line.indexOf(";"))).join("; "));
  }
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  return cookies;
}
