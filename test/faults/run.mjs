// `npm run test:faults [-- --write] [--store NAME] [--fault NAME] [--incidents N] [--seed N]`: the long form of the rig.
// Prints as it goes; `--write` puts its report into docs/guarantees.md. Ends with 1 when a promise was broken, or a planted fault was not found.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { findPlanted, planted } from "./planted.mjs";
import { addFindings, brokenOf, noFindings, promises } from "./promises.mjs";
import { reportOf, withReport } from "./report.mjs";
import { round } from "./round.mjs";
import { storeNamed, stores } from "./stores.mjs";

/** @typedef {import("./types.ts").Fault} Fault */

const { values } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    store: { type: "string", multiple: true },
    fault: { type: "string" },
    incidents: { type: "string", default: "20" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const incidents = Number(values.incidents);
let seed = Number(values.seed);
const began = performance.now();
/** @type {import("./types.ts").Round[]} */
const rounds = [];
const findings = noFindings();

console.log(`--seed ${seed}: it repeats the choices, not the moments`);
for (const store of values.store?.map(storeNamed) ?? stores) {
  for (const fault of /** @type {Fault[]} */ (store.processes === 1 ? ["races"] : ["races", "kill", "stop", "blackout"])) {
    if (values.fault !== undefined && values.fault !== fault) continue;
    // Few incidents a round: each begins with an empty store, and what it logged is judged in memory.
    for (let left = incidents; left > 0; left -= 10) {
      const started = performance.now();
      // Enough sessions in the last of them for LMDB to write records from its log, and to prune it.
      const done = await round(store, { fault, seed: seed++, incidents: Math.min(left, 10), ballast: left <= 10 ? 2300 : 0 });
      rounds.push(done);
      addFindings(findings, done.findings);
      const { operations, acknowledged, unknown, kills, stops } = done.counts;
      const broken = brokenOf(done.findings);
      console.log(
        `${broken.length === 0 ? "ok  " : "FAIL"} ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${store.name}, ${fault}: ${operations} operations, ${acknowledged} acknowledged, ${unknown} never answered, ${kills} kills, ${stops} stops`,
      );
      for (const name of broken) {
        const { judged, broken: all } = done.findings[name];
        console.log(`     ${promises[name]}: ${all.length} of ${judged} broken (--seed ${done.seed})`);
        for (const line of all.slice(0, 5)) console.log(`       ${line}`);
      }
    }
  }
}

const found = [];
let missed = 0;
for (const fault of planted) {
  const { first } = await findPlanted(fault, seed++);
  if (first === undefined) missed += 1;
  else found.push(fault);
  console.log(`${first === undefined ? "FAIL" : "ok  "} planted: ${fault.fault}${first === undefined ? ": not found" : ` (${first.slice(0, 120)})`}`);
}

const judged = Object.values(findings).reduce((sum, finding) => sum + finding.judged, 0);
const broken = Object.values(findings).reduce((sum, finding) => sum + finding.broken.length, 0);
console.log(
  `${judged} facts judged, ${broken} broken; ${found.length} of ${planted.length} planted faults found; ${Math.round((performance.now() - began) / 1000)} s`,
);
if (values.write) {
  const page = new URL("../../docs/guarantees.md", import.meta.url);
  writeFileSync(page, withReport(readFileSync(page, "utf8"), reportOf(rounds, found, (performance.now() - began) / 1000)));
}
process.exitCode = broken === 0 && missed === 0 ? 0 : 1;
