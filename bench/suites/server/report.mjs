import { shown, sizeName, spreadOf, summary, withinTarget } from "../../lib/figures.mjs";
import { ratioOfMedians } from "../../lib/statistics.mjs";

/**
 * What a run found; the parts that were not run are empty.
 * @typedef {object} Found
 * @property {import("../../lib/interleave.mjs").Sample[]} lives one of each round.
 * @property {import("./parts.mjs").Pages | undefined} pages
 * @property {Listeners | undefined} listeners
 *
 * Commits a second of each round, with as many event streams open.
 * @typedef {{ readonly count: number, readonly none: readonly number[], readonly listening: readonly number[] }} Listeners
 *
 * @typedef {{ rounds: number, sessions: number, judged: boolean }} Plan
 */

/** Of the bare router's lives a second, at least. */
const leastShare = 0.4;
/** ms of the longest of a hundred answers. */
const longestPage = 50;
/** Of the commits a second without listeners, at least. */
const leastWithListeners = 0.9;

/** @param {Found} found @param {Plan} plan @returns {readonly import("../../lib/suite.ts").Figure[]} */
export function rowsOf({ lives, pages, listeners }, { sessions }) {
  const suite = "server";
  /** @type {import("../../lib/suite.ts").Figure[]} */
  const rows = [];
  if (lives.length > 0) {
    rows.push({ suite, design: "sojournd", sessions: 0, figure: "lives", unit: "a second", ...summary(lives.map(({ rate }) => rate)) });
    rows.push({ suite, design: "bare router", sessions: 0, figure: "lives", unit: "a second", ...summary(lives.map(({ bareRate }) => bareRate)) });
    rows.push({ suite, design: "sojournd", sessions: 0, figure: "share of the bare router", unit: "", ...summary(lives.map(({ share }) => share)) });
  }
  for (const [page, [p50, p99, longest]] of Object.entries(pages ?? {}))
    rows.push({ suite, design: "sojournd", sessions, figure: `page: ${page}`, unit: "ms", median: p50, low: p99, high: longest });
  if (listeners !== undefined) {
    rows.push({ suite, design: "no listener", sessions: 0, figure: "commits", unit: "a second", ...summary(listeners.none) });
    rows.push({ suite, design: `${listeners.count} listeners`, sessions: 0, figure: "commits", unit: "a second", ...summary(listeners.listening) });
  }
  return rows;
}

/** The section of RESULTS.md. @param {Found} found @param {Plan} plan @param {readonly string[]} facts */
export function sectionOf(found, plan, facts) {
  const lines = ["## server: sojournd over HTTP", "", `${new Date().toISOString().slice(0, 10)} · ${facts.join(" · ")}`];
  lines.push(
    "",
    `${plan.rounds === 1 ? "One round" : `Medians of ${plan.rounds} rounds (least to most)`}.${plan.judged ? "" : " A smoke test: the figures mean nothing."}`,
  );
  if (found.lives.length > 0) lines.push("", ...livesOf(found.lives, plan));
  if (found.pages !== undefined) lines.push("", ...pagesOf(found.pages, plan));
  if (found.listeners !== undefined) lines.push("", ...listenersOf(found.listeners, plan));
  return `${lines.join("\n")}\n`;
}

/** @param {Found["lives"]} lives @param {Plan} plan */
function livesOf(lives, { judged }) {
  const { ratio, low, high } = ratioOfMedians(
    lives.map(({ share }) => share),
    lives.map(() => 1),
  );
  const verdict = judged ? (ratio >= leastShare ? " ✓" : " **missed**") : "";
  return [
    "A life is four requests: begin a session, read it, change a field, end it; 64 connections kept alive (wrk), sojournd on LMDB on one core, the load on the other. Beside it, in turn, the same router on the same adapter with answers that are always the same.",
    "",
    "| | lives a second | CPU of a life, µs |",
    "|---|---|---|",
    `| sojournd | **${spreadOf(lives.map(({ rate }) => rate))}** | ${spreadOf(lives.map(({ addedCpu, bareCpu }) => addedCpu + bareCpu))} |`,
    `| the router alone | ${spreadOf(lives.map(({ bareRate }) => bareRate))} | ${spreadOf(lives.map(({ bareCpu }) => bareCpu))} |`,
    "",
    `- sojournd ÷ the router alone: **${shown(ratio)}** (${shown(low)} to ${shown(high)}); must be at least ${shown(leastShare)}${verdict}.`,
  ];
}

const namesOfPages = { first: "the first 100 of a kind", further: "the next 100, again and again", subject: "all ten of a subject" };

/** @param {import("./parts.mjs").Pages} pages @param {Plan} plan */
function pagesOf(pages, { sessions, judged }) {
  return [
    `What the console's page of sessions asks, of ${sizeName(sessions)} sessions on LMDB, one request at a time.`,
    "",
    "| | p50, ms | p99, ms | longest, ms | must stay within |",
    "|---|---|---|---|---|",
    .../** @type {const} */ (["first", "further", "subject"]).map((page) => {
      const [p50, p99, longest] = pages[page];
      return `| ${namesOfPages[page]} | ${shown(p50)} | **${shown(p99)}**${judged ? withinTarget(p99, longestPage) : ""} | ${shown(longest)} | ${longestPage} ms |`;
    }),
  ];
}

/** @param {Listeners} listeners @param {Plan} plan */
function listenersOf({ count, none, listening }, { judged }) {
  const { ratio, low, high } = ratioOfMedians(listening, none);
  const verdict = judged ? (ratio >= leastWithListeners ? " ✓" : " **missed**") : "";
  return [
    `Commits on LMDB in a server that tells ${count} event streams of each, and one that tells nobody, in turn.`,
    "",
    "| | commits a second |",
    "|---|---|",
    `| no listener | ${spreadOf(none)} |`,
    `| ${count} listeners | ${spreadOf(listening)} |`,
    "",
    `- with ÷ without: **${shown(ratio)}** (${shown(low)} to ${shown(high)}); must be at least ${shown(leastWithListeners)}${verdict}.`,
  ];
}
