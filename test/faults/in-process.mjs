// A round without processes: groups of loops that share one store, as the processes of a real round do.
import { setTimeout as sleep } from "node:timers/promises";
import { checkRound, countsOf } from "./check.mjs";
import { checkMoment } from "./check-truth.mjs";
import { noHistory, takeIn } from "./log.mjs";
import { newNames } from "./names.mjs";
import { noFindings } from "./promises.mjs";
import { workload } from "./workload.mjs";

/**
 * @param {import("sojourn").Store} store with delayed answers, or nothing interleaves
 * @param {{ seed: number, groups?: number, loops?: number, steps: number }} options `steps` of each loop
 * @returns {Promise<{ findings: import("./types.ts").Findings, counts: import("./types.ts").Counts }>}
 */
export async function inProcessRound(store, { seed, groups = 4, loops = 4, steps }) {
  const findings = noFindings();
  const history = noHistory();
  const names = newNames(seed);
  let working = true;
  const work = Promise.all(
    Array.from({ length: groups }, async (_, slot) => {
      /** @type {import("./types.ts").Line[]} */
      const lines = [];
      // What a later change does to an object must not change what was logged.
      const log = (/** @type {import("./types.ts").Line} */ line) => void lines.push(structuredClone(line));
      await workload({ store, names, seed, slot, incarnation: 0, loops, log, goesOn: (done) => done < steps });
      takeIn(history, `${slot}.0`, lines, () => false);
      history.closed.add(`${slot}.0`);
    }),
  ).finally(() => (working = false));
  const watching = (async () => {
    while (working) await checkMoment(findings, store, names);
  })();
  await Promise.all([work, watching]);
  await sleep(20);
  await checkRound(findings, history, store, { lag: 0 }, names);
  return { findings, counts: { ...countsOf(history), kills: 0, stops: 0, cuts: 0, jumps: 0 } };
}
