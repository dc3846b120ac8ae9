import { shown, summary, withinTarget } from "../../lib/figures.mjs";
import { median, ratioOfMedians } from "../../lib/statistics.mjs";
import { comparisons } from "./designs.mjs";
import { control } from "./rounds.mjs";

/**
 * @typedef {import("../../lib/suite.ts").Figure} Figure
 * @typedef {import("./measure.mjs").Compared} Compared
 *
 * One part of the section, and its rows.
 * @typedef {{ rows: readonly Figure[], lines: readonly string[] }} Told
 */

const smokeTest = " A smoke test: the figures mean nothing.";

/**
 * Designs of servers beside each other, of the same rounds.
 * @param {readonly import("../http/report.mjs").Measured[]} measured
 * @param {boolean} judged
 */
export function linesOfServers(measured, judged) {
  return comparisons.flatMap(({ framework, workload, own, than, atLeast }) => {
    const samples = measured.find((part) => part.framework === framework)?.samples;
    if (samples === undefined) return [];
    const sharesOf = (/** @type {string} */ design) => {
      const found = [...samples].find(([cell]) => cell.design === design && cell.workload === workload);
      return (found?.[1] ?? []).map(({ share }) => share);
    };
    const { ratio, low, high } = ratioOfMedians(sharesOf(own), sharesOf(than));
    const must = atLeast === undefined ? "" : `; must reach ${atLeast} ×${judged ? atLeastTarget(ratio, atLeast) : ""}`;
    return [`- ${framework} ${own} ${workload} ÷ ${than} ${workload}: **${ratio.toFixed(2)} ×** (${low.toFixed(2)} to ${high.toFixed(2)})${must}.`];
  });
}

const commitTarget = 0.85;

/** @param {readonly Compared[]} found @param {boolean} judged @param {typeof import("./plans.mjs").whole} plan @returns {Told} */
export function tellCommits(found, judged, { commits: { processes, rounds } }) {
  const cells = found.flatMap((compared) => namesOf(compared).map((cell) => ({ compared, cell, ...ratioOf(compared, cell) })));
  return {
    rows: cells.map(({ compared: { name }, cell, ratio, low, high }) => figure(name, 1_000, `${cell} ÷ bare`, "", { median: ratio, low, high })),
    lines: [
      `One field of one of 1,000 sessions, 64 under way, straight at the store, beside a bare write through the same client: SET of the same bytes to a key as long, or a prepared UPDATE that merges the same field into a row as large. ${processes * rounds} rounds in ${processes === 1 ? "one process" : `${processes} processes`}.${judged ? "" : smokeTest}`,
      "",
      "| client | | rate ÷ bare | 95 % interval | must reach | µs each | µs of CPU each |",
      "|---|---|---|---|---|---|---|",
      ...cells.map(({ compared, cell, ratio, low, high }) => {
        const target = cell === "commit" ? `${commitTarget}${judged ? atLeastTarget(ratio, commitTarget) : ""}` : "";
        return `| ${compared.name} | ${cell} | **${ratio.toFixed(2)}** | ${low.toFixed(2)} to ${high.toFixed(2)} | ${target} | ${shown(median(valuesOf(compared, cell, "times")))} | ${shown(median(valuesOf(compared, cell, "cpus")))} |`;
      }),
      "",
      ...found.map(controlLine),
    ],
  };
}

const replicaTarget = 3;

/** @param {readonly Compared[]} found @param {boolean} judged @param {typeof import("./plans.mjs").whole} plan @returns {Told} */
export function tellReplica(found, judged, { replica: { processes, rounds, sessions } }) {
  const each = found.map((compared) => {
    // Times: the inverse of the rates.
    const { ratio, low, high } = ratioOfMedians(valuesOf(compared, control, "shares"), valuesOf(compared, "replica", "shares"));
    return { compared, ratio, low, high };
  });
  return {
    rows: each.map(({ compared: { name }, ratio, low, high }) =>
      figure("NATS, reads replica", sessions, `load ÷ Map, ${name}`, "", { median: ratio, low, high }),
    ),
    lines: [
      `A read of NATS' replica beside \`get\` of a Map of the same ${sessions.toLocaleString("en-US")} records, by an id that was just cut out of a longer text. ${processes * rounds} rounds in ${processes === 1 ? "one process" : `${processes} processes`}.${judged ? "" : smokeTest}`,
      "",
      "| | times as long | 95 % interval | must stay within | replica, µs | Map, µs |",
      "|---|---|---|---|---|---|",
      ...each.map(
        ({ compared, ratio, low, high }) =>
          `| ${compared.name} | **${ratio.toFixed(2)}** | ${low.toFixed(2)} to ${high.toFixed(2)} | ${replicaTarget}${judged ? withinTarget(ratio, replicaTarget) : ""} | ${median(valuesOf(compared, "replica", "times")).toFixed(3)} | ${median(valuesOf(compared, control, "times")).toFixed(3)} |`,
      ),
      "",
      ...found.map(controlLine),
    ],
  };
}

const notSeen = "R, not seen for a second";
const clients = 64;
/** Of requests, what an engine may be asked at most. A write without a near cache has read its session before: that is one more. @type {Readonly<Record<string, Readonly<Record<string, number>>>>} */
const mostAsked = {
  "Redis, node-redis": { N: 0, R: 1, W: 2, [notSeen]: 1 },
  "Redis, ioredis": { N: 0, R: 1, W: 2, [notSeen]: 1 },
  "Redis, near cache": { N: 0, R: 0, "R, changed elsewhere": 1, W: 1, [notSeen]: 0 },
};

/** They do not depend on the machine, so a smoke test judges them too. @param {readonly import("./measure.mjs").Commands[]} found @returns {Told} */
export function tellCommands(found) {
  return {
    rows: found.flatMap(({ name, asked }) => asked.map(({ request, each }) => figure(name, clients, `asked by ${request}`, "a request", summary([each])))),
    lines: [
      "What a request asks of the engine, counted by the engine (Redis: MONITOR; PostgreSQL: pg_stat_statements; MariaDB: its status; NATS: messages of the connection), over HTTP and the manager, 64 clients. Not a request's, but in it: what reads the feed of a near cache (XRANGE, and SELECT of PostgreSQL), and, of clients not seen for a second, the one look of the process at which floors were raised.",
      "",
      "| | request | commands a request | at most | of them |",
      "|---|---|---|---|---|",
      ...found.flatMap(({ name, asked }) =>
        asked.map(({ request, each, of }) => {
          const most = mostAsked[name]?.[request];
          const ofRequests = each - (of["XRANGE"] ?? 0) - (request === notSeen ? 1 / clients : 0);
          return `| ${name} | ${request} | **${shown(each)}** | ${most === undefined ? "" : `${most}${withinTarget(ofRequests, most)}`} | ${Object.entries(of)
            .map(([command, calls]) => `${command} ${shown(calls)}`)
            .join(", ")} |`;
        }),
      ),
    ],
  };
}

const bytesTargets = { record: 1.25, indexes: 150 };

/** @param {readonly import("./measure.mjs").Sizes[]} found @param {boolean} judged @returns {Told} */
export function tellBytes(found, judged) {
  const small = found.find(({ name }) => name.includes("1024"));
  const lines = [
    `What a session of 12 fields and 500 bytes of JSON, of one who is logged in, takes in the engine, bytes. *Record*: without what is in indexes, of Redis its hash. *String*: the same record as one text of JSON under a key as long.${judged ? "" : smokeTest}`,
    "",
    "| engine | sessions | all | record | string | kind | wake | subject | an alias, on top |",
    "|---|---|---|---|---|---|---|---|---|",
    ...found.map(({ name, sessions, bytes }) => {
      const cells = ["all", "record", "string", "kind", "wake", "subject", "alias"].map((what) =>
        bytes[what] === undefined ? "" : shown(bytes[what] ?? NaN, 0),
      );
      return `| ${name} | ${sessions.toLocaleString("en-US")} | **${cells[0]}** | ${cells.slice(1).join(" | ")} |`;
    }),
    "",
  ];
  for (const { name, bytes } of found.filter(({ bytes: { string } }) => string !== undefined)) {
    const ratio = (bytes["record"] ?? NaN) / (bytes["string"] ?? NaN);
    const indexes = bytes["indexes"] ?? NaN;
    const must = name === small?.name && judged;
    lines.push(
      `- ${name}: record ÷ string **${ratio.toFixed(2)}**${must ? `; must stay within ${bytesTargets.record}${withinTarget(ratio, bytesTargets.record)}` : ""}; entries in indexes **${shown(indexes, 0)}** bytes${must ? `; must stay within ${bytesTargets.indexes}${withinTarget(indexes, bytesTargets.indexes)}` : ""}.`,
    );
  }
  const member = found.find(({ bytes }) => bytes["member"] !== undefined)?.bytes["member"];
  if (member !== undefined) lines.push(`- NATS: on top, in the memory of each member: ${shown(member, 0)} bytes a session.`);
  const file = found.find(({ bytes }) => bytes["files"] !== undefined)?.bytes;
  if (file !== undefined)
    lines.push(
      `- file: ${shown(file["files"] ?? NaN)} files and folders a session with ${shown(file["content"] ?? NaN, 0)} bytes in them; *all* are the blocks of the disk.`,
    );
  return {
    rows: found.flatMap(({ name, sessions, bytes }) =>
      Object.entries(bytes).map(([what, size]) => figure(name, sessions, what, "bytes a session", summary([size]))),
    ),
    lines,
  };
}

/** @param {readonly import("./measure.mjs").Staleness[]} found @param {boolean} judged @returns {Told} */
export function tellStaleness(found, judged) {
  return {
    rows: found.flatMap(({ name, changes, p50, p99, most }) =>
      Object.entries({ p50, p99, most }).map(([which, ms]) => figure(name, 100, `served the old, ${which} of ${changes}`, "ms", summary([ms]))),
    ),
    lines: [
      `From the acknowledgement of a change in one process to the last answer of another, which asks without pause, that does not have it.${judged ? "" : smokeTest}`,
      "",
      "| near cache hears by | changes | p50, ms | p99, ms | most, ms | never given the old |",
      "|---|---|---|---|---|---|",
      ...found.map(
        ({ name, changes, p50, p99, most, before }) => `| ${name} | ${changes} | **${shown(p50)}** | **${shown(p99)}** | ${shown(most)} | ${before} |`,
      ),
    ],
  };
}

/** @param {string} design @param {number} sessions @param {string} name @param {string} unit @param {{ median: number, low: number, high: number }} values @returns {Figure} */
function figure(design, sessions, name, unit, values) {
  return { suite: "cluster", design, sessions, figure: name, unit, ...values };
}

/** @param {Compared} compared */
function namesOf({ processes: [first = {}] }) {
  return Object.keys(first).filter((name) => name !== control);
}

/** @param {Compared} compared @param {string} cell */
function ratioOf(compared, cell) {
  return ratioOfMedians(valuesOf(compared, cell, "shares"), valuesOf(compared, control, "shares"));
}

/** @param {Compared} compared @param {string} cell @param {keyof import("./rounds.mjs").Rounds} what */
function valuesOf({ processes }, cell, what) {
  return processes.flatMap((cells) => cells[cell]?.[what] ?? []);
}

/** @param {Compared} compared */
function controlLine(compared) {
  const { name, unfit } = compared;
  const again = unfit.length === 0 ? "" : ` Repeated ${unfit.length} times, for controls of ${unfit.map((share) => share.toFixed(2)).join(", ")}.`;
  return `- ${name}: bare ${shown(median(valuesOf(compared, control, "times")))} µs each, ${shown(median(valuesOf(compared, control, "cpus")))} µs of CPU. Control ${median(valuesOf(compared, control, "shares")).toFixed(2)}.${again}`;
}

/** @param {number} value @param {number} target */
function atLeastTarget(value, target) {
  return value >= target ? " ✓" : " **missed**";
}
