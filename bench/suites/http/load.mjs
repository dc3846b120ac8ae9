import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onCore } from "../../lib/children.mjs";
import { cpuTime } from "../../lib/machine.mjs";

const script = fileURLToPath(new URL("wrk.lua", import.meta.url));
/** What a store does after it has answered (folding its log, collecting garbage) is done, and counted, before the next slot begins. */
const afterwards = 100;

/** @typedef {{ requests: number, microseconds: number, status: number, connect: number, read: number, write: number, timeout: number }} Summary */

export const connections = 64;

/** How often a slot is tried in which nothing was answered and nothing failed: the machine had other work. */
const tries = 3;

/**
 * One slot of load on one server: connections that are kept alive, each with one request on its way, over the clients of the jar in turn from the first.
 * @param {import("./servers.mjs").Server} server
 * @param {string} path
 * @param {number} milliseconds
 * @returns {Promise<import("../../lib/interleave.mjs").Slot & { requests: number }>}
 * @throws when a single answer was not 200 or a connection failed
 */
export async function load(server, path, milliseconds) {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const slot = await slotOf(server, path, milliseconds);
    if (slot !== undefined) return slot;
  }
  throw new Error(`${server.name} ${path} answered no request in ${tries} slots of ${milliseconds} ms.`);
}

/**
 * @param {import("./servers.mjs").Server} server
 * @param {string} path
 * @param {number} milliseconds
 */
async function slotOf(server, path, milliseconds) {
  const before = cpuTime(server.pid);
  // wrk takes whole seconds only, but gives its summary on an interrupt too, over the time that it measured. Its own end is for when we are no more.
  const command = [
    "wrk",
    "-t1",
    `-c${connections}`,
    `-d${Math.ceil(milliseconds / 1_000) + 5}s`,
    "--timeout",
    "10s",
    "-s",
    script,
    server.url,
    "--",
    path,
    server.jar,
  ];
  const wrk = onCore(1, command, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(wrk, "close");
  const { stdout, stderr } =
    /** @type {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} */ (wrk);
  let output = "";
  let complaints = "";
  stdout.on("data", (data) => (output += data));
  stderr.on("data", (data) => (complaints += data));
  await Promise.race([once(stderr, "data"), ended]);
  await Promise.race([sleep(milliseconds), ended]);
  // Again and again: an interrupt just before wrk goes to sleep does not wake it.
  const interrupts = setInterval(() => wrk.kill("SIGINT"), 200);
  wrk.kill("SIGINT");
  const [, signal] = await ended;
  clearInterval(interrupts);
  // On a busy machine, before wrk listens to interrupts.
  if (signal === "SIGINT") return undefined;
  await sleep(afterwards);
  const cpu = cpuTime(server.pid) - before;

  const json = /@@(\{.*\})/.exec(output)?.[1];
  if (json === undefined) throw new Error(`wrk gave no summary for ${server.name} ${path}:\n${complaints.trim()}\n${output.trim()}`);
  /** @type {Summary} */
  const { requests, microseconds, ...errors } = JSON.parse(json);
  const wrong = Object.entries(errors).filter(([, count]) => count > 0);
  if (wrong.length > 0)
    throw new Error(`${server.name} ${path}: ${wrong.map(([what, count]) => `${count} ${what}`).join(", ")} errors in ${requests} requests.`);
  if (requests === 0) return undefined;
  return { requests, rate: requests / (microseconds / 1e6), cpu: cpu / requests };
}
