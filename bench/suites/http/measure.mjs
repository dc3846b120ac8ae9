import { interleavedRound } from "../../lib/interleave.mjs";
import { median } from "../../lib/statistics.mjs";
import { removeFolder, temporaryFolder } from "../../lib/children.mjs";
import { bare, control, workloads } from "./designs.mjs";
import { load } from "./load.mjs";
import { cellsOf, controlShare } from "./report.mjs";
import { startServer } from "./servers.mjs";
import { verify, verifyWritten } from "./verify.mjs";

/** A run whose control lies outside says more about the machine than about us. */
const fit = { low: 0.9, high: 1.1 };
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
 *
 * The designs of one framework.
 * @typedef {{ framework: string, program: URL, designs: readonly import("./designs.mjs").Design[] }} Part
 */

/**
 * @param {import("./designs.mjs").Field} field
 * @returns {readonly Part[]}
 */
export function partsOf({ program, designs }) {
  const frameworks = [...new Set(designs.map(({ framework }) => framework))];
  return frameworks.map((framework) => ({ framework, program, designs: designs.filter((design) => design.framework === framework) }));
}

/**
 * ms, if no run must be repeated.
 * @param {Part} part
 * @param {Plan} plan
 */
export function durationOf({ designs }, { rounds, slot, lead, warmUp: warming, generations }) {
  const cells = cellsOf(designs).length;
  return rounds * (2 * cells + 1) * (slot + lead + betweenSlots) + generations * (designs.length * (warming + starting) + (cells + 1) * betweenSlots);
}

/**
 * Measures a framework until the control is fit.
 * @param {Part} part
 * @param {Plan} plan
 * @param {import("../../lib/suite.ts").SuiteOptions} options
 * @returns {Promise<import("./report.mjs").Measured>}
 */
export async function fitting(part, plan, options) {
  const { framework } = part;
  /** @type {number[]} */
  const unfit = [];
  for (;;) {
    const samples = await measure(part, plan, options);
    const share = controlShare(samples);
    if (!plan.judged || (share >= fit.low && share <= fit.high)) return { framework, samples, unfit };
    unfit.push(share);
    const said = `${framework}: the control, which is the bare server again, measured ${share.toFixed(2)} of the bare server; a run is fit within ${fit.low} to ${fit.high}.`;
    if (unfit.length === tries) throw new Error(`${said} That was the last of ${tries} tries: the machine is too busy to measure on. Nothing was written.`);
    options.say(`${said} Once more (try ${unfit.length + 1} of ${tries}).`);
  }
}

/**
 * @param {Part} part
 * @param {Plan} plan
 * @param {import("../../lib/suite.ts").SuiteOptions} options
 * @returns {Promise<import("./report.mjs").Samples>}
 */
async function measure(part, plan, options) {
  const { framework, designs } = part;
  const cells = cellsOf(designs);
  // A server that was idle for seconds is not itself at once. The bare server, which is never idle for long, would be compared with that.
  /** @param {import("./servers.mjs").Server} server @param {string} path */
  const slotOf = async (server, path) => {
    if (plan.lead > 0) await load(server, path, plan.lead);
    return load(server, path, plan.slot);
  };
  /** @type {import("./report.mjs").Samples} */
  const samples = new Map(cells.map((cell) => [cell, []]));
  let round = 0;
  for (let generation = 1; generation <= plan.generations; generation++) {
    const until = Math.round((plan.rounds * generation) / plan.generations);
    await withServers(part, options, async (servers) => {
      for (const design of designs) await verify(serverOf(servers, design.design), design);
      await warmUp(cells, servers, plan);
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
      for (const design of designs) await verify(serverOf(servers, design.design), design);
      for (const { design, keeps } of designs) {
        const requests = written.get(design);
        if (keeps && requests !== undefined) await verifyWritten(serverOf(servers, design), requests);
      }
    });
  }
  return samples;
}

/**
 * @param {Part} part
 * @param {import("../../lib/suite.ts").SuiteOptions} options
 * @param {(servers: ReadonlyMap<string, import("./servers.mjs").Server>) => Promise<void>} use
 */
async function withServers({ program, designs }, options, use) {
  const folder = temporaryFolder(options.data);
  /** @type {Map<string, import("./servers.mjs").Server>} */
  const servers = new Map();
  try {
    for (const design of designs) servers.set(design.design, await startServer(design, program, folder));
    await use(servers);
  } finally {
    for (const server of servers.values()) await server.stop();
    removeFolder(folder);
  }
}

/**
 * @param {readonly import("./report.mjs").Cell[]} cells
 * @param {ReadonlyMap<string, import("./servers.mjs").Server>} servers
 * @param {Plan} plan
 */
async function warmUp(cells, servers, { warmUp: milliseconds }) {
  // Express needs seconds of load until V8 has compiled what it will: the same number of them for each, or the control would stay behind the bare server.
  await load(serverOf(servers, bare), workloads.R.path, milliseconds);
  for (const { design, workload } of cells) {
    const share = cells.filter((cell) => cell.design === design).length;
    await load(serverOf(servers, design), workloads[workload].path, Math.round(milliseconds / share));
  }
}

/**
 * @param {ReadonlyMap<string, import("./servers.mjs").Server>} servers
 * @param {string} design
 */
function serverOf(servers, design) {
  const server = servers.get(design);
  if (server === undefined) throw new Error(`No server of ${design} was started.`);
  return server;
}

/**
 * The medians so far, not yet corrected by the control.
 * @param {import("./report.mjs").Samples} samples
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
