// Fills a folder: `node fill.mjs <folder> <sessions>`, started by ../scale.mjs. Sends its progress.
import { closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { payloadOf } from "../../lib/payload.mjs";
import { randomBase32 } from "../../lib/random-names.mjs";
import { bytesOf, openDatabase, remembered, span, writeFacts } from "./database.mjs";

/** Sessions on their way at a time: as many as two transactions take. */
const together = 2_048;
/** Characters of an id that tell the time. The others are random. */
const timeOfId = 10;

const [folder = "", number] = process.argv.slice(2);
const count = Number(number);
const every = Math.ceil(count / remembered);
const from = Date.now() - span;
// Whoever fills for minutes need not survive a power cut, and the disk is asked to keep up once, at the end. Nothing is read again.
const database = openDatabase(folder, from, { lmdb: { noSync: true }, store: { live: 1 } });
const { sessions, store } = database;
/** @type {string[]} */
const tokens = [];
/** @type {import("sojourn").SessionRecord | undefined} */
let model;

const began = performance.now();
let told = began;
let next = 0;
await begin(next++);
await Promise.all(Array.from({ length: Math.min(together, count) }, maker));
await database.close();
const file = openSync(join(folder, "data.mdb"), "r+");
fsyncSync(file);
closeSync(file);
const seconds = (performance.now() - began) / 1_000;
writeFacts(folder, { count, from, to: from + span, seconds, bytes: bytesOf(folder) }, tokens);
process.disconnect?.();

async function maker() {
  while (next < count) {
    const client = next++;
    await (client % every === 0 ? begin(client) : copy(client));
    tell();
  }
}

/**
 * One that will be resumed.
 * @param {number} client
 */
async function begin(client) {
  database.setClock(from + (client / count) * span);
  const session = await sessions.create({ data: payloadOf(client) });
  tokens[client / every] = session.token ?? "";
  model = store.load(/** @type {import("sojourn").SessionId} */ (session.id));
}

/**
 * One of those that nobody comes back to: the record of the last that was begun, under an id of its own. The manager's part in a session's beginning is several times the store's.
 * @param {number} client
 */
async function copy(client) {
  if (model === undefined) throw new Error("A session that was begun is not in the store.");
  const id = /** @type {import("sojourn").SessionId} */ (model.id.slice(0, timeOfId) + randomBase32(model.id.length - timeOfId));
  const wake = (model.wake ?? 0) + (client % every);
  const outcome = await store.commit({ id, expect: "absent", kind: model.kind, wake, set: model.fields });
  if (!outcome.ok) throw new Error(`Session ${client} was refused: ${outcome.why}.`);
}

function tell() {
  const now = performance.now();
  if (now - told < 10_000) return;
  told = now;
  const rate = next / ((now - began) / 1_000);
  const left = (count - next) / rate;
  process.send?.({
    said: `${next.toLocaleString("en-US")} of ${count.toLocaleString("en-US")} sessions, ${Math.round(rate).toLocaleString("en-US")} a second, ${Math.ceil(left)} s left`,
  });
}
