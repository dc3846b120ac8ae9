/**
 * @typedef {"R" | "W" | "N"} Workload
 * @typedef {object} Design
 * @property {"node" | "express" | "fastify" | "hono" | "koa"} framework
 * @property {string} design
 * @property {string} name framework and design.
 * @property {Partial<Record<Workload, number>>} targets least ratio that it must reach.
 * @property {boolean} peer whether it is somebody else's.
 * @property {boolean} keeps whether the server keeps what is written: of what clients keep, these do not.
 * @property {(setting: { folder: string }) => MaybePromise<{ server: import("node:http").Server, cookies: readonly string[] }>} start
 *   Makes its sessions, too. Imports nothing of the other designs: each process holds what it measures and no more.
 *
 * What one design must be beside another of the same framework.
 * @typedef {object} Comparison
 * @property {Design["framework"]} framework
 * @property {Workload} workload
 * @property {string} own
 * @property {string} than
 * @property {number} atLeast so many times as fast,
 * @property {number} enough but no more is asked than this share of the server without sessions.
 *
 * What a suite measures of servers.
 * @typedef {object} Field
 * @property {string} suite
 * @property {URL} program that a server's process runs: it finds its design in this field.
 * @property {readonly Design[]} designs
 * @property {readonly Comparison[]} comparisons
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

/** @type {readonly Design[]} */
const designs = [
  of("node", bare, {}, async () => (await import("./designs/node-bare.mjs")).nodeBare()),
  of("node", control, {}, async () => (await import("./designs/node-bare.mjs")).nodeBare()),
  of("node", "memory", { R: 0.9, W: 0.85, N: 0.95 }, async () => (await import("./designs/node-memory.mjs")).nodeMemory()),
  of("node", "lmdb", { R: 0.8, W: 0.5, N: 0.95 }, async (setting) => (await import("./designs/node-lmdb.mjs")).nodeLmdb(setting)),
  of("express", bare, {}, async () => (await import("./designs/express-bare.mjs")).expressBare()),
  of("express", control, {}, async () => (await import("./designs/express-bare.mjs")).expressBare()),
  of("express", "memory", { R: 0.9, W: 0.85, N: 0.95 }, async () => (await import("./designs/express-memory.mjs")).expressMemory()),
  peer("express", "express-session", async () => (await import("./designs/express-session.mjs")).expressWithExpressSession()),
  of("fastify", bare, {}, async () => (await import("./designs/fastify-bare.mjs")).fastifyBare()),
  of("fastify", control, {}, async () => (await import("./designs/fastify-bare.mjs")).fastifyBare()),
  of("fastify", "memory", { R: 0.9, W: 0.8, N: 0.95 }, async () => (await import("./designs/fastify-memory.mjs")).fastifyMemory()),
  peer("fastify", "@fastify/session", async () => (await import("./designs/fastify-session.mjs")).fastifyWithSession()),
  {
    ...peer("fastify", "@fastify/secure-session", async () => (await import("./designs/fastify-secure-session.mjs")).fastifyWithSecureSession()),
    keeps: false,
  },
  of("hono", bare, {}, async () => (await import("./designs/hono-bare.mjs")).honoBare()),
  of("hono", control, {}, async () => (await import("./designs/hono-bare.mjs")).honoBare()),
  of("hono", "memory", { R: 0.9, W: 0.8, N: 0.95 }, async () => (await import("./designs/hono-memory.mjs")).honoMemory()),
  peer("hono", "hono-sessions", async () => (await import("./designs/hono-sessions.mjs")).honoWithHonoSessions()),
  peer("hono", "better-auth", async () => (await import("./designs/hono-better-auth.mjs")).honoWithBetterAuth()),
  of("koa", bare, {}, async () => (await import("./designs/koa-bare.mjs")).koaBare()),
  of("koa", control, {}, async () => (await import("./designs/koa-bare.mjs")).koaBare()),
  of("koa", "memory", { R: 0.9, W: 0.8, N: 0.95 }, async () => (await import("./designs/koa-memory.mjs")).koaMemory()),
  peer("koa", "koa-session", async () => (await import("./designs/koa-session.mjs")).koaWithKoaSession()),
];

/** Of each peer of the framework. */
const peerTargets = [
  { framework: "express", workload: "R", atLeast: 1.8, enough: Infinity },
  { framework: "express", workload: "W", atLeast: 1.8, enough: Infinity },
  .../** @type {const} */ (["fastify", "hono", "koa"]).flatMap((framework) =>
    /** @type {const} */ (["R", "W", "N"]).map((workload) => ({ framework, workload, atLeast: 2, enough: 0.95 })),
  ),
];

/** @type {Field} */
export const field = {
  suite: "http",
  program: new URL("server.mjs", import.meta.url),
  designs,
  comparisons: /** @type {Comparison[]} */ (peerTargets).flatMap((target) =>
    designs.filter((design) => design.peer && design.framework === target.framework).map(({ design }) => ({ ...target, own: "memory", than: design })),
  ),
};

/**
 * @param {Design["framework"]} framework
 * @param {string} design
 * @param {Design["targets"]} targets
 * @param {Design["start"]} start
 * @returns {Design}
 */
export function of(framework, design, targets, start) {
  return { framework, design, name: `${framework}-${design.replaceAll(/\W+/g, "-")}`, targets, start, peer: false, keeps: true };
}

/**
 * @param {Design["framework"]} framework
 * @param {string} design
 * @param {Design["start"]} start
 * @returns {Design}
 */
export function peer(framework, design, start) {
  return { ...of(framework, design, {}, start), peer: true };
}
