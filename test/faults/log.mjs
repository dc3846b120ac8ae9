// A process's log: each line is in the file before the next step is taken, so that SIGKILL loses nothing that was acknowledged.
import { openSync, readFileSync, writeSync } from "node:fs";

/** @typedef {import("./types.ts").Line} Line */
/** @typedef {import("./types.ts").History} History */
/** @typedef {import("./types.ts").Write} Write */

/** µs of CLOCK_MONOTONIC, the same for all processes of the machine. */
export function now() {
  return Number(process.hrtime.bigint() / 1000n);
}

/** @param {string} path @returns {(line: Line) => void} */
export function logTo(path) {
  const file = openSync(path, "a");
  return (line) => void writeSync(file, `${JSON.stringify(line)}\n`);
}

/** The lines of a log; one that was being written when its process died says nothing. @param {string} path @returns {Line[]} */
export function readLog(path) {
  const lines = readFileSync(path, "utf8").split("\n");
  lines.pop();
  return lines.map((line) => /** @type {Line} */ (JSON.parse(line)));
}

/** @returns {History} */
export function noHistory() {
  return { writes: [], reads: [], looks: [], errors: [], closed: new Set() };
}

/**
 * Takes a process's lines into the history.
 * @param {History} history @param {string} writer @param {readonly Line[]} lines @param {(change: Write["change"]) => boolean} weak
 * @param {boolean} [outages] whether the engine was taken away meanwhile: then a call may say that it was
 */
export function takeIn(history, writer, lines, weak, outages = false) {
  /** @type {Map<number, Write>} */
  const writes = new Map();
  /** Those that had a deadline. @type {Set<number>} */
  const limited = new Set();
  for (const line of lines) {
    if (line.what === "write") {
      const { n, change, began, deadline } = line;
      if (deadline !== undefined) limited.add(n);
      const write = { writer, n, change, began, weak: false };
      writes.set(n, write);
      history.writes.push(write);
    } else if (line.what === "answer") {
      const write = /** @type {Write} */ (writes.get(line.n));
      const { outcome, code, error, ended, n } = line;
      if (outcome === undefined) {
        // A deadline that passes has two answers: nothing was written, or nobody knows.
        const mayFail = outages || limited.has(n);
        if (mayFail && code === "store_unavailable") Object.assign(write, { ended, outcome: { ok: false, why: "withdrawn" } });
        else if (!mayFail || code !== "outcome_unknown") history.errors.push(`${writer}: ${error} at ${JSON.stringify(write.change)}`);
      } else {
        write.ended = ended;
        write.outcome = outcome;
        write.weak = outcome.ok && weak(write.change);
      }
    } else if (line.what === "load") {
      const { began, ended, id, record } = line;
      history.reads.push({ reader: writer, began, ended, id, record });
    } else if (line.what === "find") {
      const { began, ended, query, records } = line;
      for (const record of records) history.reads.push({ reader: writer, began, ended, id: record.id, record, query });
      history.looks.push({ reader: writer, began, ended, query, ids: new Set(records.map(({ id }) => id)) });
    } else if (line.what === "error") {
      if (!outages || line.code !== "store_unavailable") history.errors.push(`${writer}: ${line.error}`);
    } else history.closed.add(writer);
  }
}
