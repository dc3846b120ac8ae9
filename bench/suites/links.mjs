import { measured } from "../lib/children.mjs";
import { shown, summary } from "../lib/figures.mjs";
import { machineFacts, otherWork } from "../lib/machine.mjs";
import { median, ratioOfMedians } from "../lib/statistics.mjs";

/** What it costs to write a token into the links of a page that goes by. @type {import("../lib/suite.ts").Suite} */
export const links = { name: "links", whole: " of at least 5 processes", missing: () => [], run };

const fewestProcesses = 5;
const target = 0.7;
/** A page without an end may take this much of the heap, whatever has gone by: bytes. */
const heap = 1_000_000;

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run({ quick, rounds: processes = quick ? 1 : fewestProcesses, data, say }) {
  const [rounds, pages, megabytes] = quick ? [2, 1, 20] : [9, 5, 200];
  say(`links: ${processes} processes of ${rounds} rounds: about ${quick ? "10 s" : `${Math.ceil(processes * 0.5)} min`}.`);
  if (otherWork() > 0.5) say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): the intervals will be wide.`);
  /** @type {import("./links/measure.mjs").Found[]} */
  const found = [];
  for (let n = 1; n <= processes; n++) {
    const program = new URL("links/measure.mjs", import.meta.url);
    const one = /** @type {import("./links/measure.mjs").Found} */ (
      await measured(program, [rounds, pages, megabytes].map(String), { flags: ["--expose-gc"], say: () => {} })
    );
    found.push(one);
    say(`process ${n} of ${processes}  ${median(one.shares).toFixed(2)} of the tokenizer alone, control ${median(one.controls).toFixed(2)}`);
  }
  const { ratio, low, high } = ratioOfMedians(
    found.flatMap(({ shares }) => shares),
    found.flatMap(({ controls }) => controls),
  );
  const rate = median(found.flatMap(({ rates }) => rates));
  const grown = summary(found.map((one) => one.grown));
  const judge = (/** @type {boolean} */ kept) => (quick ? "" : kept ? " ✓" : " **missed**");
  const lines = [
    "## links: a token in every link of a page",
    "",
    `${new Date().toISOString().slice(0, 10)} · ${machineFacts(["parse5-html-rewriting-stream", "sojourn"], data).join(" · ")}`,
    "",
    `A page of 1 MB with 1,000 links to its own site, in parts of 16 kB. Rounds of ${pages} pages, each between two of the same tokenizer passing the page through unchanged; ${processes} processes of ${rounds} rounds.${quick ? " A smoke test: the figures mean nothing." : ""}`,
    "",
    "| | | must reach |",
    "|---|---|---|",
    `| rewritten ÷ passed through | **${ratio.toFixed(2)}** (${low.toFixed(2)} to ${high.toFixed(2)}) | ${target.toFixed(2)}${judge(ratio >= target)} |`,
    `| megabytes a second | ${shown(rate)} | |`,
    `| heap that a page without an end grows by, after ${megabytes} MB | ${shown(grown.high / 1_000)} kB at most | no more than the first part's${judge(grown.high < heap)} |`,
  ];
  /** @type {import("../lib/suite.ts").Figure[]} */
  const rows = [
    { suite: "links", design: "parse5", sessions: 0, figure: "share of the tokenizer alone", unit: "", median: ratio, low, high },
    { suite: "links", design: "parse5", sessions: 0, figure: "heap grown", unit: "bytes", ...grown },
  ];
  return { rows, section: `${lines.join("\n")}\n`, complete: !quick && processes >= fewestProcesses };
}
