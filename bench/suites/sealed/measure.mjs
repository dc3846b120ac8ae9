// Rounds of one process: `node measure.mjs <rounds> <slot, ms> [<profile>]`, started by ../sealed.mjs. Sends what it found; with the name of a file only ours is
// run, and a profile of it goes there.
import { interleavedRound } from "../../lib/interleave.mjs";
import { profiled } from "../../lib/profiled.mjs";
import { makeContenders } from "./contenders.mjs";
import { atOnce, waiting } from "./work.mjs";

/**
 * What is measured, and its rounds.
 * @typedef {import("./names.mjs").Name} Name
 * @typedef {import("./work.mjs").Part} Part
 * @typedef {{ name: Name, part: Part }} Cell
 * @typedef {Cell & { shares: number[], times: number[], cpus: number[] }} Rounds shares of the rate of raw AES-256-GCM; µs each, and of CPU; of what is sealed alone that is not known.
 * @typedef {{ cells: Rounds[], lengths: Record<Name, number> }} Found
 */

/** Those that give promises work on threads of their own, which one at a time leaves idle: they are measured with so many under way as well. */
const together = 16;

const [, , asked = "", slotLength = "", profile] = process.argv;
const milliseconds = Number(slotLength);
const contenders = await makeContenders();
/** @type {readonly Cell[]} */
const cells = [
  .../** @type {const} */ (["raw", "sojourn", "iron", "jose"]).flatMap((name) =>
    /** @type {const} */ (["both", "open", "seal"]).map((part) => ({ name, part })),
  ),
  .../** @type {const} */ (["pooled", "ironMany", "joseMany"]).map((name) => ({ name, part: /** @type {const} */ ("both") })),
];

/**
 * @param {Cell} cell
 * @param {number} least ms.
 */
async function slot({ name, part }, least) {
  const contender = contenders[name];
  const waits = contender.open(contender.first) instanceof Promise;
  const work = waits ? waiting[part] : atOnce[part];
  const cpu = process.cpuUsage();
  const { count, taken } = await work(contender, least, name.endsWith("Many") ? together : 1);
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (1_000 * count) / taken, cpu: (user + system) / count };
}

process.send?.({ found: profile === undefined ? await measured(Number(asked)) : await profileOfOurs(profile) });

/** @param {number} rounds */
async function measured(rounds) {
  for (const cell of cells) await slot(cell, 4 * milliseconds);
  /** @type {Found} */
  const found = {
    cells: cells.map((cell) => ({ ...cell, shares: [], times: [], cpus: [] })),
    lengths: /** @type {Record<Name, number>} */ (Object.fromEntries(Object.entries(contenders).map(([name, { first }]) => [name, first.length]))),
  };
  for (let round = 1; round <= rounds; round++) {
    /** @type {Map<Cell, number>} */
    const cpus = new Map();
    const given = await interleavedRound({
      cells,
      bare: () => slot({ name: "raw", part: "both" }, milliseconds),
      async measure(cell) {
        const each = await slot(cell, milliseconds);
        cpus.set(cell, each.cpu);
        return each;
      },
    });
    for (const [i, cell] of cells.entries()) {
      const { share = NaN, rate = NaN } = given.get(cell) ?? {};
      found.cells[i]?.shares.push(share);
      found.cells[i]?.times.push(1e6 / rate);
      // What is sealed alone was opened before, which is not in its time but in this.
      if (cell.part !== "seal") found.cells[i]?.cpus.push(cpus.get(cell) ?? NaN);
    }
  }
  return found;
}

/** @param {string} file @returns µs of CPU that one took. */
async function profileOfOurs(file) {
  const cell = /** @type {const} */ ({ name: "sojourn", part: "both" });
  await slot(cell, milliseconds);
  return profiled(file)(async () => (await slot(cell, milliseconds)).cpu);
}
