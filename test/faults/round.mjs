// One round: processes on one store, faults, and the judgement.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chance } from "./chance.mjs";
import { checkRound, countsOf } from "./check.mjs";
import { checkMoment } from "./check-truth.mjs";
import { inProcessRound } from "./in-process.mjs";
import { noHistory, readLog, takeIn } from "./log.mjs";
import { newNames } from "./names.mjs";
import { startProcesses } from "./processes.mjs";
import { judge, noFindings } from "./promises.mjs";
import { makeBallast } from "./workload.mjs";

/** @typedef {import("./types.ts").Round} Round */

/**
 * @param {import("./types.ts").RigStore} rigStore
 * @param {{ fault: import("./types.ts").Fault, seed: number, incidents: number, loops?: number, ballast?: number }} options
 *   `ballast`: how many sessions there are besides, that are only merged into; `incidents`: how often the fault is done, a moment of work before each; of "races" a fifth of a second of work each
 * @returns {Promise<Round>}
 */
export async function round(rigStore, { fault, seed, incidents, loops = 4, ballast = 0 }) {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-faults-"));
  try {
    if (rigStore.processes > 1) return await processRound(rigStore, folder, { fault, seed, incidents, loops, ballast });
    const { store, close } = await rigStore.open(folder);
    const { findings, counts } = await inProcessRound(store, { seed, loops, steps: incidents * 30 });
    await close();
    return { store: rigStore.name, fault: "races", seed, counts, findings };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {import("./types.ts").RigStore} rigStore @param {string} folder @param {{ fault: import("./types.ts").Fault, seed: number, incidents: number, loops: number, ballast: number }} options @returns {Promise<Round>} */
async function processRound(rigStore, folder, { fault, seed, incidents, loops, ballast }) {
  const random = chance(seed);
  const names = newNames(seed);
  const findings = noFindings();
  const observer = await rigStore.open(folder);
  /** @type {import("./types.ts").Line[]} */
  const lines = [];
  await makeBallast({ store: observer.store, names, log: (line) => void lines.push(line) }, ballast);
  const processes = startProcesses({ store: rigStore.name, folder, names, seed, loops }, rigStore.processes, random);
  try {
    let working = true;
    const watching = (async () => {
      while (working) {
        try {
          await checkMoment(findings, observer.store, names);
        } catch (error) {
          judge(findings, "answers", false, () => `the observer: ${String(error)}`);
        }
        await sleep(10);
      }
    })();
    for (let incident = 0; incident < incidents; incident++) {
      await processes.ready();
      await sleep(50 + random(150));
      if (fault === "kill") await processes.killOne();
      else if (fault === "stop") await processes.stopOne();
      else if (fault === "blackout") await processes.killAll();
      else await sleep(100);
    }
    await processes.end();
    working = false;
    await watching;
  } finally {
    processes.destroy();
    await observer.close();
  }
  const history = noHistory();
  takeIn(history, "parent", lines, () => false);
  for (const { writer, path } of processes.started) if (existsSync(path)) takeIn(history, writer, readLog(path), rigStore.weak ?? (() => false));
  const { store, close } = await rigStore.open(folder);
  await checkRound(findings, history, store, rigStore, names);
  await close();
  for (const trouble of processes.trouble) judge(findings, "answers", false, () => trouble);
  return { store: rigStore.name, fault, seed, counts: { ...countsOf(history), kills: processes.kills, stops: processes.stops }, findings };
}
