import { median, ratioOfMedians } from "../../lib/statistics.mjs";
import { typedKeys } from "../../lib/typed-keys.mjs";
import { bare, control, workloads } from "./designs.mjs";

/**
 * @typedef {{ framework: string, design: string, workload: import("./designs.mjs").Workload }} Cell
 * @typedef {Map<Cell, import("../../lib/interleave.mjs").Sample[]>} Samples the same rounds for all cells, in order.
 * @typedef {{ framework: string, samples: Samples, unfit: readonly number[] }} Measured
 */

/**
 * What is measured beside the bare server: every other design with every workload. The control too, so that it is as busy and as long idle as they are.
 * @param {readonly import("./designs.mjs").Design[]} designs of one framework.
 * @returns {readonly Cell[]}
 */
export function cellsOf(designs) {
  const others = designs.filter(({ design }) => design !== bare);
  return others.flatMap(({ framework, design }) => typedKeys(workloads).map((workload) => ({ framework, design, workload })));
}

/** @param {Samples} samples */
export function controlShare(samples) {
  return median(typedKeys(workloads).flatMap((workload) => sharesOf(samples, control, workload)));
}

/**
 * @param {Measured} measured
 * @param {import("./designs.mjs").Field} field
 * @returns {readonly import("../../lib/suite.ts").Row[]}
 */
export function rowsOf({ samples }, { suite }) {
  return [...samples].map(([{ framework, design, workload }, list]) => {
    const shares = list.map(({ share }) => share);
    const controls = sharesOf(samples, control, workload);
    const addedByControl = median(listOf(samples, control, workload).map(({ addedCpu }) => addedCpu));
    // The control's own row is not corrected by itself: it shows how far two of the same differ.
    const own = design === control;
    const { ratio, low, high } = ratioOfMedians(shares, own ? controls.map(() => 1) : controls);
    const addedCpuUs = median(list.map(({ addedCpu }) => addedCpu)) - (own ? 0 : addedByControl);
    return {
      suite,
      framework,
      design,
      workload,
      ratio: rounded(ratio, 3),
      low: rounded(low, 3),
      high: rounded(high, 3),
      addedCpuUs: rounded(addedCpuUs, 2),
    };
  });
}

/**
 * The section of RESULTS.md.
 * @param {readonly Measured[]} measured
 * @param {import("./measure.mjs").Plan} plan
 * @param {readonly string[]} facts
 * @param {import("./designs.mjs").Field} field
 */
export function sectionOf(measured, plan, facts, field) {
  const lines = [
    "## http: what sessions cost a web server",
    "",
    `${new Date().toISOString().slice(0, 10)} · ${facts.join(" · ")}`,
    "",
    ...linesOf(measured, plan, field),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * How it was measured, the table, and what follows from it.
 * @param {readonly Measured[]} measured
 * @param {import("./measure.mjs").Plan} plan
 * @param {import("./designs.mjs").Field} field
 */
export function linesOf(measured, plan, field) {
  const lines = [
    `Load: wrk, 64 connections, each request of another of 1,000 clients with a session of 12 fields and 500 bytes. ${plan.rounds} slots of ${plan.slot / 1_000} s a cell, over ${plan.generations === 1 ? "one process" : `${plan.generations} processes`} of each design.${plan.judged ? "" : " A smoke test: the figures mean nothing."}`,
    `R ${workloads.R.about}, W ${workloads.W.about}, N ${workloads.N.about}. Ratio: requests per second, as a share of the same server without sessions (1.00 = free), with the 95 % interval.`,
    "",
    "| framework | design | workload | ratio | 95 % interval | must reach | added CPU, µs a request | requests/s |",
    "|---|---|---|---|---|---|---|---|",
  ];
  for (const part of measured) for (const row of rowsOf(part, field)) lines.push(rowLine(row, part.samples, plan.judged, field));
  lines.push("");
  for (const { framework, samples, unfit } of measured) {
    const bares = [...samples.values()].flat();
    const again = unfit.length === 0 ? "" : ` Repeated ${unfit.length} times, for controls of ${unfit.map((share) => share.toFixed(2)).join(", ")}.`;
    lines.push(
      `- ${framework} without sessions: ${whole(median(bares.map(({ bareRate }) => bareRate)))} requests/s, ${median(bares.map(({ bareCpu }) => bareCpu)).toFixed(1)} µs of CPU a request. Control ${controlShare(samples).toFixed(2)}.${again}`,
    );
  }
  lines.push(...field.comparisons.flatMap((comparison) => comparisonLines(comparison, measured, plan.judged)));
  return lines;
}

/**
 * @param {import("../../lib/suite.ts").Row} row
 * @param {Samples} samples
 * @param {boolean} judged
 * @param {import("./designs.mjs").Field} field
 */
function rowLine({ framework, design, workload, ratio, low, high, addedCpuUs }, samples, judged, { designs }) {
  const target = designs.find((known) => known.framework === framework && known.design === design)?.targets[/** @type {"R"} */ (workload)];
  const reached = target === undefined ? "" : `${target.toFixed(2)}${judged ? verdict(ratio, target) : ""}`;
  const rate = whole(median(listOf(samples, design, /** @type {"R"} */ (workload)).map((sample) => sample.rate)));
  return `| ${framework} | ${design} | ${workload} | **${ratio.toFixed(2)}** | ${low.toFixed(2)} to ${high.toFixed(2)} | ${reached} | ${addedCpuUs.toFixed(1)} | ${rate} |`;
}

/**
 * How many times as fast as another design of the framework, in the same rounds.
 * @param {import("./designs.mjs").Comparison} comparison
 * @param {readonly Measured[]} measured
 * @param {boolean} judged
 */
function comparisonLines({ framework, workload, own, than, atLeast, enough }, measured, judged) {
  const samples = measured.find((part) => part.framework === framework)?.samples;
  if (samples === undefined) return [];
  const shares = sharesOf(samples, own, workload);
  const { ratio: share } = ratioOfMedians(shares, sharesOf(samples, control, workload));
  const { ratio, low, high } = ratioOfMedians(shares, sharesOf(samples, than, workload));
  const or = enough === Infinity ? "" : `, or ${enough.toFixed(2)} of the server without sessions`;
  const reached = judged ? (share >= enough ? " ✓" : verdict(ratio, atLeast)) : "";
  return [
    `- ${framework} ${own} ${workload} ÷ ${than} ${workload}: **${ratio.toFixed(2)} ×** (${low.toFixed(2)} to ${high.toFixed(2)}); must reach ${atLeast.toFixed(1)} ×${or}${reached}.`,
  ];
}

/**
 * @param {number} value
 * @param {number} target
 */
function verdict(value, target) {
  return value >= target ? " ✓" : " **missed**";
}

/**
 * @param {Samples} samples
 * @param {string} design
 * @param {import("./designs.mjs").Workload} workload
 */
function listOf(samples, design, workload) {
  const found = [...samples].find(([cell]) => cell.design === design && cell.workload === workload);
  if (found === undefined) throw new Error(`${design} ${workload} was not measured.`);
  return found[1];
}

/**
 * @param {Samples} samples
 * @param {string} design
 * @param {import("./designs.mjs").Workload} workload
 */
function sharesOf(samples, design, workload) {
  return listOf(samples, design, workload).map(({ share }) => share);
}

/**
 * @param {number} value
 * @param {number} digits
 */
function rounded(value, digits) {
  return Number(value.toFixed(digits));
}

/** @param {number} value */
function whole(value) {
  return Math.round(value).toLocaleString("en-US");
}
