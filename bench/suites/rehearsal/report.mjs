import { shown, summary } from "../../lib/figures.mjs";

/**
 * @typedef {import("../../lib/suite.ts").Figure} Figure
 * @typedef {import("./redis.mjs").Rehearsed} Rehearsed
 * @typedef {Awaited<ReturnType<typeof import("./engines.mjs").lives>>} AllLives
 *
 * One part of the section, and its rows.
 * @typedef {{ rows: readonly Figure[], lines: readonly string[] }} Told
 */

const smokeTest = " A smoke test: the figures mean nothing.";
const design = "Redis, node-redis";

/**
 * @param {Rehearsed} found
 * @param {import("./redis.mjs").Plan} plan
 * @param {import("./manager.mjs").Layout} layout
 * @param {boolean} judged
 * @returns {Told}
 */
export function tellRedis(found, plan, { shards, buckets }, judged) {
  const { filled, written, ended, erased, parts, look, restart } = found;
  const { sessions, visits: rate, pace, burst } = plan;
  /** @type {readonly (readonly [what: string, unit: string, value: number])[]} */
  const figures = [
    ["taken", "bytes a session", filled.bytes],
    ["resident", "bytes a session", filled.resident],
    ["filled", "sessions a second", filled.rate],
    ["engine, a session begun", "µs of CPU", filled.engine],
    ["client, a session begun", "µs of CPU", filled.client],
    ["most resident while filling", "bytes", filled.most],
    ["look for due, none", "ms", look],
    ["fork", "ms", written.fork],
    ["written to disk", "s", written.seconds],
    ["on disk", "bytes a session", written.bytes / sessions],
    ["most resident while writing to disk", "bytes", written.peak],
    ["engine, a session ended by the sweep", "µs of CPU", ended.each],
    ["engine, a session erased by the sweep", "µs of CPU", erased.each],
    ["erased by the sweep", "sessions a second", burst / erased.seconds],
    ["read from disk after a kill", "s", restart],
    ...parts.flatMap(({ name, acted: { visits, sweep } }) => [
      ...(visits === undefined
        ? []
        : [
            /** @type {const} */ ([`p50, ${name}`, "ms", visits.visit[0]]),
            /** @type {const} */ ([`p99, ${name}`, "ms", visits.visit[1]]),
          ]),
      ...(sweep === undefined || sweep.ended === 0 ? [] : [/** @type {const} */ ([`ended, ${name}`, "sessions a second", sweep.ended / sweep.seconds])]),
    ]),
  ];
  return {
    rows: figures.map(([what, unit, value]) => figure(design, sessions, what, unit, value)),
    lines: [
      `${sessions.toLocaleString("en-US")} sessions in one Redis, of ten small fields, each of a subject of its own: ${shards} shards${buckets === undefined ? "" : ` of ${buckets} buckets`}. Begun through the store, of them ${plan.remembered.toLocaleString("en-US")} by a manager, which are visited.${judged ? "" : smokeTest}`,
      "",
      `- Memory: **${shown(filled.bytes, 0)} bytes a session** (\`used_memory\`), ${shown(filled.resident, 0)} resident; ${gigabytes(filled.most)} GB at the most.`,
      `- Filled in ${shown(filled.seconds)} s, ${shown(filled.rate)} a second: ${shown(filled.engine)} µs of the engine's CPU and ${shown(filled.client)} µs of its clients' for each.`,
      `- All of it written to the disk (append-only file): ${shown(written.seconds)} s, ${gigabytes(written.bytes)} GB; fork ${shown(written.fork)} ms, ${shown(written.copied / 1e6)} MB copied meanwhile, ${gigabytes(written.peak)} GB resident at the most.`,
      `- Killed with SIGKILL, and back: ${shown(restart)} s until all was read.`,
      `- A look for what is due, when nothing is: ${shown(look)} ms.`,
      `- Swept, ${burst.toLocaleString("en-US")} at once: ended ${shown(rateOf(parts, "all due at once"))} a second, ${shown(ended.each)} µs of the engine's CPU each; erased, when they had been retained long enough, ${shown(burst / erased.seconds)} a second, ${shown(erased.each)} µs each. A session that has ended takes ${shown(filled.bytes - ended.bytes, 0)} bytes until it is erased.`,
      "",
      `Visits (the session is resumed, two fields are set, committed), ${rate} a second, by one process on core 0; a fiftieth of them is followed by a log-in and a log-out. The sweep is a process on the same core, of a lower priority. *Clock running*: ${pace.toLocaleString("en-US")} come due a second, and as many are erased.`,
      "",
      "| | visits (refused) | ms p50 / p99 / most | log-in, ms p50 / p99 | log-out, ms p50 / p99 | ended a second | after their moment, ms p50 / p99 / most | engine, share of a core |",
      "|---|---|---|---|---|---|---|---|",
      ...parts.map(
        ({ name, core, acted: { visits, sweep } }) =>
          `| ${name} | ${visits === undefined ? "" : `${visits.done.toLocaleString("en-US")} (${visits.refused})`} | ${visits === undefined ? "" : three(visits.visit)} | ${visits === undefined ? "" : two(visits.logIn)} | ${visits === undefined ? "" : two(visits.logOut)} | ${sweep === undefined || sweep.ended === 0 ? "" : shown(sweep.ended / sweep.seconds)} | ${sweep?.lag === undefined ? "" : three(sweep.lag)} | ${core.toFixed(2)} |`,
      ),
    ],
  };
}

/** @param {AllLives} found @param {number} sessions @param {boolean} judged @returns {Told} */
export function tellLives(found, sessions, judged) {
  const events = [...new Set(found.flatMap(({ lives: { asked } }) => asked.map(({ event }) => event)))];
  const rates = [...new Set(found.flatMap(({ lives }) => Object.keys(lives.rates)))];
  return {
    rows: found.flatMap(({ name, lives }) => [
      ...lives.asked.map(({ event, each }) => figure(name, 64, `asked: ${event}`, "commands", each)),
      ...Object.entries(lives.rates).map(([what, rate]) => figure(name, sessions, what, "a second", rate)),
      ...(lives.bytes === undefined ? [] : [figure(name, 10 * sessions, "taken", "bytes a session", lives.bytes)]),
      ...(lives.near === undefined ? [] : [figure(name, 10 * sessions, "taken in a near cache", "bytes a session", lives.near)]),
    ]),
    lines: [
      `What is asked of the engine, by all that belongs to it, for one session of one subject; of 64 at once. A session is ended and erased by the sweep in pages of up to 256.${judged ? "" : smokeTest}`,
      "",
      `| commands | ${events.join(" | ")} |`,
      `|---|${events.map(() => "---|").join("")}`,
      ...found
        .filter(({ lives: { asked } }) => asked.length > 0)
        .map(
          ({ name, lives: { asked } }) => `| ${name} | ${events.map((event) => shown(asked.find((one) => one.event === event)?.each ?? NaN)).join(" | ")} |`,
        ),
      "",
      `| a second, of ${sessions.toLocaleString("en-US")} | ${rates.join(" | ")} | bytes a session | in a near cache |`,
      `|---|${rates.map(() => "---|").join("")}---|---|`,
      ...found.map(
        ({ name, lives: { rates: each, bytes, near } }) =>
          `| ${name} | ${rates.map((what) => shown(each[what] ?? NaN, 0)).join(" | ")} | ${bytes === undefined ? "" : shown(bytes, 0)} | ${near === undefined ? "" : shown(near, 0)} |`,
      ),
    ],
  };
}

/** @param {string} name @param {number} sessions @param {string} what @param {string} unit @param {number} value @returns {Figure} */
function figure(name, sessions, what, unit, value) {
  return { suite: "rehearsal", design: name, sessions, figure: what, unit, ...summary([value]) };
}

/** @param {Rehearsed["parts"]} parts @param {string} wanted */
function rateOf(parts, wanted) {
  const sweep = parts.find(({ name }) => name === wanted)?.acted.sweep;
  return sweep === undefined ? NaN : sweep.ended / sweep.seconds;
}

/** @param {number} bytes */
const gigabytes = (bytes) => shown(bytes / 1e9);
/** @param {readonly number[]} values */
const three = (values) => values.map((value) => shown(value)).join(" / ");
/** @param {readonly number[]} values */
const two = ([p50 = NaN, p99 = NaN]) => `${shown(p50)} / ${shown(p99)}`;
