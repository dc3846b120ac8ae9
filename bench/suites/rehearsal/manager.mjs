import { createSessions } from "sojourn";
import { nodeRedisStore } from "../cluster/clients.mjs";
import { idle } from "./population.mjs";

/** How the sessions are laid out. @typedef {{ shards: number, buckets?: number }} Layout */

/**
 * A manager as shipped on the Redis of the rehearsal, by a clock that the bench sets.
 * @param {string} url
 * @param {Layout} layout
 * @param {() => number} now epoch ms.
 * @param {import("sojourn").SessionsOptions["deadline"]} [deadline] whoever fills as fast as it can waits for longer than a visitor would.
 */
export async function managerOn(url, layout, now, deadline) {
  const { store, close } = await nodeRedisStore(url, layout);
  /** @type {import("sojourn").Sessions<ReturnType<typeof import("./population.mjs").fieldsOf>>} */
  const sessions = createSessions({ store, clock: { now }, idle, ...(deadline !== undefined && { deadline }) });
  return {
    store,
    sessions,
    async close() {
      await sessions.close();
      await close();
    },
  };
}
