// A Worker without nodejs_compat: core and the Fetch door alone, over a store that needs nothing either.
import { corePromises, doorOf } from "./core-promises.mjs";
import { distant, plainStore } from "./plain-store.mjs";
import { linesOf } from "./promises.mjs";
import { residentOf } from "./resident.mjs";
import { sites } from "./sites.mjs";

const visit = sites({ makeStore: plainStore, distant });
/** @type {Record<string, () => Response | Promise<Response>>} */
const pages = {
  ...residentOf(plainStore()),
  "/~door": async () => Response.json(await doorOf(plainStore)),
  "/~core": () => linesOf(corePromises(plainStore, distant)),
};

// oxlint-disable-next-line import/no-default-export -- what a Worker is
export default {
  /** @param {Request} request */
  fetch: async (request) => (await pages[new URL(request.url).pathname]?.()) ?? visit(request, undefined),
};
