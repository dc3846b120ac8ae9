import { execFileSync } from "node:child_process";

/** Where the program that is measured runs. */
export const ownCore = 0;
/**
 * Where engines run, and the load: an engine is another machine mostly, and takes nothing from the core of the server that asks it. It is the same for all that
 * is compared.
 */
export const otherCore = 1;

/**
 * Moves a process and all its threads to a core.
 * @param {number} pid
 * @param {number} core
 */
export function pin(pid, core) {
  execFileSync("taskset", ["-acp", String(core), String(pid)], { stdio: "ignore" });
}
