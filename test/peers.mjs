// What the tests need beyond npm: programs of the machine, and the packages of folders that are no workspaces.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Each program with the Debian package that has it. */
const programs = [
  { command: "bearerbox", debian: "kannel" },
  { command: "chromium", debian: "chromium" },
  { command: "curl", debian: "curl" },
  { command: "faketime", debian: "faketime" },
  { command: "fcgiwrap", debian: "fcgiwrap" },
  { command: "glusterfs", debian: "glusterfs-client" },
  { command: "glusterfsd", debian: "glusterfs-server" },
  { command: "haproxy", debian: "haproxy" },
  { command: "ip", debian: "iproute2" },
  { command: "mariadbd", debian: "mariadb-server" },
  { command: "nats-server", debian: "nats-server" },
  { command: "nginx", debian: "nginx-light" },
  { command: "openssl", debian: "openssl" },
  { command: "perl", debian: "perl" },
  { command: "pg_ctlcluster", debian: "postgresql" },
  { command: "promtool", debian: "prometheus" },
  { command: "redis-cli", debian: "redis-tools" },
  { command: "redis-server", debian: "redis-server" },
  { command: "strace", debian: "strace" },
  { command: "systemd-analyze", debian: "systemd" },
  { command: "taskset", debian: "util-linux" },
  { command: "wrk", debian: "wrk" },
];

/** @param {string} command */
function onPath(command) {
  return [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin"].some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Installs what is missing where that is ours to do (root on Debian); elsewhere says what would. Tests skip what stays missing. */
export function installPrograms() {
  const missing = programs.filter(({ command }) => !onPath(command)).map(({ debian }) => debian);
  if (missing.length === 0) return;
  const install = ["install", "--yes", "--no-install-recommends", ...missing];
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    console.log(`Some tests will be skipped. They need: sudo apt-get ${install.join(" ")}`);
    return;
  }
  console.log(`Installing what the tests need: ${missing.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], install]) {
    const { status, stdout, stderr } = spawnSync("apt-get", ["-qq", ...args], { env, encoding: "utf8" });
    if (status === 0) continue;
    console.log(`${stdout ?? ""}${stderr ?? ""}apt-get ${args.join(" ")} failed; tests that need it are skipped.`);
    return;
  }
}

/** `npm ci` in each folder that has tests here and whose node_modules is missing or older than its lockfile. */
export function installFolders() {
  for (const folder of [...bench(), ...examples()]) {
    const lock = join(root, folder, "package-lock.json");
    const installed = join(root, folder, "node_modules/.package-lock.json");
    if (!existsSync(lock) || (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs)) continue;
    console.log(`Installing the packages of ${folder}/`);
    const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: join(root, folder), stdio: "inherit" });
    if (status !== 0) console.log(`npm ci in ${folder}/ failed; tests that need it are skipped.`);
  }
}

function bench() {
  if (!existsSync(join(root, "bench"))) return [];
  return readdirSync(join(root, "bench"), { recursive: true, encoding: "utf8" }).some((path) => /^(?!.*node_modules).*\.test\.ts$/.test(path)) ? ["bench"] : [];
}

function examples() {
  return readdirSync(join(root, "examples")).map((name) => `examples/${name}`);
}
