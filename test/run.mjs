// `npm test [-- arguments for vitest]`: installs what is missing, runs vitest, and ends with one line: `N passed, N failed, N skipped`.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installFolders, installPrograms } from "./peers.mjs";

/** @typedef {{ passed: number, failed: number, known: string[], skipped: { name: string, reason?: string }[] }} Tally */

const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);

installPrograms();
installFolders();

const folder = mkdtempSync(join(tmpdir(), "sojourn-run-"));
const file = join(folder, "tally.json");
const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", `--reporter=${join(root, "test/reporter.mjs")}`, "--reporter=default", ...args];
const child = spawn(process.execPath, vitest, { cwd: root, stdio: "inherit", env: { ...process.env, SOJOURN_TALLY: file } });
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
const code = await new Promise((resolve) => child.on("close", resolve));

/** @type {Tally} */
let tally = { passed: 0, failed: 0, known: [], skipped: [] };
try {
  tally = JSON.parse(readFileSync(file, "utf8"));
} catch {
  console.log("vitest ended without a result.");
}
rmSync(folder, { recursive: true });

/** @type {Record<string, string>} */
const excused = JSON.parse(readFileSync(join(root, "test/skips.json"), "utf8"));
const unexcused = tally.skipped.filter(({ name }) => excused[name] === undefined);
const whole = args.length === 0;
const strict = process.env["CI"] !== undefined && !args.some((arg) => /^(-t|--testNamePattern)/.test(arg));
const stale = whole ? Object.keys(excused).filter((name) => !tally.known.includes(name)) : [];

if (whole || strict) for (const { name, reason } of tally.skipped) console.log(`skipped: ${name} (${excused[name] ?? reason ?? "no reason given"})`);
if (strict && unexcused.length > 0) console.log(`In CI a skip needs a line in test/skips.json: its name and the reason. ${unexcused.length} without.`);
for (const name of stale) console.log(`test/skips.json names a test that is not there: ${name}`);

console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`);
process.exitCode = code !== 0 || tally.failed > 0 || stale.length > 0 || (strict && unexcused.length > 0) ? 1 : 0;
