// `npm run check`: every checker, two at a time, one line each with its time; the output of those that fail.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { installFolders } from "./peers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = readdirSync(new URL("../packages", import.meta.url)).map((folder) => `packages/${folder}`);
const published = packages.filter((folder) => !JSON.parse(readFileSync(`${root}/${folder}/package.json`, "utf8")).private);
const typed = [...packages, "bench", "test"].filter((folder) => existsSync(`${root}/${folder}/tsconfig.json`));

const checks = [
  ...typed.map((folder) => ({ name: `types of ${folder} and its tests`, command: ["tsc", "-p", folder] })),
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  { name: "format (npm run format mends it)", command: ["oxfmt", "--list-different"] },
  { name: "dead code and undeclared dependencies", command: ["knip", "--no-progress"] },
  ...published.flatMap((folder) => [
    { name: `publint ${folder}`, command: ["publint", "run", folder, "--strict", "--pack", "npm"] },
    { name: `types as consumers see ${folder}`, command: ["attw", "--pack", folder, "--profile", "esm-only", "--format", "ascii", "--no-emoji"] },
  ]),
];

/**
 * @param {string[]} command
 * @returns {Promise<{ code: number, output: string }>}
 */
function run([file = "", ...args]) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(file, args, { cwd: root, env: { ...process.env, PATH: `${root}/node_modules/.bin:${process.env["PATH"]}` } });
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

const waiting = [...checks];
/** @type {{ name: string, output: string }[]} */
const failures = [];

async function worker() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await check(next);
}

/** @param {{ name: string, command: string[] }} check */
async function check({ name, command }) {
  const began = performance.now();
  const { code, output } = await run(command);
  if (code !== 0) failures.push({ name, output });
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${seconds(began)}  ${name}`);
}

/** @param {number} began */
function seconds(began) {
  return `${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s`;
}

const began = performance.now();
// bench is typed by packages of its own.
installFolders();
// The others read what it builds.
await check({ name: "build", command: ["tsc", "-b"] });
await Promise.all([worker(), worker()]);
for (const { name, output } of failures) console.log(`\n--- ${name}\n${output.trimEnd()}`);
console.log(failures.length === 0 ? `ok   ${seconds(began)}  all ${checks.length + 1} checks` : `\n${failures.length} of ${checks.length + 1} checks failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
