import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Session as Inspector } from "node:inspector/promises";

const inspector = new Inspector();

/**
 * One design in a process of its own, started by servers.mjs: `node server.mjs <framework>-<design> <folder>`. Says its port and its clients' cookies over
 * the channel, and ends with its parent.
 * @param {import("./designs.mjs").Field} field
 */
export async function serve({ designs }) {
  process.once("disconnect", () => process.exit());
  const [, , name = "", folder = ""] = process.argv;
  const start = designs.find((design) => design.name === name)?.start;
  if (start === undefined) throw new Error(`There is no design ${JSON.stringify(name)}.`);
  const { server, cookies } = await start({ folder });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.on("message", (message) => void profile(/** @type {Asked} */ (message)));
  process.send?.({ port: /** @type {import("node:net").AddressInfo} */ (server.address()).port, cookies });
}

/**
 * Starts the profiler once the server is warm, so that neither its start nor the compiling of its code is in the profile.
 * @typedef {{ profile: "start" } | { profile: "stop", file: string }} Asked
 * @param {Asked} message
 */
async function profile(message) {
  if (message.profile === "start") {
    inspector.connect();
    await inspector.post("Profiler.enable");
    await inspector.post("Profiler.setSamplingInterval", { interval: 200 });
    await inspector.post("Profiler.start");
  } else {
    const { profile: taken } = await inspector.post("Profiler.stop");
    writeFileSync(message.file, JSON.stringify(taken));
  }
  process.send?.({ done: message.profile });
}
