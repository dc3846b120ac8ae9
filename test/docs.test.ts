import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandFault } from "./commands.ts";
import { type Block, blocksOf, commandsOf, isCode, modulesOf, scriptOf } from "./docs.ts";
import { filesUnder, root } from "./tree.ts";

const run = promisify(execFile);
/** Inside the repository, so that `sojourn` and the development dependencies resolve as they do for a user. */
const workshop = join(root, ".doc-blocks");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
/** As a reader's shell has it: a runner that finds itself inside another behaves differently. */
const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_TEST|NODE_ENV|TEST$)/.test(name)));
const shown = new Set(["text", "http", "json", "html", "mermaid", "yaml"]);

const pages = filesUnder()
  .filter((path) => /^README\.md$|^docs\/.*\.md$|^(packages|examples)\/.*README\.md$|^(CONTRIBUTING|SECURITY)\.md$/.test(path))
  .map((path) => {
    const blocks = blocksOf(readFileSync(join(root, path), "utf8"));
    return { path, slug: path.replaceAll(/[/.]/g, "-"), blocks, modules: modulesOf(blocks) };
  });
const modules = pages.flatMap(({ path, slug, modules: ofPage }) => ofPage.map((module) => ({ path, file: join(slug, module.name), ...module })));
const ran = modules.filter(({ onlyChecked }) => onlyChecked === undefined);
const shell = pages.flatMap(({ path, blocks }) =>
  blocks.filter(({ language }) => language === "sh" || language === "console").map((block) => ({ path, ...block })),
);

test("every code block is of a language that is checked here, or is only shown", () => {
  const unknown = pages.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ language }) => !isCode(language) && !shown.has(language) && language !== "sh" && language !== "console")
      .map(({ line, language }) => `${path}:${line} "${language}"`),
  );
  expect(unknown).toEqual([]);
  const total = (some: readonly { readonly blocks: number }[]): number => some.reduce((sum, module) => sum + module.blocks, 0);
  console.log(`Code blocks: ${total(ran)} run, ${total(modules) - total(ran)} type-checked only, ${shell.length} of shell commands.`);
  expect(total(ran)).toBeGreaterThan(0);
});

test("JSON blocks are JSON", () => {
  for (const { path, blocks } of pages)
    for (const { language, code, line } of blocks) if (language === "json") expect(() => JSON.parse(code) as unknown, `${path}:${line}`).not.toThrow();
});

describe("TypeScript and JavaScript", () => {
  let errors: readonly string[] = [];

  beforeAll(async () => {
    rmSync(workshop, { recursive: true, force: true });
    for (const { file, code } of modules) {
      mkdirSync(dirname(join(workshop, file)), { recursive: true });
      writeFileSync(join(workshop, file), code);
    }
    writeFileSync(join(workshop, "package.json"), JSON.stringify({ type: "module" }));
    // Else a runner would look for one further up, and find the repository's.
    writeFileSync(join(workshop, "vitest.config.js"), "export default {};\n");
    const strict = {
      composite: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
    };
    const compilerOptions = { ...strict, noEmitOnError: false, rootDir: ".", outDir: "out", allowJs: true, checkJs: true };
    writeFileSync(join(workshop, "tsconfig.json"), JSON.stringify({ extends: "../tsconfig.base.json", compilerOptions, include: ["*/*"] }));
    const tsc = await run(join(root, "node_modules/.bin/tsc"), ["-p", workshop, "--pretty", "false"], { cwd: workshop }).catch(
      (error: unknown) => error as { stdout: string },
    );
    errors = tsc.stdout.split("\n").filter((line) => line !== "");
  }, 60_000);
  afterAll(() => rmSync(workshop, { recursive: true, force: true }));

  test.each(modules)("$path: $name type-checks", ({ file }) => {
    expect(errors.filter((line) => line.startsWith(file) || !line.includes("/"))).toEqual([]);
  });

  test.each(ran)("$path: $name runs", async ({ file, test: runner }) => {
    const cwd = mkdtempSync(join(tmpdir(), "sojourn-docs-"));
    const made = join(workshop, "out", file.replace(/\.ts$/, ".js"));
    try {
      if (runner === "vitest") {
        const { stdout } = await run(process.execPath, [vitest, "run", "--root", dirname(join(workshop, file)), "--reporter=json", basename(file)], {
          cwd,
          env: outside,
          timeout: 20_000,
        });
        expect((JSON.parse(stdout.slice(stdout.indexOf("{"))) as { numPassedTests: number }).numPassedTests).toBeGreaterThan(0);
      } else if (runner === "node") {
        const { stdout } = await run(process.execPath, ["--test", "--test-reporter=tap", made], { cwd, env: outside, timeout: 15_000 });
        expect(stdout).toMatch(/^# pass [1-9]/m);
      } else await run(process.execPath, [made], { cwd, timeout: 15_000 });
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });
});

describe("shell", () => {
  test.each(shell.filter((block) => !isRun(block)))("$path:$line is commands that exist", (block) => {
    const syntax = spawnSync("bash", ["-n"], { input: scriptOf(block.language, block.code), encoding: "utf8" });
    expect(syntax.stderr).toBe("");
    expect(faultsOf(block)).toEqual([]);
  });

  test.each(shell.filter(isRun))("$path:$line runs", ({ language, code }) => {
    const cwd = mkdtempSync(join(tmpdir(), "sojourn-docs-"));
    const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}` };
    const { status, stderr } = spawnSync("bash", ["-euo", "pipefail"], { cwd, env, input: scriptOf(language, code), encoding: "utf8", timeout: 15_000 });
    rmSync(cwd, { recursive: true });
    expect(status, stderr).toBe(0);
  });
});

function isRun({ words, line }: Block): boolean {
  const other = words.find((word) => word !== "run");
  if (other !== undefined) throw new Error(`Line ${line - 1}: "${other}" is not run, the one word that a block of shell commands takes.`);
  return words.length > 0;
}

function faultsOf(block: Block): readonly string[] {
  let folder = "";
  const faults: string[] = [];
  for (const command of commandsOf(block)) {
    const [fault, next] = commandFault(command, folder);
    if (fault !== undefined) faults.push(`${command}: ${fault}`);
    folder = next;
  }
  return faults;
}

test("a planted block is seen for what it is", () => {
  const page =
    "```ts file=a.ts\nexport const a = 1;\n```\n\n<!--\n```ts\nimport { a } from './a.ts';\n```\n-->\n```ts check=listens\na;\n```\n```ts new\n1;\n```\n```sh\nnpm run nothing # why\ncd nowhere && FOO=1 foo '| bar' \\\n  --x | curl x\n```\n";
  const blocks = blocksOf(page);
  expect(modulesOf(blocks)).toEqual([
    { name: "a.ts", code: "\nexport const a = 1;\n", onlyChecked: "imported", test: undefined, blocks: 1 },
    { name: "part-1.ts", code: "\n\n\n\n\n\nimport { a } from './a.ts';\n\n\n\na;\n", onlyChecked: "listens", test: undefined, blocks: 2 },
    { name: "part-2.ts", code: `${"\n".repeat(13)}1;\n`, onlyChecked: undefined, test: undefined, blocks: 1 },
  ]);
  expect(modulesOf(blocksOf("```ts file=a.test.ts test=vitest\n1;\n```"))).toEqual([
    { name: "a.test.ts", code: "\n1;\n", onlyChecked: undefined, test: "vitest", blocks: 1 },
  ]);
  expect(() => modulesOf(blocksOf("```ts test=node\n1;\n```"))).toThrow("needs a name");
  expect(faultsOf(blocks[4] as Block)).toEqual([
    'npm run nothing: package.json has no script "nothing"',
    "cd nowhere: there is no folder nowhere",
    "FOO=1 foo '' --x: foo is neither a program that test/commands.ts knows nor one of ours",
  ]);
  expect(() => modulesOf(blocksOf("```ts check=lazy\n1;\n```"))).toThrow('"check=lazy" is none of');
  expect(() => blocksOf("```ts\n1;\n")).toThrow("never closed");
});
