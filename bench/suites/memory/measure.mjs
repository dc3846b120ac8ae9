// One design in a process of its own: `node --expose-gc measure.mjs <design> <sessions> <due>`, started by children.mjs. Sends progress and then the figures.
import { median, quantile } from "../../lib/statistics.mjs";
import { nextTurn, pauses } from "../../lib/pauses.mjs";
import { tokenShelf } from "../../lib/token-shelf.mjs";
import { userOf } from "../../lib/payload.mjs";
import { designs } from "./designs.mjs";

/**
 * What one process found.
 * @typedef {object} Found
 * @property {number} heap bytes a session, in the JavaScript heap and beside it, after a full collection.
 * @property {number} resident bytes a session by which the process grew.
 * @property {number} collection ms that a full garbage collection takes.
 * @property {number} rate sessions made in a second.
 * @property {number} pause ms of the longest time that anything else had to wait while they were made.
 * @property {number} pauseOfCollector ms of the longest pause of the garbage collector then.
 * @property {readonly [number, number]} hot µs to resume one of 1,000 sessions, p50 and p99.
 * @property {readonly [number, number]} cold of all sessions.
 * @property {number} [expiry] ms until those that were due had ended.
 * @property {number} [expiryPause] ms of the longest time that anything else had to wait meanwhile.
 */

/** Sessions made in a turn of the event loop, as if so many requests had come together. */
const together = 16;
const remembered = 100_000;
const resumes = 50_000;

const [name, ...numbers] = process.argv.slice(2);
const [count = 0, due = 0] = numbers.map(Number);
const collect = /** @type {() => void} */ (globalThis.gc);

/** @param {string} said */
const say = (said) => process.send?.({ said });

const design = designs.find((known) => known.name === name);
if (design === undefined) throw new Error(`There is no design ${name}.`);
await warmUp();
/** One session in so many is remembered, to be resumed. */
const every = Math.ceil(count / remembered);
const tokens = tokenShelf(Math.ceil(count / every));
const kept = await design.open({ room: count + due });
const before = memory();
const filled = await fill();
const after = memory();

const collection = median(Array.from({ length: 7 }, timedCollection));
const cold = await resumed(() => Math.floor(Math.random() * tokens.size));
const hot = await resumed(() => Math.floor(Math.random() * Math.min(1_000, tokens.size)));
const expired = await expire();
/** @type {Found} */
const found = {
  heap: (after.heap - before.heap) / count,
  resident: (after.resident - before.resident) / count,
  collection,
  ...filled,
  cold,
  hot,
  ...expired,
};
process.send?.({ found });
process.disconnect?.();

/** A few sessions first, so that code and shared objects are not counted as theirs. */
async function warmUp() {
  const some = await /** @type {import("./designs.mjs").Design} */ (design).open({ room: 1_000 });
  for (let client = 0; client < 1_000; client++) await some.resume(await some.create(client));
}

async function fill() {
  const watch = pauses();
  const began = performance.now();
  for (let client = 0; client < count;) {
    for (const end = Math.min(count, client + together); client < end; client++) {
      const token = await kept.create(client);
      if (client % every === 0) tokens.add(token);
    }
    if (client % 100_000 < together) say(`${client.toLocaleString("en-US")} sessions`);
    await nextTurn();
  }
  const rate = count / ((performance.now() - began) / 1_000);
  const { longest, collection: pauseOfCollector } = await watch.stop();
  return { rate, pause: longest, pauseOfCollector };
}

function memory() {
  collect();
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, heap: heapUsed + external };
}

function timedCollection() {
  const began = performance.now();
  collect();
  return performance.now() - began;
}

/**
 * µs that a resume takes, p50 and p99. Every answer is looked at.
 * @param {() => number} choose
 * @returns {Promise<readonly [number, number]>}
 */
async function resumed(choose) {
  const times = new Float64Array(resumes);
  for (let i = 0; i < resumes; i++) {
    const chosen = choose();
    const token = tokens.at(chosen);
    const began = performance.now();
    const user = await kept.resume(token);
    times[i] = (performance.now() - began) * 1_000;
    if (user !== userOf(chosen * every)) throw new Error(`${name} resumed ${String(user)} in place of session ${chosen}.`);
    if (i % together === 0) await nextTurn();
  }
  const all = [...times];
  return [quantile(all, 0.5), quantile(all, 0.99)];
}

async function expire() {
  if (kept.createShort === undefined || kept.expire === undefined) return {};
  for (let client = 0; client < due; client++) {
    await kept.createShort(client);
    if (client % together === 0) await nextTurn();
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  const watch = pauses();
  const began = performance.now();
  await kept.expire(due);
  const expiry = performance.now() - began;
  const { longest } = await watch.stop();
  return { expiry, expiryPause: longest };
}
