// Browsers that know light-dark() and <dialog>: nothing is rewritten for older ones.
const browsers = ["chrome123", "edge123", "firefox120", "safari17.5"];

/** @type {import("vite").UserConfig} */
const config = {
  base: "/console/",
  build: { target: browsers, cssTarget: browsers, modulePreload: { polyfill: false }, assetsInlineLimit: 0, sourcemap: false },
  server: { proxy: { "/v1": process.env.SOJOURN_ADDRESS ?? "http://127.0.0.1:7300" } },
};

// oxlint-disable-next-line import/no-default-export -- where Vite looks for it
export default config;
