import { randomName } from "../../../lib/random-names.mjs";
import { payloadOf } from "../../../lib/payload.mjs";

/**
 * Objects in a Map: the least that a program can do. Nothing ever expires.
 * @returns {import("../designs.mjs").Kept}
 */
export function map() {
  /** @type {Map<string, ReturnType<typeof payloadOf>>} */
  const sessions = new Map();
  return {
    create(client) {
      const id = randomName();
      sessions.set(id, payloadOf(client));
      return id;
    },
    resume: (id) => sessions.get(id)?.userId,
  };
}
