import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measured } from "../lib/children.mjs";
import { shown } from "../lib/figures.mjs";
import { hotSpots } from "../lib/hot-spots.mjs";
import { machineFacts, missingFromMachine, otherWork } from "../lib/machine.mjs";
import { typedKeys } from "../lib/typed-keys.mjs";
import { field, redisVariable } from "./cluster/designs.mjs";
import { engineFacts, missingEngines, withEngines } from "./cluster/engines.mjs";
import { bytes, commands, commits, replica, staleness } from "./cluster/measure.mjs";
import { smoke, whole } from "./cluster/plans.mjs";
import { linesOfServers, tellBytes, tellCommands, tellCommits, tellReplica, tellStaleness } from "./cluster/report.mjs";
import { workloads } from "./http/designs.mjs";
import { durationOf, fitting, partsOf } from "./http/measure.mjs";
import { profileServer } from "./http/profile.mjs";
import { linesOf, rowsOf } from "./http/report.mjs";

/** What sessions cost on the engines that nodes share. @type {import("../lib/suite.ts").Suite} */
export const cluster = {
  name: "cluster",
  whole: " of all parts with at least 15 rounds",
  missing: () => [...missingFromMachine({ wrk: "wrk", taskset: "util-linux" }), ...missingEngines()],
  run,
  profile,
};

const fewestRounds = 15;
const servers = partsOf(field);
/** Whose versions are told. */
const clients = ["redis", "ioredis", "connect-redis", "express", "express-session", "pg", "mysql2", "@nats-io/transport-node", "lmdb", "sojourn"];

const ofCommits = "commits-";
/** What can be profiled. */
const targets = [
  ...["node-redis", "ioredis", "pg"].map((client) => ofCommits + client),
  ...field.designs.flatMap(({ name }) => typedKeys(workloads).map((workload) => `${name}-${workload}`)),
];

/** What is no server: each measures, and tells of what it found. */
const parts = {
  commits: async (/** @type {Setting} */ setting) => tellCommits(await commits(setting), setting.judged, setting.plan),
  replica: async (/** @type {Setting} */ setting) => tellReplica(await replica(setting), setting.judged, setting.plan),
  commands: async (/** @type {Setting} */ setting) => tellCommands(await commands(setting)),
  bytes: async (/** @type {Setting} */ setting) => tellBytes(await bytes(setting), setting.judged),
  staleness: async (/** @type {Setting} */ setting) => tellStaleness(await staleness(setting), setting.judged),
};
/** @typedef {import("./cluster/measure.mjs").Setting} Setting */

/**
 * @param {import("../lib/suite.ts").SuiteOptions} options
 * @returns {import("./http/measure.mjs").Plan}
 */
function planOf({ quick, rounds, slot }) {
  if (quick) return { rounds: rounds ?? 1, slot: slot ?? 100, warmUp: 150, lead: 0, generations: 1, judged: false };
  const all = rounds ?? fewestRounds;
  return { rounds: all, slot: slot ?? 500, warmUp: 3_000, lead: 200, generations: Math.min(3, all), judged: true };
}

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run(options) {
  const { only, quick, data, say } = options;
  const names = [...servers.map(({ framework }) => framework), .../** @type {(keyof typeof parts)[]} */ (Object.keys(parts))];
  const chosen = names.filter((name) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`--only is ${JSON.stringify(only)}. Give one of ${names.join(", ")}.`);
  const ofServers = planOf(options);
  const plan = quick ? smoke : whole;
  const rest = /** @type {(keyof typeof parts)[]} */ (chosen.filter((name) => name in parts));
  const frameworks = servers.filter(({ framework }) => chosen.includes(framework));
  const seconds = rest.reduce((sum, name) => sum + plan.seconds[name], 0) + frameworks.reduce((sum, part) => sum + durationOf(part, ofServers) / 1_000, 0);
  say(
    `cluster: ${chosen.join(", ")}: about ${seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`}, longer if a part must be repeated.`,
  );
  if (otherWork() > 0.5) say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): the intervals will be wide.`);

  /** @type {(import("../lib/suite.ts").Row | import("../lib/suite.ts").Figure)[]} */
  const rows = [];
  const lines = [
    "## cluster: sessions on the engines that nodes share",
    "",
    `${new Date().toISOString().slice(0, 10)} · ${[...machineFacts(clients, data), ...engineFacts()].join(" · ")}`,
  ];
  await withEngines(data, async (engine, folder) => {
    /** @type {import("./http/report.mjs").Measured[]} */
    const found = [];
    for (const part of frameworks) {
      process.env[redisVariable] = (await engine("redis")).url;
      found.push(await fitting(part, ofServers, options));
    }
    if (found.length > 0) {
      rows.push(...found.flatMap((each) => rowsOf(each, field)));
      lines.push("", ...linesOf(found, ofServers, field), ...linesOfServers(found, ofServers.judged));
    }
    for (const name of rest) {
      const told = await parts[name]({ engine, folder, plan, judged: !quick, say });
      rows.push(...told.rows);
      lines.push("", ...told.lines);
    }
  });
  return { rows, section: `${lines.join("\n")}\n`, complete: ofServers.judged && ofServers.rounds >= fewestRounds && only === undefined };
}

/** Where the time of commits at one client goes, or of one design's server. @type {NonNullable<import("../lib/suite.ts").Suite["profile"]>} */
async function profile(target, options) {
  if (!targets.includes(target)) throw new Error(`--profile is ${JSON.stringify(target)}. Give one of ${targets.join(", ")}.`);
  await withEngines(options.data, async (engine, folder) => {
    const client = target.startsWith(ofCommits) ? target.slice(ofCommits.length) : undefined;
    if (client === undefined) {
      process.env[redisVariable] = (await engine("redis")).url;
      return profileServer(target, options, field);
    }
    const file = join(folder, "profile.json");
    const { url } = await engine(client === "pg" ? "postgres" : "redis");
    const args = [client === "pg" ? "pg, 8 connections" : client, url, "0", String(options.slot ?? 3_000), file];
    const cpu = /** @type {number} */ (await measured(new URL("cluster/commits.mjs", import.meta.url), args, options));
    options.say(`${target}: ${shown(cpu)} µs of CPU each (with the profiler on)\n`);
    options.say(hotSpots(JSON.parse(readFileSync(file, "utf8")), cpu));
  });
}
