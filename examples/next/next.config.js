import { fileURLToPath } from "node:url";

/** @type {import("next").NextConfig} */
export default {
  // A database with native code is not bundled, nor is what holds it: one copy in the process.
  serverExternalPackages: ["lmdb", "sojourn"],
  // Only because this example takes sojourn from the folder beside it.
  turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) },
  outputFileTracingRoot: fileURLToPath(new URL("../..", import.meta.url)),
};
