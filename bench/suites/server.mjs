import { join } from "node:path";
import { measured, removeFolder, temporaryFolder } from "../lib/children.mjs";
import { shown, sizeName } from "../lib/figures.mjs";
import { interleavedRound } from "../lib/interleave.mjs";
import { machineFacts, missingFromMachine, otherWork } from "../lib/machine.mjs";
import { fanOut } from "./server/fan-out.mjs";
import { lives, pages } from "./server/parts.mjs";
import { rowsOf, sectionOf } from "./server/report.mjs";
import { started } from "./server/servers.mjs";

/** What sojournd costs: a session's life over HTTP, the console's page of sessions, and listeners. @type {import("../lib/suite.ts").Suite} */
export const server = {
  name: "server",
  whole: " of all parts with at least 5 rounds",
  missing: () => missingFromMachine({ taskset: "util-linux", wrk: "wrk" }),
  run,
};

const fewestRounds = 5;
/** @typedef {{ rounds: number, seconds: number, sessions: number, times: number, data: string | undefined, say: (line: string) => void }} Plan */

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run({ quick, rounds = quick ? 1 : fewestRounds, only, data, say }) {
  const parts = { lives: livesPart, pages: pagesPart, listeners: listenersPart };
  const names = /** @type {(keyof typeof parts)[]} */ (Object.keys(parts));
  const chosen = names.filter((name) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`--only is ${JSON.stringify(only)}. Give one of ${names.join(", ")}.`);
  const plan = { rounds, data, say, ...(quick ? { seconds: 1, sessions: 2_000, times: 20 } : { seconds: 10, sessions: 1_000_000, times: 500 }) };
  say(`server: ${chosen.join(", ")}, ${rounds} rounds: about ${quick ? "20 s" : "8 min"}.`);
  if (otherWork() > 0.5) say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): times will be long.`);
  /** @type {import("./server/report.mjs").Found} */
  const found = { lives: [], pages: undefined, listeners: undefined };
  for (const name of chosen) await parts[name](plan, found);
  const told = { rounds, sessions: plan.sessions, judged: !quick };
  return {
    rows: rowsOf(found, told),
    section: sectionOf(found, told, machineFacts(["hono", "@hono/node-server", "lmdb", "sojourn"], data)),
    complete: !quick && rounds >= fewestRounds && only === undefined,
  };
}

/** @typedef {(plan: Plan, found: import("./server/report.mjs").Found) => Promise<void>} Part measures, and notes what it found. */

/** @type {Part} */
async function livesPart({ rounds, seconds, data, say }, found) {
  await inOwnFolder(data, async (folder) => {
    const [bare, sojournd] = await Promise.all([started("bare", folder), started("sojournd", folder)]);
    for (const one of [bare, sojournd]) await lives(one, Math.ceil(seconds / 2));
    for (let round = 1; round <= rounds; round++) {
      const samples = await interleavedRound({ cells: [sojournd], bare: () => lives(bare, seconds), measure: (cell) => lives(cell, seconds) });
      const sample = samples.get(sojournd);
      if (sample === undefined) throw new Error("The round has no sample.");
      found.lives.push(sample);
      say(`round ${round} of ${rounds}  ${shown(sample.rate)} lives a second, ${shown(sample.share)} of the bare router's ${shown(sample.bareRate)}`);
    }
    for (const one of [bare, sojournd]) one.stop();
  });
}

/** @type {Part} */
async function pagesPart({ sessions, times, data, say }, found) {
  await inOwnFolder(data, async (folder) => {
    await measured(new URL("server/fill.mjs", import.meta.url), [folder, String(sessions)], { say });
    say(`${sizeName(sessions)} sessions made`);
    const sojournd = await started("sojournd", folder);
    found.pages = await pages(sojournd, sessions, times);
    for (const [name, [p50, p99]] of Object.entries(found.pages)) say(`${name}: ${shown(p50)} ms (p50), ${shown(p99)} ms (p99)`);
    sojournd.stop();
  });
}

/** @type {Part} */
async function listenersPart({ rounds, seconds, data, say }, found) {
  await inOwnFolder(data, async (folder) => {
    found.listeners = await fanOut({ folder, rounds, seconds, say });
  });
}

/**
 * @param {string | undefined} data
 * @param {(folder: string) => Promise<void>} act
 */
async function inOwnFolder(data, act) {
  const folder = temporaryFolder(data);
  try {
    await act(join(folder, "store"));
  } finally {
    removeFolder(folder);
  }
}
