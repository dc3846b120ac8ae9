import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./tree.ts";

interface Manifest {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

/** Programs that a reader's machine has or is told to get. */
const programs: ReadonlySet<string> = new Set([
  "curl",
  "kill",
  "export",
  "mkdir",
  "rm",
  "cat",
  "echo",
  "cp",
  "ls",
  "grep",
  "jq",
  "chmod",
  "sleep",
  "openssl",
  "wrk",
  "git",
  "apt-get",
  "chromium",
  "nginx",
  "install",
  "ln",
  "systemctl",
  "systemd-sysusers",
  "docker",
]);

/** Why a documented command cannot work, or undefined. `folder` (from the root) is where the commands before it have gone; the second value is where this one goes. */
export function commandFault(command: string, folder: string): readonly [fault: string | undefined, folder: string] {
  const words = command.split(/\s+/);
  while (/^\w+=/.test(words[0] ?? "") || words[0] === "sudo" || words[0] === "exec") words.splice(0, words[0] === "sudo" && words[1] === "-u" ? 3 : 1);
  const [program = "", first = "", second = ""] = words;
  if (program === "cd") return enter(first, folder);
  const fault = programFault(program, first, second, folder);
  return [fault, folder];
}

function programFault(program: string, first: string, second: string, folder: string): string | undefined {
  if (program === "" || programs.has(program)) return undefined;
  if (program === "npm") return npmFault(first, second, folder);
  if (program === "node") return first.startsWith("-") || existsSync(join(root, folder, first)) ? undefined : `there is no ${join(folder, first)}`;
  const bin = program === "npx" ? first : program;
  if (program === "npx" && existsSync(join(root, "node_modules/.bin", bin))) return undefined;
  const packages = readdirSync(join(root, "packages")).map((name) => manifestOf(join("packages", name)));
  if (packages.some((manifest) => manifest?.bin?.[bin] !== undefined)) return undefined;
  return `${bin} is neither a program that test/commands.ts knows nor one of ours`;
}

function npmFault(verb: string, name: string, folder: string): string | undefined {
  if (["ci", "install", "i", "init", "pack"].includes(verb)) return undefined;
  const script = verb === "run" ? name : verb;
  return manifestOf(folder)?.scripts?.[script] === undefined ? `${join(folder, "package.json")} has no script "${script}"` : undefined;
}

/** `cd sojourn` at the root follows a clone, and stays there. */
function enter(target: string, folder: string): readonly [string | undefined, string] {
  if (folder === "" && target === "sojourn") return [undefined, folder];
  const path = join(folder, target);
  return existsSync(join(root, path)) && statSync(join(root, path)).isDirectory() ? [undefined, path] : [`there is no folder ${path}`, folder];
}

function manifestOf(folder: string): Manifest | undefined {
  const path = join(root, folder, "package.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Manifest) : undefined;
}
