/**
 * What one slot of load gave.
 * @typedef {object} Slot
 * @property {number} rate requests per second.
 * @property {number} cpu CPU time of a request, µs.
 *
 * A slot against its neighbours.
 * @typedef {object} Sample
 * @property {number} rate
 * @property {number} share the slot's rate ÷ the mean rate of the bare slots on both sides of it.
 * @property {number} addedCpu µs per request more than in those slots.
 * @property {number} bareRate
 * @property {number} bareCpu
 */

/**
 * One round: every cell once, in random order, each slot between two bare slots. What slows the machine for seconds slows the neighbours too and so
 * falls out of the share; what drifts over minutes cannot prefer one cell.
 * @template Cell
 * @param {object} round
 * @param {readonly Cell[]} round.cells
 * @param {() => Promise<Slot>} round.bare
 * @param {(cell: Cell) => Promise<Slot>} round.measure
 * @param {() => number} [round.random]
 * @returns {Promise<Map<Cell, Sample>>}
 */
export async function interleavedRound({ cells, bare, measure, random = Math.random }) {
  /** @type {Map<Cell, Sample>} */
  const samples = new Map();
  let before = await bare();
  for (const cell of shuffled(cells, random)) {
    const slot = await measure(cell);
    const after = await bare();
    const bareRate = (before.rate + after.rate) / 2;
    const bareCpu = (before.cpu + after.cpu) / 2;
    samples.set(cell, { rate: slot.rate, share: slot.rate / bareRate, addedCpu: slot.cpu - bareCpu, bareRate, bareCpu });
    before = after;
  }
  return samples;
}

/**
 * @template T
 * @param {readonly T[]} values
 * @param {() => number} random
 */
export function shuffled(values, random) {
  const rest = [...values];
  return values.flatMap(() => rest.splice(Math.floor(random() * rest.length), 1));
}
