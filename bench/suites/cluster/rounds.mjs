import { interleavedRound } from "../../lib/interleave.mjs";

/**
 * What rounds of slots gave: of each cell the shares of the rate of what it is compared with, µs each and µs of CPU, one of each round.
 * @typedef {{ shares: number[], times: number[], cpus: number[] }} Rounds
 * @typedef {Record<string, Rounds>} Cells the cell `control` is what all are compared with, once more.
 */

export const control = "control";

/**
 * @param {Readonly<Record<string, () => Promise<import("../../lib/interleave.mjs").Slot>>>} cells
 * @param {() => Promise<import("../../lib/interleave.mjs").Slot>} base
 * @param {number} rounds
 * @returns {Promise<Cells>}
 */
export async function roundsOf(cells, base, rounds) {
  const all = { ...cells, [control]: base };
  /** @type {Cells} */
  const found = Object.fromEntries(Object.keys(all).map((name) => [name, { shares: [], times: [], cpus: [] }]));
  for (let round = 0; round < rounds; round++) {
    /** @type {Map<string, number>} */
    const cpus = new Map();
    const given = await interleavedRound({
      cells: Object.entries(all),
      bare: base,
      async measure([name, slot]) {
        const each = await slot();
        cpus.set(name, each.cpu);
        return each;
      },
    });
    for (const [[name], { share, rate }] of given) {
      found[name]?.shares.push(share);
      found[name]?.times.push(1e6 / rate);
      found[name]?.cpus.push(cpus.get(name) ?? NaN);
    }
  }
  return found;
}
