// `npm run bench -- <suite> [--quick | --full] [--json FILE] …`: measures, prints as it goes, and writes the suite's section of RESULTS.md.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { endAllChildren } from "./lib/children.mjs";
import { writeResults } from "./lib/results.mjs";
import { cluster } from "./suites/cluster.mjs";
import { http } from "./suites/http.mjs";
import { links } from "./suites/links.mjs";
import { memory } from "./suites/memory.mjs";
import { rehearsal } from "./suites/rehearsal.mjs";
import { scale } from "./suites/scale.mjs";
import { sealed } from "./suites/sealed.mjs";
import { server } from "./suites/server.mjs";
import { sms } from "./suites/sms.mjs";

/** Every suite: one file in suites/, one line here. */
const suites = { http, links, memory, scale, sealed, cluster, rehearsal, server, sms };

const usage = `npm run bench -- ${Object.keys(suites).join(" | ")} [--quick | --full] [--json FILE] [--rounds N] [--slot MS] [--only FRAMEWORK | DESIGN | SESSIONS] [--data FOLDER] [--profile FRAMEWORK-DESIGN-WORKLOAD] [--sessions N] [--shards N] [--buckets N]`;

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      json: { type: "string" },
      rounds: { type: "string" },
      slot: { type: "string" },
      only: { type: "string" },
      data: { type: "string" },
      profile: { type: "string" },
      sessions: { type: "string" },
      shards: { type: "string" },
      buckets: { type: "string" },
    },
  });
  const suite = Object.entries(suites).find(([name]) => name === positionals[0])?.[1];
  if (suite === undefined || positionals.length !== 1) throw new Error(`Name one suite: ${usage}`);
  const missing = suite.missing();
  if (missing.length > 0) throw new Error(`The suite ${suite.name} needs ${missing.join(" and ")}.`);

  /** @type {import("./lib/suite.ts").SuiteOptions} */
  const options = {
    quick: values.quick,
    full: values.full,
    rounds: whole("rounds", values.rounds),
    slot: whole("slot", values.slot),
    only: values.only,
    data: values.data,
    sessions: whole("sessions", values.sessions),
    shards: whole("shards", values.shards),
    buckets: whole("buckets", values.buckets),
    say: (line) => console.log(line),
  };
  if (values.profile !== undefined) {
    if (suite.profile === undefined) throw new Error(`The suite ${suite.name} has no designs to profile.`);
    return suite.profile(values.profile, options);
  }

  const { rows, section, complete } = await suite.run(options);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
  console.log(`\n${section}`);
  if (complete) writeResults(new URL("RESULTS.md", import.meta.url), suite.name, section);
  console.log(complete ? "bench/RESULTS.md is written." : `bench/RESULTS.md is left as it was: only a whole run${suite.whole} writes it.`);
}

/**
 * @param {string} name
 * @param {string | undefined} text
 */
function whole(name, text) {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Error(`--${name} is ${JSON.stringify(text)}. Give a whole number above zero.`);
  return Number(text);
}

// Whatever happens, no server, no load and no folder is left behind.
process.on("exit", endAllChildren);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
