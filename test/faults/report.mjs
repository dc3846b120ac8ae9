// The rig's report: store × promise × fault, as a section of docs/guarantees.md between two marks.
import { availableParallelism } from "node:os";
import { mostSkew } from "./clocks.mjs";
import { faults } from "./faults.mjs";
import { promises } from "./promises.mjs";
import { stores } from "./stores.mjs";

/** @typedef {import("./types.ts").Round} Round */
/** @typedef {import("./types.ts").Fault} Fault */
/** @typedef {import("./types.ts").PromiseName} PromiseName */

const marks = { begin: "<!-- faults: begin -->", end: "<!-- faults: end -->" };

/** @type {readonly (readonly [words: string, of: (round: Round) => number])[]} */
const counted = [
  ["operations", ({ counts }) => counts.operations],
  ["changes acknowledged", ({ counts }) => counts.acknowledged],
  ["changes refused", ({ counts }) => counts.refused],
  ["changes never answered", ({ counts }) => counts.unknown],
  ["processes killed", ({ counts }) => counts.kills],
  ["processes stopped", ({ counts }) => counts.stops],
  ["cables cut", ({ counts }) => counts.cuts],
  ["clocks set", ({ counts }) => counts.jumps],
];

/**
 * @param {readonly Round[]} rounds @param {readonly { fault: string, breaks: PromiseName }[]} found planted faults that were found @param {number} seconds
 */
export function reportOf(rounds, found, seconds) {
  const parts = [
    "## Put to the test",
    `\`npm run test:faults\` lets processes loose on one store. They create, log in, claim, release, move, merge, count by compare-and-set, take leases over, end, erase and sweep at random, a fifth of the changes with a
deadline of 60 ms, while they are killed (SIGKILL) and stopped (SIGSTOP, then SIGCONT or SIGKILL). Each logs what it sends and what it hears, by a clock that all share. Afterwards every answer, every record read and the truth that is
left are held against each other. A number is how many facts were judged; a fact that breaks its promise would be told in bold.`,
    `*Clocks wrong*: of four processes one has the right time, one is ahead or behind, one runs at another speed besides (x1.5 or x0.75), and one is set to another time again and again; two of them differ by up to ${mostSkew / 60_000} minutes.
They are killed and stopped meanwhile. What is allowed for: a call that is on its way when its process's clock is set may hear that its time is over; and a name that a process reserved and did not live to
take may be called taken until the grace has passed by the clock of whoever looks. The clock of the log, the timers and \`performance.now()\` stay true, which each process proves before and after its work.`,
    `*Cables cut*: each process is a host of its own, and so is the engine. Cables are cut for 0.2 to 3 s, of some processes or of the engine (MariaDB: of all processes), and mended. What was sent is not lost by that: TCP sends it again until it arrives or the connection is given
up, which half of the processes do after 1 to 2 s. So a change that nobody waits for any more may land at any later moment, and is judged so; the truth is read when nothing is on its way any more. Changes with a deadline are given up when it
has passed, as a manager does.`,
    `This run: Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${Math.round(seconds)} s.`,
    ...stores.filter(({ name }) => rounds.some(({ store }) => store === name)).map((store) => tableOf(store, rounds)),
    "### Faults that were planted",
    "Each check was run on a store with a fault that it is there to find, and found it.",
    ["| fault | promise found broken |", "|---|---|", ...found.map(({ fault, breaks }) => `| ${fault} | ${promises[breaks]} |`)].join("\n"),
  ];
  return parts.join("\n\n");
}

/** @param {import("./types.ts").RigStore} store @param {readonly Round[]} all */
function tableOf({ name, processes, note }, all) {
  const rounds = all.filter(({ store }) => store === name);
  const columns = /** @type {Fault[]} */ (Object.keys(faults)).filter((fault) => rounds.some((round) => round.fault === fault));
  /** @param {string} words @param {(ofFault: readonly Round[]) => string} cell */
  const row = (words, cell) => `| ${words} | ${columns.map((fault) => cell(rounds.filter((round) => round.fault === fault))).join(" | ")} |`;
  const lines = [
    `| | ${columns.map((fault) => faults[fault]).join(" | ")} |`,
    `|---|${columns.map(() => "--:|").join("")}`,
    ...counted.map(([words, of]) => row(words, (ofFault) => number(sum(ofFault.map(of))))),
    .../** @type {[PromiseName, string][]} */ (Object.entries(promises)).map(([promise, words]) =>
      row(words, (ofFault) => {
        const broken = sum(ofFault.map(({ findings }) => findings[promise].broken.length));
        const judged = number(sum(ofFault.map(({ findings }) => findings[promise].judged)));
        return broken === 0 ? judged : `**${number(broken)} broken** of ${judged}`;
      }),
    ),
  ];
  const who = processes === 1 ? "" : `${processes} processes`;
  return `### ${name}\n\n${[who, note].filter((part) => part !== undefined && part !== "").join("; ")}.\n\n${lines.join("\n")}`;
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}

/** @param {number} value */
function number(value) {
  return value.toLocaleString("en");
}

/** The page with the report in its place; at its end, the first time. @param {string} page @param {string} report */
export function withReport(page, report) {
  const section = `${marks.begin}\n\n${report}\n\n${marks.end}`;
  const [before, rest] = page.split(marks.begin);
  const after = rest?.split(marks.end)[1];
  return after === undefined ? `${page.trimEnd()}\n\n${section}\n` : `${before}${section}${after}`;
}

/**
 * What the page's report says, for those who check it: the first cells of each table's rows by the table's title, and what was broken.
 * @param {string} page
 */
export function readReport(page) {
  const report = page.split(marks.begin)[1]?.split(marks.end)[0];
  if (report === undefined) return undefined;
  /** @type {Map<string, string[]>} */
  const tables = new Map();
  let title = "";
  for (const line of report.split("\n")) {
    if (line.startsWith("### ")) title = line.slice(4);
    const [, first = ""] = /^\| ([^|]+) \|/.exec(line) ?? [];
    if (first !== "" && title !== "" && first !== "fault") tables.set(title, [...(tables.get(title) ?? []), first]);
  }
  return { tables, broken: report.split("\n").filter((line) => line.includes("broken**")) };
}

/** First cells of a store's table. */
export const rowsOfStore = [...counted.map(([words]) => words), ...Object.values(promises)];
