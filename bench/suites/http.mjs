import { otherWork, machineFacts, missingFromMachine } from "../lib/machine.mjs";
import { interleavedRound } from "../lib/interleave.mjs";
import { median } from "../lib/statistics.mjs";
import { removeFolder, temporaryFolder } from "../lib/children.mjs";
import { bare, control, designs, workloads } from "./http/designs.mjs";
import { load } from "./http/load.mjs";
import { profile } from "./http/profile.mjs";
import { cellsOf, controlShare, rowsOf, sectionOf } from "./http/report.mjs";
import { startServer } from "./http/servers.mjs";
import { verify, verifyWritten } from "./http/verify.mjs";

/** What sessions cost a web server, beside the same server without them. @type {import("../lib/suite.ts").Suite} */
export const http = { name: "http", whole: " with at least 15 rounds", missing: () => missingFromMachine({ wrk: "wrk", taskset: "util-linux" }), run, profile };

/** Whose versions are told. */
const peers = designs.filter(({ peer }) => peer).map(({ design }) => design);

/** A run whose control lies outside says more about the machine than about us. */
const fit = { low: 0.9, high: 1.1 };
const fewestRounds = 15;
const tries = 3;
/** Starting, seeding and verifying a server, ms; for the estimate only. */
const starting = 1_500;
const betweenSlots = 160;

/**
 * @typedef {object} Plan
 * @property {number} rounds
 * @property {number} slot ms.
 * @property {number} warmUp ms for each server, shared by its workloads.
 * @property {number} lead ms of load before each slot that are not measured.
 * @property {number} generations how often the servers are started anew: two processes of one program differ by some percent for as long as they live.
 * @property {boolean} judged
 */

/**
 * @param {import("../lib/suite.ts").SuiteOptions} options
 * @returns {Plan}
 */
function planOf({ quick, rounds, slot }) {
  if (quick) return { rounds: rounds ?? 1, slot: slot ?? 250, warmUp: 250, lead: 0, generations: 1, judged: false };
  const all = rounds ?? fewestRounds;
  return { rounds: all, slot: slot ?? 1_000, warmUp: 3_000, lead: 200, generations: Math.min(5, all), judged: true };
}

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run(options) {
  const plan = planOf(options);
  const frameworks = [...new Set(designs.map(({ framework }) => framework))].filter((framework) => options.only === undefined || framework === options.only);
  if (frameworks.length === 0)
    throw new Error(`--only is ${JSON.stringify(options.only)}. Give one of ${[...new Set(designs.map(({ framework }) => framework))].join(", ")}.`);
  const minutes = frameworks.reduce((sum, framework) => sum + durationOf(framework, plan), 0) / 60_000;
  options.say(
    `http: ${frameworks.join(", ")}, ${plan.rounds} rounds of ${plan.slot} ms slots: about ${minutes < 1 ? `${Math.ceil(minutes * 60)} s` : `${Math.ceil(minutes)} min`}, longer if a run must be repeated.`,
  );
  if (otherWork() > 0.5) options.say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): the intervals will be wide.`);

  /** @type {import("./http/report.mjs").Measured[]} */
  const measured = [];
  for (const framework of frameworks) measured.push(await fitting(framework, plan, options));
  const rows = measured.flatMap(rowsOf);
  const facts = machineFacts(["express", "fastify", "hono", "koa", ...peers, "lmdb", "sojourn"], options.data);
  return { rows, section: sectionOf(measured, plan, facts), complete: plan.judged && plan.rounds >= fewestRounds && options.only === undefined };
}

/**
 * Measures a framework until the control is fit.
 * @param {string} framework
 * @param {Plan} plan
 * @param {import("../lib/suite.ts").SuiteOptions} options
 */
async function fitting(framework, plan, options) {
  /** @type {number[]} */
  const unfit = [];
  for (;;) {
    const samples = await measure(framework, plan, options);
    const share = controlShare(samples);
    if (!plan.judged || (share >= fit.low && share <= fit.high)) return { framework, samples, unfit };
    unfit.push(share);
    const said = `${framework}: the control, which is the bare server again, measured ${share.toFixed(2)} of the bare server; a run is fit within ${fit.low} to ${fit.high}.`;
    if (unfit.length === tries) throw new Error(`${said} That was the last of ${tries} tries: the machine is too busy to measure on. Nothing was written.`);
    options.say(`${said} Once more (try ${unfit.length + 1} of ${tries}).`);
  }
}

/**
 * @param {string} framework
 * @param {Plan} plan
 * @param {import("../lib/suite.ts").SuiteOptions} options
 * @returns {Promise<import("./http/report.mjs").Samples>}
 */
async function measure(framework, plan, options) {
  const cells = cellsOf(framework);
  // A server that was idle for seconds is not itself at once. The bare server, which is never idle for long, would be compared with that.
  /** @param {import("./http/servers.mjs").Server} server @param {string} path */
  const slotOf = async (server, path) => {
    if (plan.lead > 0) await load(server, path, plan.lead);
    return load(server, path, plan.slot);
  };
  /** @type {import("./http/report.mjs").Samples} */
  const samples = new Map(cells.map((cell) => [cell, []]));
  let round = 0;
  for (let generation = 1; generation <= plan.generations; generation++) {
    const until = Math.round((plan.rounds * generation) / plan.generations);
    await withServers(framework, options, async (servers) => {
      for (const design of ofFramework(framework)) await verify(serverOf(servers, design.design), design);
      await warmUp(framework, servers, plan);
      /** @type {Map<string, number>} */
      const written = new Map();
      for (; round < until; round++) {
        const given = await interleavedRound({
          cells,
          bare: () => slotOf(serverOf(servers, bare), workloads.R.path),
          measure: async ({ design, workload }) => {
            const slot = await slotOf(serverOf(servers, design), workloads[workload].path);
            if (workload === "W" && design !== control) written.set(design, Math.max(written.get(design) ?? 0, slot.requests));
            return slot;
          },
        });
        for (const [cell, sample] of given) samples.get(cell)?.push(sample);
        options.say(`${framework} round ${round + 1} of ${plan.rounds}  ${soFar(samples)}`);
      }
      for (const design of ofFramework(framework)) await verify(serverOf(servers, design.design), design);
      for (const { design, keeps } of ofFramework(framework)) {
        const requests = written.get(design);
        if (keeps && requests !== undefined) await verifyWritten(serverOf(servers, design), requests);
      }
    });
  }
  return samples;
}

/**
 * @param {string} framework
 * @param {import("../lib/suite.ts").SuiteOptions} options
 * @param {(servers: ReadonlyMap<string, import("./http/servers.mjs").Server>) => Promise<void>} use
 */
async function withServers(framework, options, use) {
  const folder = temporaryFolder(options.data);
  /** @type {Map<string, import("./http/servers.mjs").Server>} */
  const servers = new Map();
  try {
    for (const design of ofFramework(framework)) servers.set(design.design, await startServer(design, folder));
    await use(servers);
  } finally {
    for (const server of servers.values()) await server.stop();
    removeFolder(folder);
  }
}

/**
 * @param {string} framework
 * @param {ReadonlyMap<string, import("./http/servers.mjs").Server>} servers
 * @param {Plan} plan
 */
async function warmUp(framework, servers, { warmUp: milliseconds }) {
  // Express needs seconds of load until V8 has compiled what it will: the same number of them for each, or the control would stay behind the bare server.
  await load(serverOf(servers, bare), workloads.R.path, milliseconds);
  const cells = cellsOf(framework);
  for (const { design, workload } of cells) {
    const share = cells.filter((cell) => cell.design === design).length;
    await load(serverOf(servers, design), workloads[workload].path, Math.round(milliseconds / share));
  }
}

/**
 * @param {ReadonlyMap<string, import("./http/servers.mjs").Server>} servers
 * @param {string} design
 */
function serverOf(servers, design) {
  const server = servers.get(design);
  if (server === undefined) throw new Error(`No server of ${design} was started.`);
  return server;
}

/** @param {string} framework */
function ofFramework(framework) {
  return designs.filter((design) => design.framework === framework);
}

/**
 * @param {string} framework
 * @param {Plan} plan
 */
function durationOf(framework, { rounds, slot, lead, warmUp: warming, generations }) {
  const cells = cellsOf(framework).length;
  return (
    rounds * (2 * cells + 1) * (slot + lead + betweenSlots) + generations * (ofFramework(framework).length * (warming + starting) + (cells + 1) * betweenSlots)
  );
}

/**
 * The medians so far, not yet corrected by the control.
 * @param {import("./http/report.mjs").Samples} samples
 */
function soFar(samples) {
  /** @type {Map<string, string[]>} */
  const said = new Map();
  for (const [{ design, workload }, list] of samples) {
    const share = median(list.map((sample) => sample.share)).toFixed(2);
    said.set(design, [...(said.get(design) ?? []), `${workload} ${share}`]);
  }
  return [...said].map(([design, shares]) => `${design} ${shares.join(" ")}`).join(" · ");
}
