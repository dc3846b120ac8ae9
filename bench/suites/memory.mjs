import { measured } from "../lib/children.mjs";
import { machineFacts, otherWork } from "../lib/machine.mjs";
import { shown, sizeName } from "../lib/figures.mjs";
import { shuffled } from "../lib/interleave.mjs";
import { designs } from "./memory/designs.mjs";
import { rowsOf, sectionOf } from "./memory/report.mjs";

/** What sessions take in the memory of one process, and what they do to it. @type {import("../lib/suite.ts").Suite} */
export const memory = { name: "memory", whole: " of all designs with at least 3 rounds", missing: () => [], run };

const fewestRounds = 3;
/** Seconds that a process takes for each 100,000 sessions; for the estimate only. */
const perHundredThousand = 6;

/** @type {import("../lib/suite.ts").Suite["run"]} */
async function run({ quick, rounds = quick ? 1 : fewestRounds, only, data, say }) {
  const sizes = quick ? [10_000] : [100_000, 1_000_000];
  const chosen = designs.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`--only is ${JSON.stringify(only)}. Give one of ${designs.map(({ name }) => JSON.stringify(name)).join(", ")}.`);
  const due = Math.min(100_000, ...sizes);
  const cells = chosen.flatMap((design) => sizes.map((sessions) => ({ design: design.name, sessions })));
  const seconds = (cells.reduce((sum, { sessions }) => sum + sessions + due, 0) / 100_000) * perHundredThousand * rounds;
  say(`memory: ${cells.length} cells, ${rounds} rounds, each a process of its own: about ${Math.ceil(seconds / 60)} min.`);
  if (otherWork() > 0.5) say(`Other work is running (load ${otherWork().toFixed(1)} during the last minute): times will be long.`);

  /** @type {import("./memory/report.mjs").Cell[]} */
  const found = cells.map((cell) => ({ ...cell, rounds: [] }));
  for (let round = 1; round <= rounds; round++) {
    for (const cell of shuffled(found, Math.random)) {
      const program = new URL("memory/measure.mjs", import.meta.url);
      const quietly = { flags: ["--expose-gc"], say: () => {} };
      const figures = /** @type {import("./memory/measure.mjs").Found} */ (await measured(program, [cell.design, String(cell.sessions), String(due)], quietly));
      cell.rounds.push(figures);
      say(
        `round ${round} of ${rounds}  ${cell.design} ${sizeName(cell.sessions)}: ${shown(figures.heap)} bytes a session, full collection ${shown(figures.collection)} ms, resume ${shown(figures.cold[0])} µs`,
      );
    }
  }
  const facts = machineFacts(["express-session", "lru-cache", "sojourn"], data);
  return {
    rows: rowsOf(found),
    section: sectionOf(found, { rounds, due, judged: !quick }, facts),
    complete: !quick && rounds >= fewestRounds && only === undefined,
  };
}
