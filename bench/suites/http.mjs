import { otherWork, machineFacts, missingFromMachine } from "../lib/machine.mjs";
import { field } from "./http/designs.mjs";
import { durationOf, fitting, partsOf } from "./http/measure.mjs";
import { profileServer } from "./http/profile.mjs";
import { rowsOf, sectionOf } from "./http/report.mjs";

/** What sessions cost a web server, beside the same server without them. @type {import("../lib/suite.ts").Suite} */
export const http = {
  name: "http",
  whole: " with at least 15 rounds",
  missing: () => missingFromMachine({ wrk: "wrk", taskset: "util-linux" }),
  run,
  profile: (target, options) => profileServer(target, options, field),
};

/** Whose versions are told. */
const peers = field.designs.filter(({ peer }) => peer).map(({ design }) => design);
const fewestRounds = 15;

/**
 * @param {import("../lib/suite.ts").SuiteOptions} options
 * @returns {import("./http/measure.mjs").Plan}
 */
function planOf({ quick, rounds, slot }) {
  if (quick) return { rounds: rounds ?? 1, slot: slot ?? 250, warmUp: 250, lead: 0, generations: 1, judged: false };
  const all = rounds ?? fewestRounds;
  return { rounds: all, slot: slot ?? 1_000, warmUp: 3_000, lead: 200, generations: Math.min(5, all), judged: true };
}

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run(options) {
  const plan = planOf(options);
  const all = partsOf(field);
  const parts = all.filter(({ framework }) => options.only === undefined || framework === options.only);
  const names = (/** @type {typeof all} */ some) => some.map(({ framework }) => framework).join(", ");
  if (parts.length === 0) throw new Error(`--only is ${JSON.stringify(options.only)}. Give one of ${names(all)}.`);
  const minutes = parts.reduce((sum, part) => sum + durationOf(part, plan), 0) / 60_000;
  options.say(
    `http: ${names(parts)}, ${plan.rounds} rounds of ${plan.slot} ms slots: about ${minutes < 1 ? `${Math.ceil(minutes * 60)} s` : `${Math.ceil(minutes)} min`}, longer if a run must be repeated.`,
  );
  if (otherWork() > 0.5) options.say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): the intervals will be wide.`);

  /** @type {import("./http/report.mjs").Measured[]} */
  const measured = [];
  for (const part of parts) measured.push(await fitting(part, plan, options));
  const rows = measured.flatMap((each) => rowsOf(each, field));
  const facts = machineFacts(["express", "fastify", "hono", "koa", ...peers, "lmdb", "sojourn"], options.data);
  return { rows, section: sectionOf(measured, plan, facts, field), complete: plan.judged && plan.rounds >= fewestRounds && options.only === undefined };
}
