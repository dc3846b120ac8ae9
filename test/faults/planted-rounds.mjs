// Rounds of processes on a store with a fault, until it is found.
import { brokenOf } from "./promises.mjs";
import { round } from "./round.mjs";

const attempts = 5;

/**
 * @param {import("./types.ts").PlantedStore} store @param {number} seed
 * @returns {Promise<{ broken: readonly import("./types.ts").PromiseName[], first: string | undefined }>} `broken` by the round in which it was
 */
export async function findPlantedIn(store, seed) {
  /** @type {readonly import("./types.ts").PromiseName[]} */
  let broken = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { findings } = await round(store, { fault: store.under, seed: seed + attempt, incidents: 1 + attempt });
    broken = brokenOf(findings);
    if (broken.includes(store.breaks)) return { broken, first: findings[store.breaks].broken[0] };
  }
  return { broken, first: undefined };
}
