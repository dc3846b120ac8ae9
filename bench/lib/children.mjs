import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
  const child = spawn("taskset", ["-c", String(core), ...command], options);
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
