import { bare, control, of, peer } from "../http/designs.mjs";
import { tokenLength } from "./token-length.mjs";

/** @type {readonly import("../http/designs.mjs").Design[]} */
const designs = [
  of("node", bare, {}, async () => (await import("../http/designs/node-bare.mjs")).nodeBare(tokenLength)),
  of("node", control, {}, async () => (await import("../http/designs/node-bare.mjs")).nodeBare(tokenLength)),
  inCookie(of("node", "AES-256-GCM", {}, async () => (await import("./designs/node-raw.mjs")).nodeRaw())),
  inCookie(of("node", "sealed", { N: 0.95 }, async () => (await import("./designs/node-sealed.mjs")).nodeSealed())),
  of("fastify", bare, {}, async () => (await import("../http/designs/fastify-bare.mjs")).fastifyBare(tokenLength)),
  of("fastify", control, {}, async () => (await import("../http/designs/fastify-bare.mjs")).fastifyBare(tokenLength)),
  inCookie(of("fastify", "sealed", {}, async () => (await import("./designs/fastify-sealed.mjs")).fastifySealed())),
  inCookie(peer("fastify", "@fastify/secure-session", async () => (await import("../http/designs/fastify-secure-session.mjs")).fastifyWithSecureSession())),
];

/** @type {import("../http/designs.mjs").Field} */
export const field = {
  suite: "sealed",
  program: new URL("server.mjs", import.meta.url),
  designs,
  comparisons: [
    beside("node", "AES-256-GCM", "R", 0.9),
    beside("node", "AES-256-GCM", "W", 0.8),
    beside("fastify", "@fastify/secure-session", "R", 1),
    beside("fastify", "@fastify/secure-session", "W", 1),
    beside("fastify", "@fastify/secure-session", "N", 1.5),
  ],
};

/** @param {import("../http/designs.mjs").Design} design */
function inCookie(design) {
  return { ...design, keeps: false };
}

/**
 * @param {import("../http/designs.mjs").Design["framework"]} framework
 * @param {string} than
 * @param {import("../http/designs.mjs").Workload} workload
 * @param {number} atLeast
 * @returns {import("../http/designs.mjs").Comparison}
 */
function beside(framework, than, workload, atLeast) {
  return { framework, workload, own: "sealed", than, atLeast, enough: Infinity };
}
