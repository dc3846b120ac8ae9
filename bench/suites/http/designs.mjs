/**
 * @typedef {"R" | "W" | "N"} Workload
 * @typedef {object} Design
 * @property {"node" | "express"} framework
 * @property {string} design
 * @property {string} name framework and design.
 * @property {Partial<Record<Workload, number>>} targets least ratio that it must reach.
 * @property {(setting: { folder: string }) => MaybePromise<{ server: import("node:http").Server, cookies: readonly string[] }>} start
 *   Makes its sessions, too. Imports nothing of the other designs: each process holds what it measures and no more.
 */
/**
 * @template T
 * @typedef {T | Promise<T>} MaybePromise
 */

/** What a workload's requests ask. All are GET of a path as long, so that they differ in nothing but what the handler does with the session. */
export const workloads = /** @type {const} */ ({
  R: { path: "/r", about: "reads a field" },
  W: { path: "/w", about: "changes a field" },
  N: { path: "/n", about: "does not touch the session" },
});

/** Without sessions; the first is what all are compared with, the second tells how far two of the same differ. */
export const bare = "bare";
export const control = "control";
export const peer = "express-session";

/** @type {readonly Design[]} */
export const designs = [
  of("node", bare, {}, async () => (await import("./designs/bare.mjs")).nodeBare()),
  of("node", control, {}, async () => (await import("./designs/bare.mjs")).nodeBare()),
  of("node", "memory", { R: 0.9, W: 0.85, N: 0.95 }, async () => (await import("./designs/node-memory.mjs")).nodeMemory()),
  of("node", "lmdb", { R: 0.8, W: 0.5, N: 0.95 }, async (setting) => (await import("./designs/node-lmdb.mjs")).nodeLmdb(setting)),
  of("express", bare, {}, async () => (await import("./designs/bare.mjs")).expressBare()),
  of("express", control, {}, async () => (await import("./designs/bare.mjs")).expressBare()),
  of("express", "memory", { R: 0.9, W: 0.85, N: 0.95 }, async () => (await import("./designs/express-memory.mjs")).expressMemory()),
  of("express", peer, {}, async () => (await import("./designs/express-session.mjs")).expressWithExpressSession()),
];

/** How many times faster than the peer we must be. */
export const peerTargets = [
  { framework: "express", design: "memory", workload: /** @type {Workload} */ ("R"), atLeast: 1.8 },
  { framework: "express", design: "memory", workload: /** @type {Workload} */ ("W"), atLeast: 1.8 },
];

/**
 * @param {Design["framework"]} framework
 * @param {string} design
 * @param {Design["targets"]} targets
 * @param {Design["start"]} start
 * @returns {Design}
 */
function of(framework, design, targets, start) {
  return { framework, design, name: `${framework}-${design}`, targets, start };
}
