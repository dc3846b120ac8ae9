/**
 * @typedef {object} Profile as V8 gives it.
 * @property {readonly { id: number, callFrame: { functionName: string, url: string, lineNumber: number } }[]} nodes
 * @property {readonly number[]} [samples]
 * @property {readonly number[]} [timeDeltas]
 */

const shown = 45;

/**
 * The functions and the parts of the program in which the time was spent, callees not counted.
 * @param {Profile} profile
 * @param {number} cpu µs of CPU that a request took, to tell shares in µs.
 */
export function hotSpots({ nodes, samples = [], timeDeltas = [] }, cpu) {
  const times = new Map(nodes.map(({ id }) => [id, 0]));
  for (const [index, id] of samples.entries()) times.set(id, (times.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  /** @type {Map<string, number>} */
  const functions = new Map();
  /** @type {Map<string, number>} */
  const parts = new Map();
  let busy = 0;
  for (const { id, callFrame } of nodes) {
    const time = times.get(id) ?? 0;
    if (callFrame.functionName === "(idle)") continue;
    busy += time;
    const part = partOf(callFrame);
    const place = callFrame.url === "" ? "" : ` ${shortened(callFrame.url)}:${callFrame.lineNumber + 1}`;
    add(functions, `${callFrame.functionName || "(anonymous)"}${place}`, time);
    add(parts, part, time);
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [`Busy ${((100 * busy) / total).toFixed(0)} % of the time. Of that, in itself:`, ...lines(parts, busy, cpu), "", ...lines(functions, busy, cpu)].join(
    "\n",
  );
}

/**
 * @param {Map<string, number>} sums
 * @param {string} key
 * @param {number} time
 */
function add(sums, key, time) {
  sums.set(key, (sums.get(key) ?? 0) + time);
}

/**
 * @param {Map<string, number>} sums
 * @param {number} busy
 * @param {number} cpu
 */
function lines(sums, busy, cpu) {
  return [...sums]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, shown)
    .filter(([, time]) => time > 0)
    .map(([name, time]) => `${((100 * time) / busy).toFixed(1).padStart(6)} %  ${((cpu * time) / busy).toFixed(2).padStart(6)} µs  ${name}`);
}

/** @param {{ functionName: string, url: string }} frame */
function partOf({ functionName, url }) {
  if (url === "") return functionName.startsWith("(") ? functionName : "(built in)";
  const ours = /sojourn\/dist\/(?<layer>core|http|sealed|stores\/\w+)/.exec(url)?.groups?.["layer"];
  if (ours !== undefined) return `sojourn ${ours}`;
  const foreign = /node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)/.exec(url)?.groups?.["name"];
  if (foreign !== undefined) return foreign;
  return url.startsWith("node:") ? "node" : "the application";
}

/** @param {string} url */
function shortened(url) {
  return url.replace(/^.*\/(?:node_modules|packages|suites)\//, "");
}
