import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { measured, removeFolder, temporaryFolder } from "../lib/children.mjs";
import { shown, sizeName } from "../lib/figures.mjs";
import { shuffled } from "../lib/interleave.mjs";
import { machineFacts, otherWork } from "../lib/machine.mjs";
import { factsOf } from "./scale/database.mjs";
import { rowsOf, sectionOf } from "./scale/report.mjs";

/** What LMDB does when there are many sessions. @type {import("../lib/suite.ts").Suite} */
export const scale = {
  name: "scale",
  whole: " with --full, of all sizes and with at least 3 rounds",
  missing: () => (process.platform === "linux" ? [] : ["Linux (/proc/self/status)"]),
  run,
};

const fewestRounds = 3;
/** For the estimate only. */
const filledInSecond = 25_000;
const secondsOfRound = 60;

/**
 * @typedef {object} Plan
 * @property {readonly number[]} sizes
 * @property {number} rounds
 * @property {number} visits resumes, and writes, of a round.
 * @property {number} due sessions that expire together.
 * @property {number} seconds for which sessions become due at 1,000 a second.
 * @property {boolean} judged
 */

/**
 * @param {import("../lib/suite.ts").SuiteOptions} options
 * @returns {Plan}
 */
function planOf({ quick, full, rounds, only }) {
  const sizes = quick ? [1_000, 100_000] : full ? [1_000, 100_000, 1_000_000, 10_000_000] : [1_000, 100_000, 1_000_000];
  const chosen = sizes.filter((size) => only === undefined || sizeName(size) === only);
  if (chosen.length === 0) throw new Error(`--only is ${JSON.stringify(only)}. Give one of ${sizes.map(sizeName).join(", ")}.`);
  return quick
    ? { sizes: chosen, rounds: rounds ?? 1, visits: 1_000, due: 2_000, seconds: 1, judged: false }
    : { sizes: chosen, rounds: rounds ?? fewestRounds, visits: 20_000, due: 100_000, seconds: 15, judged: true };
}

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run(options) {
  const plan = planOf(options);
  const { say } = options;
  const estimate = plan.judged ? plan.sizes.reduce((sum, size) => sum + size / filledInSecond + plan.rounds * secondsOfRound, 0) : 30;
  say(`scale: ${plan.sizes.map(sizeName).join(", ")} sessions, ${plan.rounds} rounds: about ${Math.ceil(estimate / 60)} min.`);
  if (otherWork() > 0.5) say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): times will be long.`);

  const parent = options.data === undefined ? temporaryFolder() : kept(options.data);
  try {
    /** @type {import("./scale/report.mjs").Cell[]} */
    const cells = [];
    for (const sessions of plan.sizes) {
      const folder = join(parent, sizeName(sessions));
      cells.push({ sessions, folder, filled: await filled(folder, sessions, say), requests: [], expiry: [], wakes: [], compaction: [] });
    }
    // All sizes in each round: what slows the machine for minutes slows them all. What makes further sessions comes after what must not meet them.
    for (const part of [requests, expiry, wakes]) {
      for (let round = 1; round <= plan.rounds; round++) {
        for (const cell of shuffled(cells, Math.random)) say(`round ${round} of ${plan.rounds}  ${sizeName(cell.sessions)}: ${await part(cell, plan, say)}`);
      }
    }
    for (const cell of cells) {
      cell.compaction.push(await found(cell, "compaction", 1, say));
      say(`${sizeName(cell.sessions)}: compact copy in ${shown(cell.compaction[0]?.compaction ?? 0)} s`);
    }
    const facts = machineFacts(["lmdb", "sojourn"], options.data);
    const complete = options.full && plan.judged && plan.rounds >= fewestRounds && options.only === undefined;
    return { rows: rowsOf(cells), section: sectionOf(cells, plan, facts), complete };
  } finally {
    if (options.data === undefined) removeFolder(parent);
  }
}

/** @typedef {(cell: import("./scale/report.mjs").Cell, plan: Plan, say: (line: string) => void) => Promise<string>} Part measures, and says what it found. */

/** @type {Part} */
async function requests(cell, { visits }, say) {
  const each = await found(cell, "requests", visits, say);
  cell.requests.push(each);
  return `resume ${shown(each.cold[0])} µs, ${shown(each.writeRate)} writes a second`;
}

/** @type {Part} */
async function expiry(cell, { due }, say) {
  const each = await found(cell, "expiry", due, say);
  cell.expiry.push(each);
  return `${sizeName(due)} expired in ${shown(each.expiry / 1_000)} s`;
}

/** @type {Part} */
async function wakes(cell, { seconds }, say) {
  const each = await found(cell, "wakes", seconds, say);
  cell.wakes.push(each);
  return `wakes told after ${shown(each.wakes[0])} ms, at most ${shown(each.wakes[2])} ms`;
}

/**
 * One part of the measurement, in a process of its own.
 * @template {keyof import("./scale/measure.mjs").Parts} Part
 * @param {{ folder: string }} cell
 * @param {Part} part
 * @param {number} amount
 * @param {(line: string) => void} say
 */
async function found({ folder }, part, amount, say) {
  const figures = await measured(new URL("scale/measure.mjs", import.meta.url), [folder, part, String(amount)], { say });
  return /** @type {import("./scale/measure.mjs").Parts[Part]} */ (figures);
}

/**
 * A filled folder: the one that is there, if it is.
 * @param {string} folder
 * @param {number} sessions
 * @param {(line: string) => void} say
 */
async function filled(folder, sessions, say) {
  const before = factsOf(folder);
  if (before?.count === sessions) {
    say(`${folder} is filled already.`);
    return before;
  }
  rmSync(folder, { recursive: true, force: true });
  await measured(new URL("scale/fill.mjs", import.meta.url), [folder, String(sessions)], { flags: ["--max-semi-space-size=64"], say });
  const facts = factsOf(folder);
  if (facts === undefined) throw new Error(`${folder} was not filled.`);
  say(`${sizeName(sessions)} sessions made in ${shown(facts.seconds)} s`);
  return facts;
}

/**
 * What was filled is kept for the next run, with all that this one does to it.
 * @param {string} data
 */
function kept(data) {
  const folder = join(data, "sojourn-bench-scale");
  mkdirSync(folder, { recursive: true });
  return folder;
}
