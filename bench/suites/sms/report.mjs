import { shown, spreadOf, summary, withinTarget } from "../../lib/figures.mjs";
import { median, ratioOfMedians } from "../../lib/statistics.mjs";

/**
 * @typedef {Awaited<ReturnType<import("./measure.mjs").Parts["steps"]>>} Steps
 * @typedef {Awaited<ReturnType<import("./measure.mjs").Parts["resume"]>>} Resumed
 * @typedef {import("./routing.mjs").Misrouted & import("./routing.mjs").Schedule} Routed
 *
 * What a run found; the parts that were not run are empty.
 * @typedef {object} Found
 * @property {{ design: string, each: Steps }[][]} steps of each round; the plain merges before, between and after the others.
 * @property {Resumed[]} resume one of each round.
 * @property {Routed[]} routing one of each schedule.
 */

/** Steps a second on LMDB, at least. */
const fewestSteps = 2_000;
/** ms in which a dialogue of 200 steps must be resumed. */
const latestAnswer = 5;

/** @typedef {"plain" | "lmdb" | "memory"} Design */
/** @type {Readonly<Record<Design, string>>} */
const names = { plain: "plain merges, LMDB", lmdb: "dialogue steps, LMDB", memory: "dialogue steps, memory" };
const designs = /** @type {readonly Design[]} */ (Object.keys(names));

/** @type {readonly { figure: string, unit: string, of: (found: Steps) => number }[]} */
const figuresOfSteps = [
  { figure: "steps", unit: "a second", of: ({ rate }) => rate },
  { figure: "CPU of a step", unit: "µs", of: ({ cpu }) => cpu },
  { figure: "question out p50", unit: "ms", of: ({ answered }) => answered[0] },
  { figure: "question out p99", unit: "ms", of: ({ answered }) => answered[1] },
  { figure: "acknowledged p50", unit: "ms", of: ({ acknowledged }) => acknowledged[0] },
  { figure: "acknowledged p99", unit: "ms", of: ({ acknowledged }) => acknowledged[1] },
  { figure: "commits of a step", unit: "commits", of: ({ commits }) => commits },
  { figure: "begun", unit: "a second", of: ({ begun }) => begun },
];

/** @type {readonly { figure: string, unit: string, of: (found: Resumed) => number }[]} */
const figuresOfResume = [
  { figure: "resume p50", unit: "ms", of: ({ answered }) => answered[0] },
  { figure: "resume p99", unit: "ms", of: ({ answered }) => answered[1] },
  { figure: "replay p50", unit: "ms", of: ({ replayed }) => replayed[0] },
  { figure: "replay p99", unit: "ms", of: ({ replayed }) => replayed[1] },
  { figure: "first resume of a process", unit: "ms", of: ({ first }) => first },
  { figure: "CPU of a resume", unit: "µs", of: ({ cpu }) => cpu },
];

/**
 * @param {Found} found
 * @param {{ handsets: number, dialogues: number }} plan
 * @returns {readonly import("../../lib/suite.ts").Figure[]}
 */
export function rowsOf(found, { handsets, dialogues }) {
  const suite = "sms";
  /** @type {import("../../lib/suite.ts").Figure[]} */
  const rows = [];
  if (found.steps.length > 0) {
    for (const design of designs) {
      for (const { figure, unit, of } of figuresOfSteps)
        rows.push({ suite, design, sessions: handsets, figure, unit, ...summary(roundsOf(found, design).map(of)) });
    }
  }
  if (found.resume.length > 0) {
    for (const { figure, unit, of } of figuresOfResume)
      rows.push({ suite, design: "lmdb", sessions: dialogues, figure, unit, ...summary(found.resume.map(of)) });
  }
  for (const { atOnce, questions, replies, gateway, mostRecent } of found.routing) {
    const [figure, unit] = [`misrouted, ${questions} each`, `of ${replies}`];
    rows.push({ suite, design: "gateway", sessions: atOnce, figure, unit, ...summary([gateway]) });
    rows.push({ suite, design: "most recent question", sessions: atOnce, figure, unit, ...summary([mostRecent]) });
  }
  return rows;
}

/**
 * @param {Found} found
 * @param {Design} design
 */
function roundsOf({ steps }, design) {
  return steps.flat().flatMap((slot) => (slot.design === design ? [slot.each] : []));
}

/**
 * The section of RESULTS.md.
 * @param {Found} found
 * @param {{ rounds: number, handsets: number, together: number, dialogues: number, length: number, judged: boolean }} plan
 * @param {readonly string[]} facts
 */
export function sectionOf(found, plan, facts) {
  const lines = ["## sms: dialogues by text message", "", `${new Date().toISOString().slice(0, 10)} · ${facts.join(" · ")}`];
  lines.push(
    "",
    `${plan.rounds === 1 ? "One round" : `Medians of ${plan.rounds} rounds (least to most)`}, every measurement in a process of its own.${plan.judged ? "" : " A smoke test: the figures mean nothing."}`,
  );
  if (found.steps.length > 0) lines.push("", ...stepsOf(found, plan));
  if (found.resume.length > 0) lines.push("", ...resumeOf(found, plan));
  if (found.routing.length > 0) lines.push("", ...routingOf(found, plan));
  return `${lines.join("\n")}\n`;
}

/** @param {Found} found @param {{ handsets: number, together: number, judged: boolean }} plan */
function stepsOf(found, { handsets, together, judged }) {
  const lines = [
    `A step is a message in and its question out, to a network that takes it at once. ${handsets.toLocaleString("en-US")} handsets, each in a dialogue of its own; ${together} messages, or merges, under way.`,
    "",
    "| | a second | must reach | CPU each, µs | question out, ms p50 / p99 | acknowledged, ms p50 / p99 | commits each | begun a second |",
    "|---|---|---|---|---|---|---|---|",
  ];
  for (const design of designs) {
    const rounds = roundsOf(found, design);
    const rates = rounds.map(({ rate }) => rate);
    const middle = (/** @type {(each: Steps) => number} */ of) => shown(median(rounds.map(of)));
    const reached = design === "lmdb" ? `${shown(fewestSteps, 0)}${judged ? (median(rates) >= fewestSteps ? " ✓" : " **missed**") : ""}` : "";
    const answered = design === "plain" ? "" : `${middle((each) => each.answered[0])} / ${middle((each) => each.answered[1])}`;
    lines.push(
      `| ${names[design]} | **${spreadOf(rates)}** | ${reached} | ${middle(({ cpu }) => cpu)} | ${answered} | ${middle(({ acknowledged }) => acknowledged[0])} / ${middle(({ acknowledged }) => acknowledged[1])} | ${middle(({ commits }) => commits)} | ${middle(({ begun }) => begun)} |`,
    );
  }
  const ratesOf = (/** @type {Design} */ design) => found.steps.map((round) => median(roundsOf({ ...found, steps: [round] }, design).map(({ rate }) => rate)));
  lines.push("");
  for (const design of designs.filter((one) => one !== "plain")) {
    const { ratio, low, high } = ratioOfMedians(ratesOf(design), ratesOf("plain"));
    lines.push(`- ${names[design]} ÷ plain merges of the same rounds: **${shown(ratio)} ×** (${shown(low)} to ${shown(high)}).`);
  }
  return lines;
}

/** @param {Found} found @param {{ dialogues: number, length: number, judged: boolean }} plan */
function resumeOf({ resume }, { dialogues, length, judged }) {
  const cell = (/** @type {(each: Resumed) => number} */ of, judges = false) =>
    `${spreadOf(resume.map(of))}${judges && judged ? withinTarget(median(resume.map(of)), latestAnswer) : ""}`;
  return [
    `The next step of a dialogue of ${length} steps, on LMDB, by a process that has not met it: from the message to its question. ${dialogues} dialogues, one by one.`,
    "",
    "| | p50, ms | p99, ms | must stay within |",
    "|---|---|---|---|",
    `| message to question | **${cell(({ answered }) => answered[0], true)}** | **${cell(({ answered }) => answered[1], true)}** | ${latestAnswer} ms |`,
    `| of it the replay | ${cell(({ replayed }) => replayed[0])} | ${cell(({ replayed }) => replayed[1])} | |`,
    "",
    `- the very first that a process resumes: ${cell(({ first }) => first)} ms.`,
    `- CPU of a resume, with what is written after its question: ${cell(({ cpu }) => cpu)} µs.`,
  ];
}

/** @param {Found} found @param {{ judged: boolean }} plan */
function routingOf({ routing }, { judged }) {
  return [
    "Replies in random order to the questions that a handset has open, through the gateway on memory. Beside it, by the same replies: one number for all, each reply to the dialogue that asked last.",
    "",
    "| dialogues at once | numbers | questions each | replies | misrouted | must be | to who asked last |",
    "|---|---|---|---|---|---|---|",
    ...routing.map(
      ({ atOnce, questions, replies, gateway, mostRecent }) =>
        `| ${atOnce} | ${atOnce} | ${questions} | ${shown(replies, 0)} | **${shown(gateway, 0)}** | 0${judged ? withinTarget(gateway, 0) : ""} | ${shown((100 * mostRecent) / replies, 1)} % |`,
    ),
  ];
}
