// One round: processes on one store, faults, and the judgement.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chance } from "./chance.mjs";
import { lyingClocks, mostSkew } from "./clocks.mjs";
import { engineApart, engineNamed } from "./engines.mjs";
import { tellUrls } from "./engine-urls.mjs";
import { checkRound, countsOf } from "./check.mjs";
import { checkMoment } from "./check-truth.mjs";
import { inProcessRound } from "./in-process.mjs";
import { noHistory, readLog, takeIn } from "./log.mjs";
import { newNames } from "./names.mjs";
import { startProcesses } from "./processes.mjs";
import { judge, noFindings } from "./promises.mjs";
import { makeBallast } from "./workload.mjs";

/** @typedef {import("./types.ts").Round} Round */

/** @typedef {Omit<import("./types.ts").RigStore, "faults">} RigStore */

/**
 * @param {RigStore} rigStore
 * @param {{ fault: import("./types.ts").Fault, seed: number, incidents: number, loops?: number, ballast?: number }} options
 *   `ballast`: how many sessions there are besides, that are only merged into; `incidents`: how often the fault is done, a moment of work before each; of "races" a fifth of a second of work each
 * @returns {Promise<Round>}
 */
export async function round(rigStore, { fault, seed, incidents, loops = 4, ballast = 0 }) {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-faults-"));
  try {
    if (rigStore.engine !== undefined) {
      const { urls } = await (fault === "cut" ? engineApart : engineNamed)(rigStore.engine);
      tellUrls(rigStore.engine, urls);
    }
    if (rigStore.processes > 1) return await processRound(rigStore, folder, { fault, seed, incidents, loops, ballast });
    const { store, close } = await rigStore.open(folder);
    const { findings, counts } = await inProcessRound(store, { seed, loops, steps: incidents * 30 });
    await close();
    return { store: rigStore.name, fault: "races", seed, counts, findings };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {RigStore} rigStore @param {string} folder @param {{ fault: import("./types.ts").Fault, seed: number, incidents: number, loops: number, ballast: number }} options @returns {Promise<Round>} */
async function processRound(rigStore, folder, { fault, seed, incidents, loops, ballast }) {
  const random = chance(seed);
  const names = newNames(seed);
  const findings = noFindings();
  const observer = await rigStore.open(folder);
  const engine = fault.startsWith("engine") && rigStore.engine !== undefined ? await engineNamed(rigStore.engine) : undefined;
  const apart = fault === "cut" && rigStore.engine !== undefined ? await engineApart(rigStore.engine) : undefined;
  const clocks = fault === "clocks" ? lyingClocks(folder, random) : undefined;
  /** Whether a call may say that the engine is away. */
  const outages = engine !== undefined || apart !== undefined;
  let cuts = 0;
  /** @param {number} slot @returns {import("./types.ts").Place} */
  function placeOf(slot) {
    const host = apart?.hosts[slot];
    return { ...clocks?.of(slot), ...(host !== undefined && { command: host.command(process.execPath, []) }) };
  }
  /** @type {import("./types.ts").Line[]} */
  const lines = [];
  await makeBallast({ store: observer.store, names, log: (line) => void lines.push(line) }, ballast);
  const processes = startProcesses({ store: rigStore.name, folder, names, seed, loops, hasty: apart !== undefined }, rigStore.processes, random, placeOf);
  try {
    let working = true;
    const watching = (async () => {
      while (working) {
        try {
          await checkMoment(findings, observer.store, names);
        } catch (error) {
          const away = outages && /** @type {{ code?: string }} */ (error).code === "store_unavailable";
          judge(findings, "answers", away, () => `the observer: ${String(error)}`);
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
      else if (fault === "engine killed") await engine?.kill();
      else if (fault === "engine stopped") await engine?.stopFor(20 + random(600));
      else if (apart !== undefined) cuts += await apart.cut(random);
      else if (clocks !== undefined) {
        clocks.jump();
        // Whoever sleeps between reserving and writing meets those to whom that was minutes ago.
        const sort = random(3);
        if (sort === 0) await processes.stopOne();
        else if (sort === 1) await processes.killOne();
        else await sleep(50);
      } else await sleep(100);
    }
    await processes.end();
    working = false;
    await watching;
    await apart?.quiet();
  } finally {
    processes.destroy();
    await observer.close();
  }
  const history = noHistory();
  takeIn(history, "parent", lines, () => false);
  for (const { writer, slot, path } of processes.started)
    if (existsSync(path)) takeIn(history, writer, readLog(path), rigStore.weak ?? (() => false), outages || clocks?.isSet(slot));
  const { store, close } = await rigStore.open(folder);
  await store.find({ kind: names.kind }, { limit: 1 });
  if (rigStore.grace !== undefined) await sleep(2 * rigStore.grace);
  const judged = () => checkRound(findings, history, store, rigStore, names);
  await (clocks === undefined ? judged() : atTime(Date.now() + mostSkew, judged));
  await close();
  for (const trouble of processes.trouble) judge(findings, "answers", false, () => trouble);
  return {
    store: rigStore.name,
    fault,
    seed,
    counts: { ...countsOf(history), kills: processes.kills, stops: processes.stops, cuts, jumps: clocks?.jumps ?? 0 },
    findings,
  };
}

/**
 * Acts by a clock that is set to `start`: what a process with a wrong clock reserved, and did not live to write, is in the way until the time that it was
 * reserved by has come, and the grace after it.
 * @param {number} start epoch ms @param {() => Promise<void>} act
 */
async function atTime(start, act) {
  const { now } = Date;
  const by = start - now();
  Date.now = () => now() + by;
  try {
    await act();
  } finally {
    Date.now = now;
  }
}
