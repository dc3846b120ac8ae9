import { newKey, sealedSessions } from "sojourn/sealed";
import { fetchCookies } from "../../http/seed.mjs";
import { tokenLength } from "../token-length.mjs";

/** No setting but the key. @returns {import("sojourn/sealed").SealedSessions<import("../../http/designs/sessions.mjs").Data>} */
export function managerAsShipped() {
  return sealedSessions({ keys: [newKey()] });
}

/**
 * Logs each client in.
 * @param {import("node:http").Server} server
 * @throws when the tokens are not as long as those that the server without sessions is sent
 */
export async function cookiesOf(server) {
  const cookies = await fetchCookies(server, (client) => `/seed/${client}`);
  const length = (cookies[0] ?? "").split("=")[1]?.length ?? 0;
  if (Math.abs(length - tokenLength) > 8)
    throw new Error(`A token has ${length} characters and tokenLength says ${tokenLength}: change it in token-length.mjs.`);
  return cookies;
}
