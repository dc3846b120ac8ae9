import { accessSync, constants, readdirSync, readFileSync, statfsSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, tmpdir, type } from "node:os";
import { join } from "node:path";

/**
 * Programs and files of the machine that are not there.
 * @param {Readonly<Record<string, string>>} programs each with the Debian package that has it.
 */
export function missingFromMachine(programs) {
  const missing = Object.entries(programs)
    .filter(([command]) => !onPath(command))
    .map(([command, debian]) => `${command} (apt-get install ${debian})`);
  if (!readable("/proc/self/schedstat")) missing.push("the CPU time of threads in /proc/PID/task/TID/schedstat (Linux)");
  if (availableParallelism() < 2) missing.push("two cores, one for the server and one for the load");
  return missing;
}

/** @param {string} command */
function onPath(command) {
  return (process.env["PATH"] ?? "").split(":").some((folder) => can(join(folder, command), constants.X_OK));
}

/** @param {string} path */
function readable(path) {
  return can(path, constants.R_OK);
}

/**
 * @param {string} path
 * @param {number} mode
 */
function can(path, mode) {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

const fileSystems = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x01021994, "tmpfs (memory, not a disk)"],
  [0x794c7630, "overlay"],
  [0x2fc12fc1, "zfs"],
]);

/**
 * What of the machine bears on the figures; nothing that names it.
 * @param {readonly string[]} packages of bench/node_modules.
 * @param {string} [data] folder of stores on disk.
 */
export function machineFacts(packages, data = tmpdir()) {
  const fileSystem = statfsSync(data).type;
  return [
    `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    `${type()} ${release().replace(/[-+].*$/, "")}`,
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`,
    `stores on disk on ${fileSystems.get(fileSystem) ?? `file system type 0x${fileSystem.toString(16)}`}`,
    ...packages.map((name) => `${name} ${versionOf(name)}`),
  ];
}

/** @param {string} name */
function versionOf(name) {
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8"));
  return version;
}

/** Processes that wanted a core during the last minute, besides us. */
export function otherWork() {
  return loadavg()[0] ?? 0;
}

/**
 * CPU time that a process has taken, all its threads together, µs.
 * @param {number} pid
 */
export function cpuTime(pid) {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // The thread has ended since.
    }
  }
  return nanoseconds / 1_000;
}
