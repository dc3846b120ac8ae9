// Reads of NATS' replica beside lookups in a Map: `node replica.mjs <url> <bucket> <sessions> <rounds> <slot, ms>`, started by measure.mjs. Sends what it found.
import { nextTurn } from "../../lib/pauses.mjs";
import { natsMember } from "./clients.mjs";
import { copyOf, fill, modelIn } from "./model.mjs";
import { ownCore, pin } from "./pin.mjs";
import { roundsOf } from "./rounds.mjs";

/** @typedef {(id: import("sojourn").SessionId) => unknown} Lookup */

const [, , url = "", bucket = "", ...numbers] = process.argv;
const [sessions = 0, rounds = 0, milliseconds = 0] = numbers.map(Number);
pin(process.pid, ownCore);
/** Lookups between two looks at the clock. */
const batch = 1_000;

const { store, close } = await natsMember(url, { bucket, reads: "replica", storage: "memory" });
const model = await modelIn(store);
const ids = await fill(store, sessions, (client) => copyOf(model, client));
/** @type {Map<string, unknown>} */
const map = new Map();
for (const id of ids) map.set(id, await store.load(id));
const length = ids[0]?.length ?? 0;
// An id comes out of a request: it is a piece of a longer text, and nobody has hashed it yet.
const text = Array.from({ length: batch * 16 }, () => ids[Math.floor(Math.random() * ids.length)]).join("");

/** @param {number} n */
function idOf(n) {
  const start = (n % (batch * 16)) * length;
  return /** @type {import("sojourn").SessionId} */ (text.slice(start, start + length));
}

/** Many in one turn of the program, as a page that shows several sessions. @param {Lookup} lookup */
function atOnce(lookup) {
  return slot(async (from) => {
    let missed = 0;
    for (let n = from; n < from + batch; n++) if (typeof lookup(idOf(n)) !== "object") missed++;
    return missed;
  });
}

/** Each awaited, as a request does. @param {Lookup} lookup */
function awaited(lookup) {
  return slot(async (from) => {
    let missed = 0;
    for (let n = from; n < from + batch; n++) if (typeof (await lookup(idOf(n))) !== "object") missed++;
    return missed;
  });
}

/** @param {(from: number) => Promise<number>} some gives how many were not there. @returns {Promise<import("../../lib/interleave.mjs").Slot>} */
async function slot(some) {
  let count = 0;
  let taken = 0;
  const cpu = process.cpuUsage();
  while (taken < milliseconds) {
    const began = performance.now();
    const missed = await some(count);
    taken += performance.now() - began;
    if (missed > 0) throw new Error(`${missed} sessions were not in the replica.`);
    count += batch;
    await nextTurn();
  }
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (1_000 * count) / taken, cpu: (user + system) / count };
}

const ours = (/** @type {import("sojourn").SessionId} */ id) => store.load(id);
const plain = (/** @type {import("sojourn").SessionId} */ id) => map.get(id);
for (let n = 0; n < 5; n++) for (const how of [atOnce, awaited]) for (const lookup of [ours, plain]) await how(lookup);
// A promise is not what is asked for: the answer is here.
if (store.load(idOf(0)) instanceof Promise) throw new Error("The replica answers with promises: it is not up to date.");
process.send?.({
  found: {
    "many in one turn": await roundsOf({ replica: () => atOnce(ours) }, () => atOnce(plain), rounds),
    "each awaited": await roundsOf({ replica: () => awaited(ours) }, () => awaited(plain), rounds),
  },
});
await close();
process.disconnect?.();
