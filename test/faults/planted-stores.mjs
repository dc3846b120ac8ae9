// Faults that show only when clocks disagree or cables are cut, each in a store that processes open as they open the real ones.
import { openRedis } from "./engine-stores.mjs";
import { sharedStore } from "./shared-store.mjs";

/** @typedef {import("./types.ts").PlantedStore} PlantedStore */

/** Redis, and what is done with a change of which no answer came in time. @param {(again: () => Promise<import("sojourn").Outcome>) => Promise<import("sojourn").Outcome>} then @returns {PlantedStore["open"]} */
function afterSilence(then) {
  return async (folder) => {
    const { store, close } = await openRedis()(folder);
    return {
      store: {
        ...store,
        async commit(change, options) {
          const answer = Promise.resolve(store.commit(change, options));
          if (options?.deadline === undefined) return answer;
          answer.catch(() => undefined);
          const silence = new Promise((resolve) => void setTimeout(resolve, 40));
          const outcome = await Promise.race([answer, silence.then(() => undefined)]);
          return outcome ?? then(async () => store.commit(change));
        },
      },
      close,
    };
  };
}

/** @type {readonly PlantedStore[]} */
export const plantedStores = [
  {
    fault: "a lock ends by the clock of whoever wants it",
    breaks: "updates",
    under: "clocks",
    without: "stop",
    name: "planted: lock",
    processes: 4,
    lag: 0,
    open(folder) {
      return { store: sharedStore(folder), close: async () => {} };
    },
  },
  {
    fault: "what was sent and not answered in time is called not written",
    breaks: "versions",
    under: "cut",
    name: "planted: not written",
    processes: 4,
    lag: 0,
    engine: "redis",
    open: afterSilence(() => Promise.reject(Object.assign(new Error("nothing was written"), { code: "store_unavailable" }))),
  },
  {
    fault: "what was not answered in time is sent once more",
    breaks: "versions",
    under: "cut",
    name: "planted: sent again",
    processes: 4,
    lag: 0,
    engine: "redis",
    open: afterSilence((again) => again()),
  },
];
