// Measures a filled folder in a process of its own: `node measure.mjs <folder> <part> <number>`, started by ../scale.mjs. Sends progress and then the figures.
import { createReadStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pauses, nextTurn } from "../../lib/pauses.mjs";
import { payloadOf, userOf } from "../../lib/payload.mjs";
import { quantile } from "../../lib/statistics.mjs";
import { bytesOf, factsOf, openDatabase, readTokens } from "./database.mjs";

/**
 * @typedef {readonly [p50: number, p99: number]} Spread
 *
 * What each part finds.
 * @typedef {object} Parts
 * @property {Awaited<ReturnType<typeof requests>>} requests
 * @property {Awaited<ReturnType<typeof expiry>>} expiry
 * @property {Awaited<ReturnType<typeof wakes>>} wakes
 * @property {Awaited<ReturnType<typeof compaction>>} compaction
 */

/** Visits in a turn of the event loop. */
const together = 16;
/** Resumes after which V8 has compiled what it will. */
const warmUp = 10_000;
/** Writes that wait at a time. */
const outstanding = 64;

const [folder = "", part = "", amount] = process.argv.slice(2);
const facts = factsOf(folder);
if (facts === undefined) throw new Error(`${folder} was not filled to the end.`);
const { from, to, count } = facts;
const number = Number(amount);
const parts = { requests, expiry, wakes, compaction };
if (!(part in parts)) throw new Error(`There is no part ${part}.`);
const found = await parts[/** @type {keyof typeof parts} */ (part)]();
process.send?.({ found });
process.disconnect?.();

/** Opening, resuming, writing. `number`: how many of each. */
async function requests() {
  await readThrough();
  const tokens = readTokens(folder);
  const every = Math.ceil(count / tokens.size);
  const before = memory();
  const database = openDatabase(folder, to + 60_000);
  const { sessions, opening } = database;
  const order = Uint32Array.from({ length: tokens.size }, (_, index) => index);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  // Half of them bring the code up to speed. The other half is measured: none of those was met before.
  const half = Math.min(number, order.length >> 1);
  await resume((i) => order[i % half] ?? 0, Math.max(half, warmUp));
  const cold = await resume((i) => order[half + i] ?? 0, half);
  const few = Math.min(1_000, tokens.size);
  await resume((i) => order[i % few] ?? 0, few);
  const hot = await resume((i) => order[(i * 7) % few] ?? 0, number);
  const write = await writes();
  const after = memory();
  await database.close();
  return { opening, cold, hot, ...write, private: after.private - before.private, bytes: bytesOf(folder) };

  /** @param {(i: number) => number} choose @param {number} times @returns {Promise<Spread>} µs */
  async function resume(choose, times) {
    const took = new Float64Array(times);
    for (let i = 0; i < times; i++) {
      const chosen = choose(i);
      const token = tokens.at(chosen);
      const began = performance.now();
      const session = await sessions.resume(token);
      const user = session?.get("userId");
      took[i] = (performance.now() - began) * 1_000;
      if (user !== userOf(chosen * every)) throw new Error(`Session ${chosen} was resumed as ${String(user)}.`);
      if (i % together === 0) await nextTurn();
    }
    return spread(took);
  }

  /** Each resumes a session drawn from all and sets one field. */
  async function writes() {
    const took = new Float64Array(number);
    let next = 0;
    const began = performance.now();
    await Promise.all(
      Array.from({ length: outstanding }, async () => {
        while (next < number) {
          const i = next++;
          const token = tokens.at(Math.floor(Math.random() * tokens.size));
          const start = performance.now();
          const session = await sessions.resume(token);
          session?.set("views", i);
          await session?.commit();
          took[i] = performance.now() - start;
        }
      }),
    );
    return { writeRate: number / ((performance.now() - began) / 1_000), write: spread(took) };
  }
}

/** `number` sessions that are due among all others, spread over all of them; then one sweep. */
async function expiry() {
  await readThrough();
  const database = openDatabase(folder, from);
  const { sessions } = database;
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(number, 2_048) }, async () => {
      while (next < number) {
        const client = next++;
        // Made at all times of the others: in the database they lie among them.
        database.setClock(from + ((client * 7_919) % number) * ((to - from) / number));
        await sessions.create({ data: payloadOf(client), idle: "1m" });
      }
    }),
  );
  await database.root.flushed;
  let ended = 0;
  const all = new Promise((resolve) => {
    sessions.on("ended", () => {
      if (++ended === number) resolve(undefined);
    });
  });
  database.setClock(to + 120_000);
  const watch = pauses();
  const began = performance.now();
  await sessions.run();
  await all;
  const took = performance.now() - began;
  const { longest } = await watch.stop();
  await database.close();
  return { expiry: took, expiryPause: longest };
}

/** For `number` seconds 1,000 sessions a second are begun, and each is over five seconds later: how long after its deadline is that told? */
async function wakes() {
  await readThrough();
  const database = openDatabase(folder, to + 300_000);
  const { sessions } = database;
  const total = number * 1_000;
  /** @type {Map<string, number>} */
  const deadlines = new Map();
  /** @type {number[]} */
  const lags = [];
  /** @type {() => void} */
  let done = () => {};
  const all = new Promise((resolve) => (done = () => resolve(undefined)));
  sessions.on("ended", ({ id }) => {
    const deadline = deadlines.get(id);
    if (deadline === undefined) return;
    deadlines.delete(id);
    lags.push(database.now() - deadline);
    if (lags.length === total) done();
  });
  await sessions.run();
  const began = performance.now();
  for (let made = 0; made < total;) {
    const due = Math.min(total, Math.floor(performance.now() - began));
    /** @type {Promise<void>[]} */
    const making = [];
    for (; made < due; made++) making.push(begin(made));
    await Promise.all(making);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await all;
  await database.close();
  const [p50, p99] = spread(lags);
  return { wakes: /** @type {const} */ ([p50, p99, Math.max(...lags)]) };

  /** @param {number} client */
  async function begin(client) {
    const session = await sessions.create({ data: payloadOf(client), idle: "5s" });
    deadlines.set(session.id ?? "", session.expiresAt ?? 0);
  }
}

/** A compact copy, as a backup makes it. */
async function compaction() {
  const database = openDatabase(folder, to + 600_000);
  const copy = mkdtempSync(join(folder, "copy-"));
  try {
    const watch = pauses();
    const began = performance.now();
    await database.root.backup(copy, true);
    const seconds = (performance.now() - began) / 1_000;
    const { longest } = await watch.stop();
    return { compactionBefore: bytesOf(folder), compactionAfter: bytesOf(copy), compaction: seconds, compactionPause: longest };
  } finally {
    rmSync(copy, { recursive: true });
    await database.close();
  }
}

/** Brings the file into the page cache. */
async function readThrough() {
  const stream = createReadStream(join(folder, "data.mdb"), { highWaterMark: 2 ** 20 });
  for await (const chunk of stream) void chunk;
}

/** Bytes that are this process's own: what it reads of the file is the page cache's. */
function memory() {
  const own = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return { private: Number(own) * 1_024 };
}

/** @param {Float64Array | readonly number[]} values @returns {Spread} */
function spread(values) {
  const all = [...values];
  return [quantile(all, 0.5), quantile(all, 0.99)];
}
