import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();
/** @type {Set<string>} */
const folders = new Set();

/**
 * Starts a program on one core. It is killed when the run ends, however it ends.
 * @param {number} core
 * @param {readonly string[]} command
 * @param {import("node:child_process").SpawnOptions} options
 */
export function onCore(core, command, options) {
  return kept(spawn("taskset", ["-c", String(core), ...command], options));
}

/**
 * Runs a program that measures, to its end. It is killed when the run ends, however that ends.
 * @param {URL} program sends `{ said }` as it goes, and at last perhaps `{ found }`.
 * @param {readonly string[]} args
 * @param {{ flags?: readonly string[], say: (line: string) => void }} setting flags of Node.
 * @returns {Promise<unknown>} what it found.
 */
export async function measured(program, args, { flags = [], say }) {
  const env = { ...process.env, NODE_ENV: "production" };
  const child = kept(spawn(process.execPath, [...flags, fileURLToPath(program), ...args], { env, stdio: ["ignore", "ignore", "pipe", "ipc"] }));
  let complaints = "";
  /** @type {unknown} */
  let found;
  child.stderr?.on("data", (data) => (complaints += data));
  child.on("message", (/** @type {{ said?: string, found?: unknown }} */ message) => {
    if (message.said === undefined) found = message.found;
    else say(message.said);
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${fileURLToPath(program)} ${args.join(" ")} failed:\n${complaints.trim()}`);
  return found;
}

/** @param {import("node:child_process").ChildProcess} child */
function kept(child) {
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** A folder that is removed when the run ends. */
export function temporaryFolder(parent = tmpdir()) {
  const folder = mkdtempSync(join(parent, "sojourn-bench-"));
  folders.add(folder);
  return folder;
}

/** @param {string} folder */
export function removeFolder(folder) {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Synchronous, for the exit of the process. */
export function endAllChildren() {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) removeFolder(folder);
}
