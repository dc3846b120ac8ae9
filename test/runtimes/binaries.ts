import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../tree.ts";

const folder = join(root, "test/runtimes");

/** Where the programs lie between runs: `$SOJOURN_CACHE`, else `sojourn` in the user's cache folder. */
function cacheFolder(): string {
  return process.env["SOJOURN_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sojourn");
}

/** The node_modules with the programs of test/runtimes/package.json, or why there are none. */
export type Installed = { readonly modules: string } | { readonly missing: string };

/**
 * Installs the packages of test/runtimes/package-lock.json, unless these programs are there already: about 1 GB, in a folder named after the lockfile. No install
 * script runs. It is made beside its place and then moved there, so that a run that is broken off, or another one at the same time, leaves nothing half done.
 * All packages are optional, so npm says nothing of one that it could not get: whoever wants a program looks whether it is there.
 */
export async function installRuntimes(programs: readonly string[]): Promise<Installed> {
  const lock = readFileSync(join(folder, "package-lock.json"));
  const cache = cacheFolder();
  const place = join(cache, `runtimes-${createHash("sha256").update(lock).digest("hex").slice(0, 12)}`);
  const modules = join(place, "node_modules");
  const whole = (): boolean => programs.every((program) => existsSync(join(modules, program)));
  if (whole()) return { modules };
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(join(cache, "making-"));
  try {
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(folder, file), join(making, file));
    console.log(`Installing Node 20 to 26, Bun, Deno and workerd into ${place}`);
    const failure = await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: making }).then(
      () => undefined,
      (error: unknown) => String(error).trim().slice(-400),
    );
    if (failure !== undefined) return { missing: `npm ci in test/runtimes failed: ${failure}` };
    // Another run may have been quicker.
    if (!whole()) {
      rmSync(place, { recursive: true, force: true });
      renameSync(making, place);
    }
    return { modules };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
