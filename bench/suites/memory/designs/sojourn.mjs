import { createSessions } from "sojourn";
import { memoryStore } from "sojourn/stores/memory";
import { payloadOf } from "../../../lib/payload.mjs";

/**
 * Our manager and memory store as shipped, but for a budget that holds them all.
 * @param {{ subjects: boolean }} setting whether each session has a subject of its own.
 * @returns {import("../designs.mjs").Kept}
 */
export function sojourn({ subjects }) {
  let skipped = 0;
  const clock = { now: () => Date.now() + skipped };
  const store = memoryStore({ budget: 4 * 2 ** 30 });
  const sessions = createSessions({ store, clock, absolute: "30d", idle: "12h" });

  return {
    async create(client) {
      const data = payloadOf(client);
      const { token } = await sessions.create(subjects ? { subject: `subject-${client}`, methods: ["pwd"], data } : { data });
      return /** @type {string} */ (token);
    },
    async resume(token) {
      return (await sessions.resume(token))?.get("userId");
    },
    async createShort(client) {
      await sessions.create({ data: payloadOf(client), idle: "1m" });
    },
    /** What the manager does by itself when `run()` was called: one sweep. */
    async expire(count) {
      skipped += 120_000;
      let ended = 0;
      /** @type {() => void} */
      let done = () => {};
      const all = new Promise((resolve) => (done = () => resolve(undefined)));
      const stop = sessions.on("ended", () => {
        if (++ended === count) done();
      });
      await sessions.run();
      await all;
      stop();
      await sessions.close();
    },
  };
}
