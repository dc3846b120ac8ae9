import { createSessions } from "sojourn";
import { cookie } from "sojourn/http";
import { payloadOf, sessionCount, userOf } from "../../../lib/payload.mjs";

/** The two fields that the handlers name. @typedef {{ userId: string, views: number }} Data */

/** Options of every door of ours: as shipped, one cookie. */
export const door = { carriers: [cookie()] };

/**
 * A manager as shipped, with the sessions of clients who are logged in.
 * @param {import("sojourn").Store} store
 */
export async function sojournSessions(store) {
  /** @type {import("sojourn").Sessions<Data>} */
  const sessions = createSessions({ store });
  const cookies = [];
  for (let client = 0; client < sessionCount; client++) {
    const session = await sessions.create({ subject: userOf(client), methods: ["pwd"], data: payloadOf(client) });
    cookies.push(`__Host-Http-session=${session.token}`);
  }
  return { sessions, cookies };
}

/**
 * What a handler does to log a client in.
 * @param {import("sojourn").Session<Data>} session
 * @param {number} client
 */
export async function logIn(session, client) {
  await session.authenticate(userOf(client), { methods: ["pwd"] });
  for (const [name, value] of Object.entries(payloadOf(client))) session.set(/** @type {keyof Data} */ (name), /** @type {never} */ (value));
}
