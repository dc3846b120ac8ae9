import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { importsOf } from "../imports.ts";

/** What decides between a package's files in workerd, as the bundlers of Workers have it. */
const conditions: ReadonlySet<string> = new Set(["workerd", "worker", "browser", "import", "default"]);

type Target = string | { readonly [condition: string]: Target };
interface Manifest {
  readonly exports?: Readonly<Record<string, Target>>;
  readonly imports?: Readonly<Record<string, Target>>;
}

/** Files are paths from the project's folder. */
export interface WorkerSettings {
  readonly entry: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** What takes the place of a file. */
  readonly instead?: Readonly<Record<string, string>>;
}

/**
 * A configuration of workerd that serves the entry on a free port of this machine. Its modules are the files as they lie in the project's folder, unchanged.
 * workerd takes every specifier as a path, so for each bare one (`sojourn/http`, `#platform`) there is a module at that path which hands on the file
 * that the package's manifest names.
 */
export function workerConfig(project: string, { entry, compatibilityDate, compatibilityFlags, instead = {} }: WorkerSettings): string {
  const files = new Set([entry]);
  const aliases = new Map<string, string>();
  for (const path of files) {
    for (const specifier of importsOf(readFileSync(join(project, instead[path] ?? path), "utf8"), path)) {
      if (/^\w+:/.test(specifier)) continue;
      const bare = !specifier.startsWith(".");
      const target = bare ? resolved(project, path, specifier) : join(dirname(path), specifier);
      files.add(target);
      if (bare) aliases.set(join(dirname(path), specifier), target);
    }
  }
  const modules = [
    ...[...files].map((path) => `(name = ${JSON.stringify(path)}, esModule = embed ${JSON.stringify(instead[path] ?? path)})`),
    ...[...aliases].map(([path, target]) => `(name = ${JSON.stringify(path)}, esModule = ${JSON.stringify(handsOn(path, target))})`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["local"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  compatibilityDate = ${JSON.stringify(compatibilityDate)},
  compatibilityFlags = ${JSON.stringify(compatibilityFlags)},
  modules = [
    ${modules.join(",\n    ")},
  ],
);
`;
}

function handsOn(path: string, target: string): string {
  return `export * from ${JSON.stringify(relative(dirname(path), target).replace(/^(?!\.)/, "./"))};`;
}

/** The file of a bare specifier: by the `imports` of the package that the importer is in, or by the `exports` of the package that it names. */
function resolved(project: string, importer: string, specifier: string): string {
  const home = specifier.startsWith("#") ? homeOf(project, importer) : join("node_modules", specifier.split("/")[0] ?? "");
  const manifest = JSON.parse(readFileSync(join(project, home, "package.json"), "utf8")) as Manifest;
  const target = specifier.startsWith("#") ? manifest.imports?.[specifier] : manifest.exports?.[`.${specifier.slice(specifier.split("/")[0]?.length)}`];
  const file = target === undefined ? undefined : chosen(target);
  if (file === undefined) throw new Error(`${importer} imports ${specifier}, which ${home}/package.json does not have for workerd.`);
  return join(home, file);
}

function homeOf(project: string, path: string): string {
  let folder = dirname(path);
  while (!existsSync(join(project, folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/** Of conditions the first that is met counts, in the manifest's order. */
function chosen(target: Target): string | undefined {
  if (typeof target === "string") return target;
  for (const [condition, next] of Object.entries(target)) {
    const file = conditions.has(condition) ? chosen(next) : undefined;
    if (file !== undefined) return file;
  }
  return undefined;
}
