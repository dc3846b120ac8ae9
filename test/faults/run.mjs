// `npm run test:faults [-- --write] [--store NAME] [--fault NAME] [--rounds N] [--incidents N] [--seed N]`: the long form of the rig.
// Prints as it goes; `--write` puts its report into docs/guarantees.md. Ends with 1 when a promise was broken, or a planted fault was not found.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { networksMissing } from "@sojourn/peers/networks";
import { findPlanted, planted } from "./planted.mjs";
import { missingFor } from "./faults.mjs";
import { stopEngines } from "./engines.mjs";
import { findPlantedIn } from "./planted-rounds.mjs";
import { plantedStores } from "./planted-stores.mjs";
import { lossesReport, withLosses } from "./losses-report.mjs";
import { isLost, lossRounds } from "./losses-rounds.mjs";
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
    rounds: { type: "string", default: "1" },
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
let lostTooMuch = 0;

console.log(`--seed ${seed}: it repeats the choices, not the moments`);
for (const store of values.store?.map(storeNamed) ?? stores) {
  for (const fault of store.faults) {
    if (values.fault !== undefined && values.fault !== fault) continue;
    const lacks = missingFor(fault, store.engine);
    if (lacks !== undefined) {
      console.log(`--   ${store.name}, ${fault}: ${lacks}`);
      continue;
    }
    // Few incidents a round: each begins with an empty store, and what it logged is judged in memory.
    for (let left = incidents * Number(values.rounds); left > 0; left -= 10) {
      const started = performance.now();
      // Enough sessions in the last of them for LMDB to write records from its log, and to prune it.
      const ballast = left <= 10 && store.name.startsWith("lmdb") ? 2300 : 0;
      const done = await round(store, { fault, seed: seed++, incidents: Math.min(left, 10), ballast });
      rounds.push(done);
      addFindings(findings, done.findings);
      const { operations, acknowledged, unknown, kills, stops, cuts, jumps } = done.counts;
      const broken = brokenOf(done.findings);
      console.log(
        `${broken.length === 0 ? "ok  " : "FAIL"} ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${store.name}, ${fault}: ${operations} operations, ${acknowledged} acknowledged, ${unknown} never answered, ${kills} kills, ${stops} stops, ${cuts} cuts, ${jumps} jumps`,
      );
      for (const name of broken) {
        const { judged, broken: all } = done.findings[name];
        console.log(`     ${promises[name]}: ${all.length} of ${judged} broken (--seed ${done.seed})`);
        for (const line of all.slice(0, 5)) console.log(`       ${line}`);
      }
    }
  }
}

await stopEngines();

/** @type {{ store: string, fault: string, losses: import("./losses.mjs").Losses }[]} */
const lossesFound = [];
if (values.store === undefined && values.fault === undefined) {
  for (const { store, fault, keeps, needs, run } of lossRounds) {
    const missing = networksMissing() ?? (await needs());
    if (missing !== undefined) {
      console.log(`--   ${store}, ${fault}: ${missing}`);
      continue;
    }
    const losses = await run();
    lossesFound.push({ store, fault, losses });
    const broken = losses.wrong.length > 0 || (keeps && isLost(losses));
    if (broken) lostTooMuch += 1;
    console.log(`${broken ? "FAIL" : "ok  "} ${store}, ${fault}: ${JSON.stringify(losses)}`);
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

for (const store of values.store === undefined && values.fault === undefined ? plantedStores : []) {
  const missing = missingFor(store.under, store.engine);
  if (missing !== undefined) {
    console.log(`--   planted: ${store.fault}: ${missing}`);
    continue;
  }
  const { first } = await findPlantedIn(store, seed++);
  if (first === undefined) missed += 1;
  else found.push(store);
  console.log(`${first === undefined ? "FAIL" : "ok  "} planted: ${store.fault}${first === undefined ? ": not found" : ` (${first.slice(0, 120)})`}`);
}
await stopEngines();

const judged = Object.values(findings).reduce((sum, finding) => sum + finding.judged, 0);
const broken = Object.values(findings).reduce((sum, finding) => sum + finding.broken.length, 0);
console.log(
  `${judged} facts judged, ${broken} broken; ${found.length} of ${found.length + missed} planted faults found; ${Math.round((performance.now() - began) / 1000)} s`,
);
if (values.write) {
  const page = new URL("../../docs/guarantees.md", import.meta.url);
  const judgedPage = withReport(readFileSync(page, "utf8"), reportOf(rounds, found, (performance.now() - began) / 1000));
  writeFileSync(page, lossesFound.length === 0 ? judgedPage : withLosses(judgedPage, lossesReport(lossesFound)));
}
process.exitCode = broken === 0 && missed === 0 && lostTooMuch === 0 ? 0 : 1;
