import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measured, removeFolder, temporaryFolder } from "../lib/children.mjs";
import { shown } from "../lib/figures.mjs";
import { hotSpots } from "../lib/hot-spots.mjs";
import { machineFacts, missingFromMachine, otherWork } from "../lib/machine.mjs";
import { durationOf, fitting, partsOf } from "./http/measure.mjs";
import { profileServer } from "./http/profile.mjs";
import { linesOf, rowsOf } from "./http/report.mjs";
import { field } from "./sealed/designs.mjs";
import { figuresOfSealing, figuresOfSizes, linesOfSealing, linesOfSizes, soFar } from "./sealed/report.mjs";

/** What it costs to keep sessions sealed with their clients. @type {import("../lib/suite.ts").Suite} */
export const sealed = {
  name: "sealed",
  whole: " of all parts with at least 15 rounds",
  missing: () => missingFromMachine({ wrk: "wrk", taskset: "util-linux" }),
  run,
  profile,
};

const fewestRounds = 15;
const program = new URL("sealed/measure.mjs", import.meta.url);
const servers = partsOf(field);
/** Whose versions are told. */
const peers = ["fastify", "@fastify/secure-session", "iron-session", "jose", "sojourn"];

/**
 * @param {import("../lib/suite.ts").SuiteOptions} options
 * @returns {import("./http/measure.mjs").Plan}
 */
function planOf({ quick, rounds, slot }) {
  if (quick) return { rounds: rounds ?? 1, slot: slot ?? 250, warmUp: 750, lead: 0, generations: 1, judged: false };
  const all = rounds ?? fewestRounds;
  return { rounds: all, slot: slot ?? 300, warmUp: 2_000, lead: 100, generations: Math.min(3, all), judged: true };
}

/** Of seal and open: processes, rounds in each, ms of a slot, and the seconds that it takes. */
const whole = { processes: 5, rounds: 5, slot: 40, seconds: 60 };
const smoke = { processes: 1, rounds: 2, slot: 5, seconds: 3 };

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run(options) {
  const { only, quick, data, say } = options;
  const names = ["seal", "sizes", ...servers.map(({ framework }) => framework)];
  const chosen = names.filter((name) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`--only is ${JSON.stringify(only)}. Give one of ${names.join(", ")}.`);
  const plan = planOf(options);
  const parts = servers.filter(({ framework }) => chosen.includes(framework));
  const milliseconds = parts.reduce((sum, part) => sum + durationOf(part, plan), chosen.includes("seal") ? (quick ? smoke : whole).seconds * 1_000 : 0);
  say(`sealed: ${chosen.join(", ")}: about ${milliseconds < 60_000 ? `${Math.ceil(milliseconds / 1_000)} s` : `${Math.ceil(milliseconds / 60_000)} min`}.`);
  if (otherWork() > 0.5) say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): the intervals will be wide.`);

  /** @type {(import("../lib/suite.ts").Row | import("../lib/suite.ts").Figure)[]} */
  const rows = [];
  const lines = [
    "## sealed: sessions that travel with their clients",
    "",
    `${new Date().toISOString().slice(0, 10)} · ${machineFacts(peers, data).join(" · ")}`,
    "",
    "No text that was once opened is remembered, neither here nor by the library: each is decrypted and read anew.",
  ];
  if (chosen.includes("seal")) {
    const found = await sealing(options);
    rows.push(...figuresOfSealing(found));
    lines.push("", ...linesOfSealing(found, !quick));
  }
  if (chosen.includes("sizes")) {
    const { sizes } = await import("./sealed/sizes.mjs");
    const found = await sizes();
    rows.push(...figuresOfSizes(found));
    lines.push("", ...linesOfSizes(found));
  }
  /** @type {import("./http/report.mjs").Measured[]} */
  const found = [];
  for (const part of parts) found.push(await fitting(part, plan, options));
  if (found.length > 0) {
    rows.push(...found.flatMap((each) => rowsOf(each, field)));
    lines.push("", ...linesOf(found, plan, field));
    lines.push(
      "- W hands back a new cookie with each answer. The load does not take it: it sends each client's first one again and again, so every W opens that and seals another.",
    );
  }
  return { rows, section: `${lines.join("\n")}\n`, complete: plan.judged && plan.rounds >= fewestRounds && only === undefined };
}

/** @param {import("../lib/suite.ts").SuiteOptions} options */
async function sealing({ quick, say }) {
  const { processes, rounds, slot } = quick ? smoke : whole;
  /** @type {import("./sealed/measure.mjs").Found[]} */
  const found = [];
  for (let n = 1; n <= processes; n++) {
    found.push(/** @type {import("./sealed/measure.mjs").Found} */ (await measured(program, [String(rounds), String(slot)], { say })));
    say(`process ${n} of ${processes}  ${soFar(found)}`);
  }
  return found;
}

/** Where the time goes: of `seal`, without a server, or of one design's server. @type {NonNullable<import("../lib/suite.ts").Suite["profile"]>} */
async function profile(target, options) {
  if (target !== "seal") return profileServer(target, options, field);
  const folder = temporaryFolder(options.data);
  try {
    const file = join(folder, "profile.json");
    const cpu = /** @type {number} */ (await measured(program, ["0", String(options.slot ?? 3_000), file], options));
    options.say(`seal: ${shown(cpu)} µs of CPU each (with the profiler on)\n`);
    options.say(hotSpots(JSON.parse(readFileSync(file, "utf8")), cpu));
  } finally {
    removeFolder(folder);
  }
}
