import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onCore } from "../../lib/children.mjs";
import { cpuTime } from "../../lib/machine.mjs";
import { quantile, seeded } from "../../lib/statistics.mjs";

const script = fileURLToPath(new URL("life.lua", import.meta.url));
/** A thread of wrk for each connection, so that each leads a life of its own. */
const connections = 64;
const requestsOfLife = 4;

/**
 * Lives one after the other on each of the connections, for so many seconds.
 * @param {import("./servers.mjs").Server} server
 * @param {number} seconds
 * @returns {Promise<import("../../lib/interleave.mjs").Slot>} a life each: `rate` a second, `cpu` µs.
 * @throws when an answer was a refusal or a connection failed
 */
export async function lives(server, seconds) {
  const before = cpuTime(server.pid);
  const command = ["wrk", `-t${connections}`, `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script, server.address, "--", server.key];
  const wrk = onCore(1, command, { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  wrk.stdout?.on("data", (data) => (output += data));
  await once(wrk, "close");
  await sleep(100);
  const cpu = cpuTime(server.pid) - before;
  const json = /@@(\{.*\})/.exec(output)?.[1];
  if (json === undefined) throw new Error(`wrk gave no summary for ${server.name}:\n${output.trim()}`);
  /** @type {{ requests: number, microseconds: number, status: number, connect: number, read: number, write: number, timeout: number }} */
  const { requests, microseconds, ...errors } = JSON.parse(json);
  const wrong = Object.entries(errors).filter(([, count]) => count > 0);
  if (wrong.length > 0 || requests === 0)
    throw new Error(`${server.name}: ${wrong.map(([what, count]) => `${count} ${what}`).join(", ")} errors in ${requests} requests.`);
  return { rate: requests / requestsOfLife / (microseconds / 1e6), cpu: (cpu / requests) * requestsOfLife };
}

/**
 * @typedef {object} Pages ms of an answer: p50, p99, the longest.
 * @property {readonly [p50: number, p99: number, longest: number]} first the first page of a kind.
 * @property {readonly [p50: number, p99: number, longest: number]} further the pages after it.
 * @property {readonly [p50: number, p99: number, longest: number]} subject all of a subject.
 */

/**
 * What the console's page of sessions asks.
 * @param {import("./servers.mjs").Server} server
 * @param {number} sessions
 * @param {number} times
 * @returns {Promise<Pages>}
 */
export async function pages(server, sessions, times) {
  const random = seeded(sessions);
  /** @type {Record<"first" | "further" | "subject", number[]>} */
  const took = { first: [], further: [], subject: [] };
  let next = "";
  for (let n = 0; n < times; n++) {
    const page = await asked(server, `kind=web&limit=100`, took.first, 100);
    next = next === "" ? (page.next ?? "") : next;
    const further = await asked(server, `kind=web&limit=100&after=${encodeURIComponent(next)}`, took.further, 1);
    next = further.next ?? "";
    await asked(server, `subject=user-${Math.floor(random() * Math.floor(sessions / 10 - 1))}`, took.subject, 10);
  }
  const spread = (/** @type {readonly number[]} */ all) => /** @type {const} */ ([quantile(all, 0.5), quantile(all, 0.99), Math.max(...all)]);
  return { first: spread(took.first), further: spread(took.further), subject: spread(took.subject) };
}

/**
 * @param {import("./servers.mjs").Server} server
 * @param {string} query
 * @param {number[]} took
 * @param {number} least sessions that have to be on the page.
 */
async function asked(server, query, took, least) {
  const began = performance.now();
  const answer = await fetch(`${server.address}/v1/sessions?${query}`, { headers: { Authorization: `Bearer ${server.key}` } });
  const page = /** @type {{ sessions?: readonly unknown[], next?: string }} */ (await answer.json());
  took.push(performance.now() - began);
  if (answer.status !== 200 || (page.sessions?.length ?? 0) < least)
    throw new Error(`GET /v1/sessions?${query} answered ${answer.status} with ${page.sessions?.length} sessions.`);
  return page;
}
