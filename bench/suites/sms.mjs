import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { measured, removeFolder, temporaryFolder } from "../lib/children.mjs";
import { shown } from "../lib/figures.mjs";
import { hotSpots } from "../lib/hot-spots.mjs";
import { interleavedRound } from "../lib/interleave.mjs";
import { machineFacts, otherWork } from "../lib/machine.mjs";
import { rowsOf, sectionOf } from "./sms/report.mjs";

/** What dialogues by text message cost, and whether their replies find home. @type {import("../lib/suite.ts").Suite} */
export const sms = { name: "sms", whole: " of all parts with at least 5 rounds", missing: () => [], run, profile };

const fewestRounds = 5;
/** Seconds for the estimate: of a round, and once. */
const estimates = { steps: { round: 45, once: 0 }, resume: { round: 5, once: 100 }, routing: { round: 0, once: 240 } };

const whole = {
  load: { handsets: 1_000, together: 64, warmUp: 10_000, steps: 20_000 },
  long: { dialogues: 300, steps: 200 },
  replies: 100_000,
};
/** @type {typeof whole} */
const smoke = {
  load: { handsets: 50, together: 16, warmUp: 200, steps: 300 },
  long: { dialogues: 6, steps: 50 },
  replies: 300,
};
/** How many dialogues a handset is in at once, and how many questions each asks. */
const schedules = [1, 4].flatMap((questions) => [2, 3, 5].map((atOnce) => ({ atOnce, questions })));

/** @typedef {typeof whole & { rounds: number, data: string | undefined, say: (line: string) => void }} Plan */

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run({ quick, rounds = quick ? 1 : fewestRounds, only, data, say }) {
  const parts = { steps, resume, routing };
  const names = /** @type {(keyof typeof parts)[]} */ (Object.keys(parts));
  const chosen = names.filter((name) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`--only is ${JSON.stringify(only)}. Give one of ${names.join(", ")}.`);
  const plan = { ...(quick ? smoke : whole), rounds, data, say };
  const minutes = Math.ceil(chosen.reduce((sum, name) => sum + estimates[name].once + rounds * estimates[name].round, 0) / 60);
  say(`sms: ${chosen.join(", ")}, ${rounds} rounds, each measurement a process of its own: about ${quick ? "20 s" : `${minutes} min`}.`);
  if (otherWork() > 0.5) say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): times will be long.`);

  /** @type {import("./sms/report.mjs").Found} */
  const found = { steps: [], resume: [], routing: [] };
  for (const name of chosen) await parts[name](plan, found);
  const told = { rounds, ...plan.load, dialogues: plan.long.dialogues, length: plan.long.steps, judged: !quick };
  return {
    rows: rowsOf(found, told),
    section: sectionOf(found, told, machineFacts(["lmdb", "sojourn", "@sojourn/gateways"], data)),
    complete: !quick && rounds >= fewestRounds && only === undefined,
  };
}

/** @typedef {(plan: Plan, found: import("./sms/report.mjs").Found) => Promise<void>} Part measures, and notes what it found. */

/** @type {Part} */
async function steps({ load, rounds, data, say }, found) {
  for (let round = 1; round <= rounds; round++) {
    /** @type {{ design: string, each: import("./sms/report.mjs").Steps }[]} */
    const slots = [];
    const slot = async (/** @type {string} */ design) => {
      const each = await inOwnFolder(data, (folder) => measure("steps", { ...load, design, folder }));
      slots.push({ design, each });
      say(
        `round ${round} of ${rounds}  ${design}: ${shown(each.rate)} a second, ${shown(each.cpu)} µs of CPU each, acknowledged in ${shown(each.acknowledged[0])} ms`,
      );
      return each;
    };
    await interleavedRound({ cells: ["lmdb", "memory"], bare: () => slot("plain"), measure: slot });
    found.steps.push(slots);
  }
}

/** @type {Part} */
async function resume({ long, rounds, data, say }, found) {
  await inOwnFolder(data, async (folder) => {
    await measure("fill", { ...long, folder });
    say(`${long.dialogues} dialogues led for ${long.steps} steps`);
    for (let round = 1; round <= rounds; round++) {
      const each = await measure("resume", { folder });
      found.resume.push(each);
      const [p50, p99] = each.answered;
      say(`round ${round} of ${rounds}  resumed in ${shown(p50)} ms (p50), ${shown(p99)} ms (p99); of it the replay ${shown(each.replayed[0])} ms`);
    }
  });
}

/** @type {Part} */
async function routing({ replies, say }, found) {
  for (const schedule of schedules) {
    const each = await measure("routing", { ...schedule, replies, folder: "" });
    found.routing.push({ ...schedule, ...each });
    const { atOnce, questions } = schedule;
    say(
      `${atOnce} dialogues of ${questions} at once: ${each.gateway} of ${shown(each.replies, 0)} replies misrouted, ${shown(each.mostRecent, 0)} by who asked last`,
    );
  }
}

/**
 * Where the time of a step goes, once the process is warm.
 * @param {string} target
 * @param {import("../lib/suite.ts").SuiteOptions} options
 */
async function profile(target, { quick, data, say }) {
  const { load, long } = quick ? smoke : whole;
  const targets = ["plain", "lmdb", "memory", "resume"];
  if (!targets.includes(target)) throw new Error(`--profile is ${JSON.stringify(target)}. Give one of ${targets.join(", ")}.`);
  await inOwnFolder(data, async (folder) => {
    const file = join(folder, "profile.json");
    if (target === "resume") await measure("fill", { ...long, folder });
    const { cpu } =
      target === "resume" ? await measure("resume", { folder, profile: file }) : await measure("steps", { ...load, design: target, folder, profile: file });
    say(`${target}: ${shown(cpu)} µs of CPU each (with the profiler on)\n`);
    say(hotSpots(JSON.parse(readFileSync(file, "utf8")), cpu));
  });
}

/**
 * One part of the measurement, in a process of its own.
 * @template {keyof import("./sms/measure.mjs").Parts} Part
 * @param {Part} name
 * @param {Parameters<import("./sms/measure.mjs").Parts[Part]>[0]} asked
 */
async function measure(name, asked) {
  const found = await measured(new URL("sms/measure.mjs", import.meta.url), [name, JSON.stringify(asked)], { say: () => {} });
  return /** @type {Awaited<ReturnType<import("./sms/measure.mjs").Parts[Part]>>} */ (found);
}

/**
 * @template T
 * @param {string | undefined} data
 * @param {(folder: string) => Promise<T>} work
 */
async function inOwnFolder(data, work) {
  if (data !== undefined) mkdirSync(data, { recursive: true });
  const folder = temporaryFolder(data);
  try {
    return await work(folder);
  } finally {
    removeFolder(folder);
  }
}
