import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../tree.ts";

/** A user's project in a temporary folder: packages/sojourn as it would be published, packed and installed, and the program that the runtimes run. */
export function makeProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-runtimes-"));
  const npm = (args: readonly string[], cwd: string): string => execFileSync("npm", [...args, "--loglevel=error"], { cwd, encoding: "utf8" });
  npm(["pack", "--pack-destination", folder], join(root, "packages/sojourn"));
  const packed = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  npm(["install", "--offline", "--no-audit", "--no-fund", `./${packed}`], folder);
  cpSync(join(root, "test/runtimes/program"), folder, { recursive: true });
  return folder;
}
