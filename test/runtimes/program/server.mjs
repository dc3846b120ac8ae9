// The whole program, for runtimes with Node's modules or Workers' nodejs_compat.
import { memoryStore } from "sojourn/stores/memory";
import { delayed } from "sojourn/testing";
import { corePromises, doorOf } from "./core-promises.mjs";
import { httpPromises } from "./http-contract.mjs";
import { linesOf } from "./promises.mjs";
import { residentOf } from "./resident.mjs";
import { sites } from "./sites.mjs";
import { memoryPromises } from "./store-contract.mjs";

const resident = residentOf(memoryStore());
const visit = sites({ makeStore: memoryStore, distant: delayed });

/** @param {import("./http-contract.mjs").Serve} serve */
export function program(serve) {
  /** @type {Record<string, () => Response | Promise<Response>>} */
  const pages = {
    ...resident,
    "/~door": async () => Response.json(await doorOf(memoryStore)),
    "/~core": () => linesOf(corePromises(memoryStore, delayed)),
    "/~store": () => linesOf(memoryPromises(false)),
    "/~store-delayed": () => linesOf(memoryPromises(true)),
    "/~http": () => linesOf(httpPromises(false, serve)),
    "/~http-delayed": () => linesOf(httpPromises(true, serve)),
  };
  /** @param {Request} request @param {string} [peer] @returns {Promise<Response>} */
  return async (request, peer) => (await pages[new URL(request.url).pathname]?.()) ?? visit(request, peer);
}
