// A vitest reporter: the time of each suite, the store contract's promises once per store, and the tally that run.mjs ends with.
import { writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { storeContract } from "sojourn/testing";

/** @typedef {import("vitest/node").TestModule} TestModule */
/** @typedef {import("vitest/node").TestCase} TestCase */

const root = fileURLToPath(new URL("..", import.meta.url));
const marks = { passed: "✓", failed: "✗", skipped: "-", pending: "?" };

export default class Reporter {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} errors
   */
  onTestRunEnd(modules, errors) {
    suites(modules);
    for (const module of modules) contract(module);
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

/** A promise that is checked in several ways (as given, with delayed answers) is one line. @param {TestModule} module */
function contract(module) {
  const store = /\/stores\/([^/]+)\/\1\.test\.ts$/.exec(pathOf(module))?.[1];
  if (store === undefined) return;
  /** @type {Map<string, ReturnType<TestCase["result"]>["state"][]>} */
  const promises = new Map(Object.keys(storeContract).map((promise) => [promise, []]));
  for (const test of module.children.allTests()) promises.get(test.name)?.push(test.result().state);
  const kept = [...promises.values()].filter((states) => worst(states) === "passed");
  console.log(`\nThe store contract, kept by ${store}: ${kept.length} of ${promises.size} promises`);
  for (const [promise, states] of promises) console.log(`  ${marks[worst(states)]} ${promise}`);
}

/** @param {readonly (keyof typeof marks)[]} states */
function worst(states) {
  if (states.length === 0) return "skipped";
  return /** @type {const} */ (["failed", "pending", "skipped"]).find((state) => states.includes(state)) ?? "passed";
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
