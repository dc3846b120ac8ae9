import session from "express-session";
import { randomName } from "../../../lib/random-names.mjs";
import { payloadOf } from "../../../lib/payload.mjs";

/**
 * The MemoryStore of express-session, called as its middleware calls it.
 * @returns {import("../designs.mjs").Kept}
 */
export function expressSession() {
  const store = new session.MemoryStore();

  /** @param {number} client @param {number} maxAge ms. */
  function create(client, maxAge) {
    const id = randomName();
    const cookie = new session.Cookie();
    cookie.maxAge = maxAge;
    return new Promise((/** @type {(id: string) => void} */ resolve) => store.set(id, { cookie, ...payloadOf(client) }, () => resolve(id)));
  }

  return {
    create: (client) => create(client, 43_200_000),
    resume: (id) => new Promise((resolve) => store.get(id, (_, found) => resolve(found?.userId))),
    async createShort(client) {
      await create(client, 1);
    },
    // It has no timer. Whoever asks for all sessions also deletes those that are over.
    expire: () => new Promise((resolve) => store.all?.(() => resolve())),
  };
}
