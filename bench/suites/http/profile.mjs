import { readFileSync } from "node:fs";
import { join } from "node:path";
import { removeFolder, temporaryFolder } from "../../lib/children.mjs";
import { hotSpots } from "../../lib/hot-spots.mjs";
import { workloads } from "./designs.mjs";
import { load } from "./load.mjs";
import { startServer } from "./servers.mjs";
import { verify } from "./verify.mjs";

/**
 * Where the time of one design's server goes, once it is warm.
 * @param {string} target such as "node-lmdb-W".
 * @param {import("../../lib/suite.ts").SuiteOptions} options
 * @param {import("./designs.mjs").Field} field
 */
export async function profileServer(target, { say, slot = 5_000, data }, { program, designs }) {
  const all = designs.flatMap((design) => Object.entries(workloads).map(([workload, { path }]) => ({ target: `${design.name}-${workload}`, design, path })));
  const chosen = all.find((one) => one.target === target);
  if (chosen === undefined) throw new Error(`--profile is ${JSON.stringify(target)}. Give one of ${all.map((one) => one.target).join(", ")}.`);
  const folder = temporaryFolder(data);
  try {
    const server = await startServer(chosen.design, program, folder);
    await verify(server, chosen.design);
    await load(server, chosen.path, 3_000);
    await server.ask({ profile: "start" });
    const { rate, cpu } = await load(server, chosen.path, slot);
    const file = join(folder, "profile.json");
    await server.ask({ profile: "stop", file });
    say(`${target}: ${Math.round(rate).toLocaleString("en-US")} requests/s, ${cpu.toFixed(1)} µs of CPU a request (with the profiler on)\n`);
    say(hotSpots(JSON.parse(readFileSync(file, "utf8")), cpu));
    await server.stop();
  } finally {
    removeFolder(folder);
  }
}
