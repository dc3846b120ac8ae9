import { createSessions } from "sojourn";
import { payloadOf } from "../../lib/payload.mjs";
import { quantile } from "../../lib/statistics.mjs";
import { handsetOf, openSurveys } from "./survey.mjs";
import { underWay } from "./under-way.mjs";

/**
 * @typedef {readonly [p50: number, p99: number]} Spread
 *
 * @typedef {object} Load
 * @property {number} handsets each in a dialogue of its own; or sessions.
 * @property {number} together messages, or merges, under way.
 * @property {number} warmUp steps before the measured ones, of as many other handsets.
 * @property {number} steps
 * @property {<T>(work: () => Promise<T>) => Promise<T>} [around] what is measured.
 *
 * @typedef {object} Found
 * @property {number} rate a second.
 * @property {number} cpu µs of CPU, of all threads.
 * @property {Spread} answered ms until the question was handed over.
 * @property {Spread} acknowledged ms until all was written.
 * @property {number} commits
 * @property {number} begun a second.
 */

/**
 * Steps of dialogues.
 * @param {import("sojourn").Store} store
 * @param {Load} load
 * @returns {Promise<Found>}
 */
export async function dialogueSteps(store, { handsets, together, warmUp, steps, around = (work) => work() }) {
  const surveys = await openSurveys(store);
  const began = performance.now();
  /** @type {string[]} */
  const ids = [];
  await underWay(2 * handsets, together, async (index) => void (ids[index] = await surveys.begin(handsetOf(index))));
  const begun = (2 * handsets) / ((performance.now() - began) / 1_000);
  const all = ids.map((_, index) => handsetOf(index));
  await drawn(all.slice(handsets), warmUp, together, (handset) => surveys.step(handset));
  const before = await versions();
  const found = await around(() => drawn(all.slice(0, handsets), steps, together, (handset) => surveys.step(handset)));
  const commits = ((await versions()) - before) / steps;
  await surveys.close();
  return { ...found, commits, begun };

  async function versions() {
    let sum = 0;
    for (const id of ids.slice(0, handsets)) sum += (await surveys.sessions.reach({ id }, { touch: false }))?.version ?? 0;
    return sum;
  }
}

/**
 * What a step cannot do without: a session reached, one field set, one commit.
 * @param {import("sojourn").Store} store
 * @param {Load} load
 * @returns {Promise<Found>}
 */
export async function plainMerges(store, { handsets, together, warmUp, steps, around = (work) => work() }) {
  const sessions = createSessions({ store });
  const began = performance.now();
  /** @type {string[]} */
  const ids = [];
  await underWay(2 * handsets, together, async (index) => void (ids[index] = (await sessions.create({ data: payloadOf(index) })).id ?? ""));
  const begun = (2 * handsets) / ((performance.now() - began) / 1_000);
  let serial = 0;
  const merge = async (/** @type {string} */ id) => {
    const at = performance.now();
    const session = await sessions.reach({ id });
    const views = ++serial;
    session?.set("views", views);
    await session?.commit();
    if (session?.get("views") !== views) throw new Error(`What was set is ${String(session?.get("views"))} and not ${views}.`);
    const took = performance.now() - at;
    return { answered: took, acknowledged: took };
  };
  await drawn(ids.slice(handsets), warmUp, together, merge);
  const found = await around(() => drawn(ids.slice(0, handsets), steps, together, merge));
  await sessions.close();
  return { ...found, commits: 1, begun };
}

/**
 * So many steps, each of one that is drawn from those that are not under way.
 * @param {readonly string[]} from
 * @param {number} steps
 * @param {number} together
 * @param {(one: string) => Promise<{ answered: number, acknowledged: number }>} step
 */
async function drawn(from, steps, together, step) {
  const free = [...from];
  const answered = new Float64Array(steps);
  const acknowledged = new Float64Array(steps);
  const cpu = process.cpuUsage();
  const began = performance.now();
  await underWay(steps, together, async (index) => {
    const at = Math.floor(Math.random() * free.length);
    const one = free[at] ?? "";
    free[at] = free.at(-1) ?? "";
    free.pop();
    const took = await step(one);
    answered[index] = took.answered;
    acknowledged[index] = took.acknowledged;
    free.push(one);
  });
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { rate: steps / seconds, cpu: (user + system) / steps, answered: spread(answered), acknowledged: spread(acknowledged) };
}

/** @param {Float64Array | readonly number[]} values @returns {Spread} */
export function spread(values) {
  const all = [...values];
  return [quantile(all, 0.5), quantile(all, 0.99)];
}
