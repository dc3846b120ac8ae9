import { shown, spreadOf, summary, withinTarget } from "../../lib/figures.mjs";
import { median, ratioOfMedians } from "../../lib/statistics.mjs";
import { typedKeys } from "../../lib/typed-keys.mjs";
import { contentBytes } from "./content.mjs";
import { names } from "./names.mjs";

/**
 * What a run found of the manager alone.
 * @typedef {import("./names.mjs").Name} Name
 * @typedef {readonly import("./measure.mjs").Found[]} Processes
 */

/** Times: so many µs of one for a µs of the other. @type {readonly { of: Name, than: Name, part: import("./measure.mjs").Part, within?: number, reach?: number }[]} */
const comparisons = [
  { of: "sojourn", than: "raw", part: "both", within: 1.5 },
  { of: "sojourn", than: "raw", part: "open" },
  { of: "sojourn", than: "raw", part: "seal" },
  { of: "sojourn", than: "pooled", part: "both" },
  { of: "iron", than: "sojourn", part: "both", reach: 15 },
  { of: "ironMany", than: "sojourn", part: "both" },
  { of: "jose", than: "sojourn", part: "both", reach: 5 },
  { of: "joseMany", than: "sojourn", part: "both" },
];
const partNames = { both: "seal and open", open: "open", seal: "seal" };

const mostCharacters = 480;
const longestHeader = 80;

/**
 * @param {Processes} processes
 * @returns {readonly import("../../lib/suite.ts").Figure[]}
 */
export function figuresOfSealing(processes) {
  const figures = (processes[0]?.cells ?? []).map(({ name, part }) => ({
    ...{ suite: "sealed", design: names[name], sessions: 1, figure: partNames[part], unit: "µs" },
    ...summary(timesOf(processes, name, part)),
  }));
  const ratios = comparisons.map(({ of, than, part }) => {
    const { ratio, low, high } = ratioOf(processes, { of, than, part });
    return { suite: "sealed", design: names[of], sessions: 1, figure: `${partNames[part]} ÷ ${names[than]}`, unit: "", median: ratio, low, high };
  });
  return [...figures, ...ratios];
}

/**
 * @param {Processes} processes
 * @param {boolean} judged
 */
export function linesOfSealing(processes, judged) {
  const cell = (/** @type {readonly number[]} */ values) => (values.length === 0 ? "" : spreadOf(values));
  const rounds = processes[0]?.cells[0]?.shares.length ?? 0;
  return [
    `A session is opened, all of it read, one field changed, and it is sealed again; the next opens that. Its JSON has ${contentBytes} bytes; ours carries besides who is logged in, how, and its times. Medians of ${processes.length * rounds} rounds in ${processes.length === 1 ? "one process" : `${processes.length} processes`} (least to most).${judged ? "" : " A smoke test: the figures mean nothing."}`,
    "",
    "| | seal and open, µs | CPU of it, µs | open, µs | seal, µs | characters |",
    "|---|---|---|---|---|---|",
    ...typedKeys(names).map((name) => {
      const times = (/** @type {import("./measure.mjs").Part} */ part) => cell(timesOf(processes, name, part));
      return `| ${names[name]} | **${times("both")}** | ${cell(cpusOf(processes, name))} | ${times("open")} | ${times("seal")} | ${processes[0]?.lengths[name] ?? ""} |`;
    }),
    "",
    ...comparisons.map((comparison) => {
      const { of, than, part, within, reach } = comparison;
      const { ratio, low, high } = ratioOf(processes, comparison);
      const must = within === undefined ? (reach === undefined ? "" : `; must reach ${reach} ×`) : `; must stay within ${within} ×`;
      const kept = (within === undefined || ratio <= within) && (reach === undefined || ratio >= reach);
      const verdict = !judged || must === "" ? "" : kept ? " ✓" : " **missed**";
      return `- ${names[of]} ÷ ${names[than]}, ${partNames[part]}: **${shown(ratio)} ×** the time (${shown(low)} to ${shown(high)})${must}${verdict}.`;
    }),
  ];
}

/**
 * @param {import("./sizes.mjs").Sizes} sizes
 * @returns {readonly import("../../lib/suite.ts").Figure[]}
 */
export function figuresOfSizes({ record, characters, header, later }) {
  const row = { suite: "sealed", design: "sojourn", sessions: 1 };
  return [
    { ...row, figure: `token of a record of ${record} bytes`, unit: "characters", ...summary([characters]) },
    { ...row, figure: "header", unit: "bytes", ...summary([header]) },
    { ...row, figure: "header later", unit: "bytes", ...summary([later]) },
  ];
}

/** They do not depend on the machine, so a smoke test judges them too. @param {import("./sizes.mjs").Sizes} sizes */
export function linesOfSizes({ record, characters, header, later, used }) {
  return [
    "| | | must stay within |",
    "|---|---|---|",
    `| token of a record of ${record} bytes, header included | **${characters}** characters | ${mostCharacters}${withinTarget(characters, mostCharacters)} |`,
    `| header of an authenticated session: all that is no field's name or value | **${header}** bytes | ${longestHeader}${withinTarget(header, longestHeader)} |`,
    `| the same after ${shown(used.writes, 0)} writes in ${used.hours} hours | **${later}** bytes | ${longestHeader}${withinTarget(later, longestHeader)} |`,
  ];
}

/**
 * @param {Processes} processes
 * @param {{ of: Name, than: Name, part: import("./measure.mjs").Part }} comparison
 */
function ratioOf(processes, { of, than, part }) {
  // Shares are of rates: the slower has the smaller.
  return ratioOfMedians(sharesOf(processes, than, part), sharesOf(processes, of, part));
}

/** @param {Processes} processes @param {Name} name @param {import("./measure.mjs").Part} part */
function sharesOf(processes, name, part) {
  return roundsOf(processes, name, part).flatMap(({ shares }) => shares);
}

/** @param {Processes} processes @param {Name} name @param {import("./measure.mjs").Part} part */
function timesOf(processes, name, part) {
  return roundsOf(processes, name, part).flatMap(({ times }) => times);
}

/** @param {Processes} processes @param {Name} name */
function cpusOf(processes, name) {
  return roundsOf(processes, name, "both").flatMap(({ cpus }) => cpus);
}

/** @param {Processes} processes @param {Name} name @param {import("./measure.mjs").Part} part */
function roundsOf(processes, name, part) {
  return processes.flatMap(({ cells }) => cells.filter((cell) => cell.name === name && cell.part === part));
}

/** @param {Processes} processes */
export function soFar(processes) {
  const each = (/** @type {Name} */ name) => `${names[name]} ${shown(median(timesOf(processes.slice(-1), name, "both")))} µs`;
  return /** @type {const} */ (["raw", "sojourn", "iron", "jose"]).map(each).join(" · ");
}
