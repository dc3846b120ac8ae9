import { median, ratioOfMedians } from "../../lib/statistics.mjs";
import { shown, sizeName, spreadOf, summary, withinTarget } from "../../lib/figures.mjs";

/**
 * @typedef {import("./measure.mjs").Parts} Parts
 * @typedef {object} Cell
 * @property {number} sessions
 * @property {string} folder
 * @property {import("./database.mjs").Facts} filled
 * @property {Parts["requests"][]} requests one of each round.
 * @property {Parts["expiry"][]} expiry
 * @property {Parts["wakes"][]} wakes
 * @property {Parts["compaction"][]} compaction
 */

/** What the others are compared with. */
const base = 100_000;
/** How many times as long as with 100k a resume, and an expiry, may take with 10M. */
const mostTimes = 2;
const judgedAt = 10_000_000;
/** ms after which every wake must have been told. */
const latestWake = 2_000;

const megabyte = 1e6;

/** @type {readonly { figure: string, unit: string, of: (cell: Cell) => readonly number[] }[]} */
const figures = [
  { figure: "filled", unit: "sessions a second", of: ({ filled, sessions }) => [sessions / filled.seconds] },
  { figure: "on disk", unit: "bytes a session", of: ({ filled, sessions }) => [filled.bytes / sessions] },
  { figure: "opening", unit: "ms", of: ({ requests }) => requests.map(({ opening }) => opening) },
  { figure: "resume p50", unit: "µs", of: ({ requests }) => requests.map(({ cold }) => cold[0]) },
  { figure: "resume p99", unit: "µs", of: ({ requests }) => requests.map(({ cold }) => cold[1]) },
  { figure: "resume hot p50", unit: "µs", of: ({ requests }) => requests.map(({ hot }) => hot[0]) },
  { figure: "resume hot p99", unit: "µs", of: ({ requests }) => requests.map(({ hot }) => hot[1]) },
  { figure: "written", unit: "sessions a second", of: ({ requests }) => requests.map(({ writeRate }) => writeRate) },
  { figure: "write p50", unit: "ms", of: ({ requests }) => requests.map(({ write }) => write[0]) },
  { figure: "write p99", unit: "ms", of: ({ requests }) => requests.map(({ write }) => write[1]) },
  { figure: "memory of its own", unit: "bytes", of: ({ requests }) => requests.map((found) => found.private) },
  { figure: "expiry", unit: "ms", of: ({ expiry }) => expiry.map((found) => found.expiry) },
  { figure: "longest pause while they expire", unit: "ms", of: ({ expiry }) => expiry.map(({ expiryPause }) => expiryPause) },
  { figure: "wake p50", unit: "ms", of: ({ wakes }) => wakes.map((found) => found.wakes[0]) },
  { figure: "wake p99", unit: "ms", of: ({ wakes }) => wakes.map((found) => found.wakes[1]) },
  { figure: "wake latest", unit: "ms", of: ({ wakes }) => wakes.map((found) => found.wakes[2]) },
  { figure: "before compaction", unit: "bytes", of: ({ compaction }) => compaction.map(({ compactionBefore }) => compactionBefore) },
  { figure: "after compaction", unit: "bytes", of: ({ compaction }) => compaction.map(({ compactionAfter }) => compactionAfter) },
  { figure: "compaction", unit: "s", of: ({ compaction }) => compaction.map((found) => found.compaction) },
];

/**
 * @param {readonly Cell[]} cells
 * @returns {readonly import("../../lib/suite.ts").Figure[]}
 */
export function rowsOf(cells) {
  return cells.flatMap((cell) =>
    figures.map(({ figure, unit, of }) => ({ suite: "scale", design: "lmdb", sessions: cell.sessions, figure, unit, ...summary(of(cell)) })),
  );
}

/**
 * The section of RESULTS.md.
 * @param {readonly Cell[]} cells
 * @param {{ rounds: number, due: number, seconds: number, judged: boolean }} plan
 * @param {readonly string[]} facts
 */
export function sectionOf(cells, { rounds, due, seconds, judged }, facts) {
  const lines = [
    "## scale: LMDB with many sessions",
    "",
    `${new Date().toISOString().slice(0, 10)} · ${facts.join(" · ")}`,
    "",
    `Sessions of 12 fields and 500 bytes of JSON; the file in the page cache. ${rounds === 1 ? "One round" : `Medians of ${rounds} rounds (least to most), all sizes in each`}, every measurement in a process of its own.${judged ? "" : " A smoke test: the figures mean nothing."}`,
    "",
    "| sessions | on disk, bytes each | filled a second | opening, ms | process's own memory, MB | compact copy, MB | copied in, s |",
    "|---|---|---|---|---|---|---|",
  ];
  for (const cell of cells) {
    const [copy] = cell.compaction;
    const sizes = copy === undefined ? "" : `${shown(copy.compactionBefore / megabyte)} → ${shown(copy.compactionAfter / megabyte)}`;
    lines.push(
      `| ${sizeName(cell.sessions)} | ${shown(cell.filled.bytes / cell.sessions, 0)} | ${shown(cell.sessions / cell.filled.seconds, 0)} | ${spreadOf(valuesOf(cell, "opening"))} | ${shown(median(valuesOf(cell, "memory of its own")) / megabyte)} | ${sizes} | ${copy === undefined ? "" : shown(copy.compaction)} |`,
    );
  }
  lines.push(
    "",
    "| sessions | resume, not met before, µs p50 / p99 | resume of 1,000, µs p50 / p99 | writes a second, 64 waiting | write, ms p50 / p99 |",
    "|---|---|---|---|---|",
  );
  for (const cell of cells) {
    const pair = (/** @type {string} */ first, /** @type {string} */ second) =>
      `${shown(median(valuesOf(cell, first)))} / ${shown(median(valuesOf(cell, second)))}`;
    lines.push(
      `| ${sizeName(cell.sessions)} | ${pair("resume p50", "resume p99")} | ${pair("resume hot p50", "resume hot p99")} | ${spreadOf(valuesOf(cell, "written"))} | ${pair("write p50", "write p99")} |`,
    );
  }
  lines.push(
    "",
    `| sessions | ${sizeName(due)} of them expire, s | longest pause meanwhile, ms | told after their moment at 1,000 a second for ${seconds} s, ms p50 / p99 / latest | must reach |`,
    "|---|---|---|---|---|",
  );
  for (const cell of cells) {
    const latest = Math.max(...valuesOf(cell, "wake latest"));
    const told = ["wake p50", "wake p99"].map((figure) => shown(median(valuesOf(cell, figure))));
    lines.push(
      `| ${sizeName(cell.sessions)} | ${spreadOf(valuesOf(cell, "expiry").map((ms) => ms / 1_000))} | ${shown(median(valuesOf(cell, "longest pause while they expire")))} | ${told.join(" / ")} / ${shown(latest)} | ${shown(latestWake, 0)} ms${judged ? withinTarget(latest, latestWake) : ""} |`,
    );
  }
  return `${[...lines, ...comparisons(cells, judged)].join("\n")}\n`;
}

/**
 * How many times as long things take as with 100k, in the same rounds.
 * @param {readonly Cell[]} cells
 * @param {boolean} judged
 */
function comparisons(cells, judged) {
  const least = cells.find(({ sessions }) => sessions === base);
  if (least === undefined) return [];
  const lines = [""];
  for (const cell of cells) {
    if (cell.sessions <= base) continue;
    for (const [figure, about] of /** @type {const} */ ([
      ["resume p50", "resuming, p50"],
      ["resume p99", "resuming, p99"],
      ["expiry", "expiring"],
    ])) {
      const { ratio, low, high } = ratioOfMedians(valuesOf(cell, figure), valuesOf(least, figure));
      const target =
        cell.sessions === judgedAt && figure !== "resume p99" ? `; must stay within ${mostTimes} ×${judged ? withinTarget(ratio, mostTimes) : ""}` : "";
      lines.push(`- ${about}: ${sizeName(cell.sessions)} ÷ ${sizeName(base)}: **${ratio.toFixed(2)} ×** (${low.toFixed(2)} to ${high.toFixed(2)})${target}.`);
    }
  }
  return lines;
}

/**
 * @param {Cell} cell
 * @param {string} figure
 */
function valuesOf(cell, figure) {
  const known = figures.find((each) => each.figure === figure);
  if (known === undefined) throw new Error(`There is no figure ${figure}.`);
  return known.of(cell);
}
