// Fills a part of the sessions: `node fill.mjs <settings as JSON>`, started by redis.mjs. Sends its progress, and what it took.
import { writeFileSync } from "node:fs";
import { managerOn } from "./manager.mjs";
import { copyOf, fieldsOf, isRemembered, lifeOf, subjectOf } from "./population.mjs";

/**
 * @typedef {object} Filling
 * @property {string} url
 * @property {import("./manager.mjs").Layout} layout
 * @property {import("./population.mjs").Population} population
 * @property {number} together commits on their way at a time.
 * @property {readonly [part: number, parts: number]} share every so many sessions, from which on.
 * @property {string} tokens the file for them.
 */

const filling = /** @type {Filling} */ (JSON.parse(process.argv[2] ?? ""));
const { url, layout, population, together, share, tokens: file } = filling;
const { sessions: count } = population;
const [part, parts] = share;
let now = population.epoch;
const { store, sessions, close } = await managerOn(url, layout, () => now, "1m");
/** @type {string[]} */
const tokens = [];
const began = performance.now();
let told = began;
let next = part;
// Every part needs one to copy, and the session of the first client of each is none that is remembered.
const model = await begun(next);
next += parts;
await Promise.all(Array.from({ length: together }, maker));
writeFileSync(file, tokens.join("\n"));
const seconds = (performance.now() - began) / 1_000;
const { user, system } = process.cpuUsage();
await close();
process.send?.({ found: { seconds, cpu: (user + system) / 1e6 } });
process.disconnect?.();

async function maker() {
  for (let client = next; client < count; client = next) {
    next += parts;
    if (isRemembered(population, client)) await begun(client);
    else {
      const outcome = await store.commit(copyOf(model, client, lifeOf(population, client)));
      if (!outcome.ok) throw new Error(`Session ${client} was refused: ${JSON.stringify(outcome)}.`);
    }
    tell();
  }
}

/** One that the manager begins. @param {number} client */
async function begun(client) {
  now = lifeOf(population, client).created;
  const session = await sessions.create({ subject: subjectOf(client), methods: ["pwd"], data: fieldsOf(client) });
  if (isRemembered(population, client)) tokens.push(session.token ?? "");
  const record = await store.load(/** @type {import("sojourn").SessionId} */ (session.id));
  if (record === undefined) throw new Error("A session that was begun is not in the store.");
  return record;
}

function tell() {
  const at = performance.now();
  if (part > 0 || at - told < 10_000) return;
  told = at;
  const made = Math.min(count, next);
  const rate = made / ((at - began) / 1_000);
  process.send?.({
    said: `${made.toLocaleString("en-US")} of ${count.toLocaleString("en-US")} sessions, ${Math.round(rate).toLocaleString("en-US")} a second, ${Math.ceil((count - made) / rate)} s left`,
  });
}
