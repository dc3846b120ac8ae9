// An application's process: `node act.mjs <settings as JSON>`, started by redis.mjs. It visits, sweeps, or does both, and sends what it saw.
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { SojournError } from "sojourn";
import { quantile } from "../../lib/statistics.mjs";
import { ownCore, pin } from "../cluster/pin.mjs";
import { managerOn } from "./manager.mjs";
import { createdOf, fieldsOf, idle, subjectOf } from "./population.mjs";

/**
 * @typedef {object} Acting
 * @property {string} url
 * @property {import("./manager.mjs").Layout} layout
 * @property {number} at epoch ms: what the clock says at the beginning.
 * @property {boolean} runs whether the clock does; else it stands still.
 * @property {{ tokens: readonly string[], rate: number, warmUp: number, seconds: number }} [visits] files of tokens; visits a second.
 * @property {{ ends?: number, clears?: boolean, seconds?: number }} [sweep] until so many have ended, until nothing is due, or for so long.
 * @property {number} [looks] how often to look for what is due, before anything else.
 *
 * @typedef {readonly [p50: number, p99: number, most: number]} Spread of ms.
 * @typedef {object} Acted
 * @property {{ done: number, over: number, refused: number, visit: Spread, logIn: Spread, logOut: Spread }} [visits] `over`: had been ended by the sweep. `refused`: the store did not answer in time.
 * @property {{ ended: number, seconds: number, lag: Spread | undefined }} [sweep]
 * @property {number} [look] ms.
 * @property {number} cpu s of this process.
 */

/** Of so many visits, one is followed by a log-in and a log-out. */
const visitsOfLogIn = 50;
const settleTime = 3_000;

const { url, layout, at, runs, visits, sweep, looks } = /** @type {Acting} */ (JSON.parse(process.argv[2] ?? ""));
pin(process.pid, ownCore);
// Those who visit come first: the core is that of two processes here.
if (visits === undefined) setPriority(10);
let base = at - Date.now();
const now = () => (runs ? base + Date.now() : at);
const { store, sessions, close } = await managerOn(url, layout, now);

/** @type {Acted} */
const found = { cpu: 0 };
if (looks !== undefined) found.look = await looked(looks);
// How long a process took to start is not to be seen in what is due.
base = at - Date.now();
const sweeping = sweep === undefined ? undefined : swept(sweep);
if (visits !== undefined) found.visits = await visited(visits);
if (sweeping !== undefined) found.sweep = await sweeping;
const { user, system } = process.cpuUsage();
found.cpu = (user + system) / 1e6;
await close();
process.send?.({ found });
process.disconnect?.();

/** @param {number} times */
async function looked(times) {
  /** @type {number[]} */
  const took = [];
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    const { records } = await store.find({ wakeBefore: now() }, { limit: 256 });
    if (records.length > 0) throw new Error("Something is due that should not be.");
    took.push(performance.now() - began);
    await sleep(20);
  }
  return quantile(took, 0.5);
}

/** @param {NonNullable<Acting["sweep"]>} setting */
async function swept({ ends = Infinity, clears = false, seconds }) {
  /** @type {number[]} */
  const lags = [];
  let ended = 0;
  /** @type {() => void} */
  let done = () => {};
  const all = new Promise((resolve) => (done = () => resolve(undefined)));
  const began = performance.now();
  let last = began;
  sessions.on("ended", ({ id, at: moment, reason }) => {
    if (reason !== "idle") return;
    last = performance.now();
    // What was due before this process began is not its delay.
    if (runs && last - began > settleTime) lags.push(moment - createdOf(id) - idle);
    if (++ended === ends) done();
  });
  await sessions.run();
  if (seconds !== undefined) await sleep(1_000 * seconds);
  else if (clears) {
    while ((await store.find({ wakeBefore: now() }, { limit: 1 })).records.length > 0) await sleep(250);
    last = performance.now();
  } else await all;
  return { ended, seconds: (last - began) / 1_000, lag: lags.length === 0 ? undefined : spread(lags) };
}

/** At a fixed rate, whatever the answers take: a visit is late from the moment at which it should have begun. @param {NonNullable<Acting["visits"]>} setting */
async function visited({ tokens: files, rate, warmUp, seconds }) {
  const tokens = files.flatMap((file) => readFileSync(file, "utf8").split("\n").filter(Boolean));
  /** @type {{ visit: number[], logIn: number[], logOut: number[] }} */
  const took = { visit: [], logIn: [], logOut: [] };
  let over = 0;
  let refused = 0;
  let newcomers = 0;
  /** @type {Set<Promise<void>>} */
  const underWay = new Set();
  const began = performance.now();
  const all = Math.floor(rate * (warmUp + seconds));
  for (let n = 0; n < all;) {
    for (const due = Math.min(all, Math.floor(((performance.now() - began) * rate) / 1_000)); n < due; n++) begin(n);
    await sleep(1);
  }
  await Promise.all(underWay);
  if (took.visit.length === 0) throw new Error("Nobody was visited.");
  return { done: took.visit.length, over, refused, visit: spread(took.visit), logIn: spread(took.logIn), logOut: spread(took.logOut) };

  /** @param {number} n */
  function begin(n) {
    const should = began + (1_000 * n) / rate;
    const one = visit(n, should, n < rate * warmUp).catch((/** @type {unknown} */ error) => {
      // A machine that is too busy is what a rehearsal is to find out.
      if (!(error instanceof SojournError) || !["store_unavailable", "outcome_unknown"].includes(error.code)) throw error;
      refused++;
    });
    underWay.add(one);
    void one.then(() => underWay.delete(one));
  }

  /** @param {number} n @param {number} should @param {boolean} warming */
  async function visit(n, should, warming) {
    const session = await sessions.resume(tokens[Math.floor(Math.random() * tokens.length)] ?? "");
    if (session === undefined) over++;
    else {
      session.set("visits", (session.get("visits") ?? 0) + 1);
      session.set("step", n % 10);
      await session.commit();
      if (!warming) took.visit.push(performance.now() - should);
    }
    if (n % visitsOfLogIn !== 0) return;
    const before = performance.now();
    const client = 1e9 + newcomers++;
    const made = await sessions.create({ subject: subjectOf(client), methods: ["pwd"], data: fieldsOf(client) });
    const between = performance.now();
    await made.end();
    if (warming) return;
    took.logIn.push(between - before);
    took.logOut.push(performance.now() - between);
  }
}

/** @param {readonly number[]} values @returns {Spread} */
function spread(values) {
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  return [quantile(values, 0.5), quantile(values, 0.99), most];
}
