import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesUnder, root } from "./tree.ts";

const run = promisify(execFile);
const library = join(root, "packages/sojourn");
const manifest = JSON.parse(readFileSync(join(library, "package.json"), "utf8")) as {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
} & Readonly<Record<string, unknown>>;
const entries = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");

function fileOf(entry: string): string {
  return manifest.exports[entry] ?? "";
}

test("each folder of an adapter has its exports line, and each line its file", () => {
  const folders = filesUnder("packages/sojourn/src").flatMap((path) => /\/src\/((?:stores|http)\/[^/]+)\//.exec(path)?.[1] ?? []);
  // What takes another package's place has a name as short as that one's.
  const nameOf = (folder: string): string => (folder === "http/express-session" ? "express-session" : folder);
  const lines = [...new Set(folders)].map((folder) => [`./${nameOf(folder)}`, `./dist/${folder}/${folder.split("/")[1]}.js`]);
  const given = Object.entries(manifest.exports).filter(([, file]) => /^\.\/dist\/(stores|http)\/[^/]+\//.test(file));
  expect(new Set(given.map(String))).toEqual(new Set(lines.map(String)));
  const sources = entries.map((entry) => fileOf(entry).replace("dist/", "src/").replace(/\.js$/, ".ts"));
  expect(sources.filter((source) => !existsSync(join(library, source)))).toEqual([]);
});

test("the library depends on nothing", () => {
  const lists = Object.keys(manifest).filter((key) => /dependenc/i.test(key) && key !== "devDependencies");
  expect(lists).toEqual([]);
});

describe("the packed package, installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-package-"));

  beforeAll(async () => {
    await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: library });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true }));
    await run("npm", ["install", "--offline", "--silent", "--no-audit", "--no-fund", `./sojourn-${manifest.version}.tgz`], { cwd: folder });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(entries)("%s can be imported and required, and gives the same names", async (entry) => {
    const specifier = JSON.stringify(entry === "." ? "sojourn" : `sojourn${entry.slice(1)}`);
    const names = "Object.keys(found).filter((name) => name !== '__esModule' && name !== 'module.exports').sort().join()";
    const imported = await node(["--input-type=module", "-e", `const found = await import(${specifier}); console.log(${names})`]);
    const required = await node(["--input-type=commonjs", "-e", `const found = require(${specifier}); console.log(${names})`]);
    expect(imported).not.toBe("");
    // Of one with a default, `require` gives that.
    expect(required).toBe(imported.replace(/,default,session$/, ""));
  });

  test("./express-session is the function itself to require, as the package that it takes the place of", async () => {
    const code = "const session = require('sojourn/express-session'); console.log(typeof session, typeof session({ secret: 'a' }), typeof session.MemoryStore)";
    expect(await node(["--input-type=commonjs", "-e", code])).toBe("function function function");
  });

  test("it carries its sources and types, and no tests", () => {
    const installed = join(folder, "node_modules/sojourn");
    for (const entry of entries) expect(existsSync(join(installed, fileOf(entry).replace(/\.js$/, ".d.ts"))), entry).toBe(true);
    const shipped = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(shipped.filter((path) => /\.test\.|\.mjs$/.test(path))).toEqual([]);
    expect(shipped).toContain("package.json");
  });

  test("the root entry loads node:crypto and the core, and nothing else", async () => {
    writeFileSync(join(folder, "tell.mjs"), `import { register } from "node:module"; register("./hooks.mjs", import.meta.url);`);
    writeFileSync(
      join(folder, "hooks.mjs"),
      `import { writeSync } from "node:fs";
       export async function resolve(specifier, context, next) { const found = await next(specifier, context); writeSync(1, found.url + "\\n"); return found; }`,
    );
    writeFileSync(join(folder, "user.mjs"), `import "sojourn";`);
    const urls = (await node(["--import", "./tell.mjs", "user.mjs"])).split("\n").filter((url) => !url.endsWith("/user.mjs"));
    expect(urls.length).toBeGreaterThan(1);
    expect(urls.filter((url) => !/\/sojourn\/dist\/(index|core\/.+)\.js$/.test(url) && url !== "node:crypto")).toEqual([]);
  });

  async function node(args: readonly string[]): Promise<string> {
    const { stdout } = await run(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], { cwd: folder });
    return stdout.trim();
  }
});
