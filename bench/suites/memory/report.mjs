import { median } from "../../lib/statistics.mjs";
import { shown, sizeName, spreadOf, summary, withinTarget } from "../../lib/figures.mjs";
import { designs } from "./designs.mjs";

/**
 * @typedef {import("./measure.mjs").Found} Found
 * @typedef {{ design: string, sessions: number, rounds: Found[] }} Cell
 */

/** Targets hold at this many sessions. */
const judgedAt = 1_000_000;

/** Every figure of a cell. @type {readonly { figure: string, unit: string, of: (found: Found) => number | undefined }[]} */
const figures = [
  { figure: "held", unit: "bytes a session", of: ({ heap }) => heap },
  { figure: "resident", unit: "bytes a session", of: ({ resident }) => resident },
  { figure: "full collection", unit: "ms", of: ({ collection }) => collection },
  { figure: "resume hot p50", unit: "µs", of: ({ hot }) => hot[0] },
  { figure: "resume hot p99", unit: "µs", of: ({ hot }) => hot[1] },
  { figure: "resume p50", unit: "µs", of: ({ cold }) => cold[0] },
  { figure: "resume p99", unit: "µs", of: ({ cold }) => cold[1] },
  { figure: "made", unit: "sessions a second", of: ({ rate }) => rate },
  { figure: "longest pause while made", unit: "ms", of: ({ pause }) => pause },
  { figure: "longest pause of the collector", unit: "ms", of: ({ pauseOfCollector }) => pauseOfCollector },
  { figure: "expiry", unit: "ms", of: ({ expiry }) => expiry },
  { figure: "longest pause while they expire", unit: "ms", of: ({ expiryPause }) => expiryPause },
];

/**
 * @param {readonly Cell[]} cells
 * @returns {readonly import("../../lib/suite.ts").Figure[]}
 */
export function rowsOf(cells) {
  return cells.flatMap(({ design, sessions, rounds }) =>
    figures.flatMap(({ figure, unit, of }) => {
      const values = valuesOf(rounds, of);
      return values.length === 0 ? [] : [{ suite: "memory", design, sessions, figure, unit, ...summary(values) }];
    }),
  );
}

/**
 * The section of RESULTS.md.
 * @param {readonly Cell[]} cells
 * @param {{ rounds: number, due: number, judged: boolean }} plan
 * @param {readonly string[]} facts
 */
export function sectionOf(cells, { rounds, due, judged }, facts) {
  const lines = [
    "## memory: sessions in a process",
    "",
    `${new Date().toISOString().slice(0, 10)} · ${facts.join(" · ")}`,
    "",
    `Sessions of 12 fields and 500 bytes of JSON. ${rounds === 1 ? "One round" : `Medians of ${rounds} rounds (least to most)`}, each in a process of its own.${judged ? "" : " A smoke test: the figures mean nothing."}`,
    "",
    "| design | sessions | held, bytes each | resident, bytes each | full garbage collection, ms | must reach |",
    "|---|---|---|---|---|---|",
  ];
  for (const { design, sessions, rounds: found } of cells) {
    const { bytes, collection } = sessions === judgedAt ? targetsOf(design) : {};
    const held = median(found.map(({ heap }) => heap));
    const took = median(found.map((each) => each.collection));
    const reached =
      bytes === undefined || collection === undefined
        ? ""
        : `${shown(bytes, 0)} bytes${withinTarget(held, bytes)} · ${collection} ms${withinTarget(took, collection)}`;
    lines.push(
      `| ${design} | ${sizeName(sessions)} | **${shown(held)}** | ${spread(found, ({ resident }) => resident)} | ${spread(found, (each) => each.collection)} | ${reached} |`,
    );
  }
  lines.push(
    "",
    "| design | sessions | resume of 1,000, µs p50 / p99 | resume of all, µs p50 / p99 | made a second | longest pause meanwhile, ms | of it the collector | " +
      `${sizeName(due)} expire, ms | longest pause meanwhile, ms |`,
    "|---|---|---|---|---|---|---|---|---|",
  );
  for (const { design, sessions, rounds: found } of cells) {
    const middle = (/** @type {(each: Found) => number | undefined} */ of) => {
      const values = valuesOf(found, of);
      return values.length === 0 ? "never" : shown(median(values));
    };
    lines.push(
      `| ${design} | ${sizeName(sessions)} | ${middle(({ hot }) => hot[0])} / ${middle(({ hot }) => hot[1])} | ${middle(({ cold }) => cold[0])} / ${middle(({ cold }) => cold[1])} | ${middle(({ rate }) => rate)} | ${middle(({ pause }) => pause)} | ${middle((each) => each.pauseOfCollector)} | ${middle(({ expiry }) => expiry)} | ${middle(({ expiryPause }) => expiryPause)} |`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** @param {string} design */
function targetsOf(design) {
  return designs.find(({ name }) => name === design)?.targets ?? {};
}

/**
 * @param {readonly Found[]} rounds
 * @param {(found: Found) => number | undefined} of
 */
function valuesOf(rounds, of) {
  return rounds.map(of).filter((value) => value !== undefined);
}

/**
 * @param {readonly Found[]} rounds
 * @param {(found: Found) => number} of
 */
function spread(rounds, of) {
  return spreadOf(rounds.map(of));
}
