// A Worker has one address: the contract's sites are paths below it, and their clients are requests of the Worker to itself.
import { program } from "./server.mjs";

/** @type {Map<string, import("./http-contract.mjs").Handler>} */
const sites = new Map();
let origin = "";
const run = program(async (handle) => {
  const path = `/~sites/${crypto.randomUUID()}`;
  sites.set(path, handle);
  return { url: origin + path, close: async () => void sites.delete(path) };
});

// oxlint-disable-next-line import/no-default-export -- what a Worker is
export default {
  /** @param {Request} request */
  async fetch(request) {
    const [, path = "", rest = ""] = /^(\/~sites\/[^/]+)(\/.*)$/.exec(new URL(request.url).pathname) ?? [];
    const handle = sites.get(path);
    if (handle !== undefined) return handle(new Request(new URL(rest, request.url), request));
    // The address at which the test has found it.
    origin = new URL(request.url).origin;
    return run(request);
  },
};
