// A vitest reporter: the time of each suite, one table of the store contract's promises by store, and the tally that run.mjs ends with.
import { writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { storeContract } from "sojourn/testing";

/** @typedef {import("vitest/node").TestModule} TestModule */
/** @typedef {import("vitest/node").TestCase} TestCase */

const root = fileURLToPath(new URL("..", import.meta.url));
const marks = { passed: "✓", failed: "✗", skipped: "-", pending: "?", without: "·" };

export default class Reporter {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} errors
   */
  onTestRunEnd(modules, errors) {
    suites(modules);
    contract(modules);
    if (process.env["SOJOURN_TALLY"]) writeFileSync(process.env["SOJOURN_TALLY"], JSON.stringify(tally(modules, errors)));
  }
}

/** @param {TestModule} module */
function pathOf(module) {
  return relative(root, module.moduleId);
}

/** @param {readonly TestModule[]} modules */
function suites(modules) {
  /** @type {Map<string, { files: number, tests: number, ms: number }>} */
  const folders = new Map();
  for (const module of modules) {
    const folder = dirname(pathOf(module));
    const suite = folders.get(folder) ?? { files: 0, tests: 0, ms: 0 };
    const { collectDuration, setupDuration, duration } = module.diagnostic();
    suite.files += 1;
    suite.tests += [...module.children.allTests()].length;
    suite.ms += collectDuration + setupDuration + duration;
    folders.set(folder, suite);
  }
  console.log("\nTime per suite");
  for (const [folder, { files, tests, ms }] of [...folders].toSorted(([a], [b]) => a.localeCompare(b))) {
    console.log(`${(ms / 1000).toFixed(1).padStart(7)} s  ${folder}  (${files} files, ${tests} tests)`);
  }
}

/** A promise that is checked in several ways (as given, with delayed answers, by another client) is one mark. @param {readonly TestModule[]} modules */
function contract(modules) {
  /** @type {Map<string, Map<string, (keyof typeof marks)[]>>} */
  const stores = new Map();
  for (const module of modules) {
    const store = /\/stores\/([^/]+)\/[^/]+\.test\.ts$/.exec(pathOf(module))?.[1];
    if (store === undefined) continue;
    for (const test of module.children.allTests()) {
      if (!(test.name in storeContract)) continue;
      const promises = stores.get(store) ?? new Map();
      stores.set(store, promises);
      const state = /** @type {{ without?: string }} */ (test.meta()).without === undefined ? test.result().state : "without";
      promises.set(test.name, [...(promises.get(test.name) ?? []), state]);
    }
  }
  if (stores.size === 0) return;
  const names = Object.keys(storeContract);
  const width = Math.max(...names.map((name) => name.length));
  const columns = [...stores].toSorted(([a], [b]) => a.localeCompare(b));
  console.log(`\nThe store contract: ✓ kept  ✗ broken  · the store does not have this power  - skipped`);
  console.log(`${" ".repeat(width)}  ${columns.map(([store]) => store).join("  ")}`);
  for (const name of names) {
    const cells = columns.map(([store, promises]) => marks[worst(promises.get(name) ?? [])].padEnd(store.length));
    console.log(`${name.padEnd(width)}  ${cells.join("  ")}`.trimEnd());
  }
}

/** @param {readonly (keyof typeof marks)[]} states */
function worst(states) {
  if (states.length === 0) return "skipped";
  return /** @type {const} */ (["failed", "pending", "skipped", "without"]).find((state) => states.includes(state)) ?? "passed";
}

/**
 * @param {readonly TestModule[]} modules
 * @param {readonly unknown[]} errors
 */
function tally(modules, errors) {
  let passed = 0;
  // An error outside every test, a file that does not load or a failing hook is a failure too.
  let failed = errors.length;
  /** @type {string[]} */
  const known = [];
  /** @type {{ name: string, reason?: string }[]} */
  const skipped = [];
  for (const module of modules) {
    failed += module.errors().length;
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const name = `${pathOf(module)} > ${test.fullName}`;
      const result = test.result();
      known.push(name);
      if (result.state === "passed") passed += 1;
      else if (result.state === "skipped") skipped.push({ name, ...(result.note === undefined ? undefined : { reason: result.note }) });
      else failed += 1;
    }
  }
  return { passed, failed, known, skipped };
}
